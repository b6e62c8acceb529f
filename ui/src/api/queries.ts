import { keepPreviousData, QueryClient, queryOptions } from "@tanstack/react-query";
import { ApiError, client, take } from "./client";

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 60_000,
      refetchOnWindowFocus: false,
      retry: (count, error) => count < 1 && !(error instanceof ApiError),
    },
  },
});

export const overview = queryOptions({
  queryKey: ["overview"],
  queryFn: () => take(client.GET("/api/overview")),
});

export const taxonomies = queryOptions({
  queryKey: ["taxonomies"],
  queryFn: () => take(client.GET("/api/taxonomies")),
});

export const segments = queryOptions({
  queryKey: ["segments"],
  queryFn: () => take(client.GET("/api/segments")),
});

export const tagTree = (taxonomy: string | undefined) =>
  queryOptions({
    queryKey: ["tags", taxonomy ?? ""],
    queryFn: () =>
      take(client.GET("/api/tags", { params: { query: taxonomy ? { taxonomy } : {} } })),
    placeholderData: keepPreviousData,
  });

export const tag = (code: string) =>
  queryOptions({
    queryKey: ["tag", code],
    queryFn: () => take(client.GET("/api/tags/{code}", { params: { path: { code } } })),
    placeholderData: keepPreviousData,
  });

export interface CustomerSearch {
  query: string;
  where: string;
  after: string;
}

export const customers = (search: CustomerSearch) =>
  queryOptions({
    queryKey: ["customers", search],
    queryFn: () => take(client.GET("/api/customers", { params: { query: search } })),
    placeholderData: keepPreviousData,
  });

export const customer = (id: string) =>
  queryOptions({
    queryKey: ["customer", id],
    queryFn: () =>
      take(client.GET("/api/customers/{customer_id}", { params: { path: { customer_id: id } } })),
  });

export const evidence = (id: string, code: string) =>
  queryOptions({
    queryKey: ["evidence", id, code],
    queryFn: () =>
      take(
        client.GET("/api/customers/{customer_id}/evidence/{tag}", {
          params: { path: { customer_id: id, tag: code } },
        }),
      ),
  });

export const audience = (where: string) =>
  queryOptions({
    queryKey: ["audience", where],
    queryFn: ({ signal }) => take(client.POST("/api/audience/count", { body: { where }, signal })),
    enabled: where !== "",
  });

export interface QueueSearch {
  clinic?: string;
  owner?: string;
  action?: string;
  held?: boolean;
  limit?: number;
}

export const queue = (search: QueueSearch) =>
  queryOptions({
    queryKey: ["queue", search],
    queryFn: () => take(client.GET("/api/queue", { params: { query: search } })),
    placeholderData: keepPreviousData,
  });

export const queueOf = (id: string, held: boolean) =>
  queryOptions({
    queryKey: ["queueOf", id, held],
    queryFn: () => take(client.GET("/api/queue", { params: { query: { customer: id, held } } })),
  });

export const queueChoices = queryOptions({
  queryKey: ["queueChoices"],
  queryFn: () => take(client.GET("/api/queue/choices")),
});

export const sensitivity = (search: Pick<QueueSearch, "clinic" | "owner" | "action">) =>
  queryOptions({
    queryKey: ["sensitivity", search],
    queryFn: () =>
      take(client.GET("/api/queue/sensitivity", { params: { query: { ...search, size: 50 } } })),
  });

export const customerHistory = (id: string) =>
  queryOptions({
    queryKey: ["history", id],
    queryFn: () =>
      take(
        client.GET("/api/customers/{customer_id}/history", {
          params: { path: { customer_id: id } },
        }),
      ),
  });

export const entered = (id: string) =>
  queryOptions({
    queryKey: ["entered", id],
    queryFn: () =>
      take(
        client.GET("/api/customers/{customer_id}/entered", {
          params: { path: { customer_id: id } },
        }),
      ),
  });

export const snapshots = queryOptions({
  queryKey: ["snapshots"],
  queryFn: () => take(client.GET("/api/snapshots")),
});

export interface Span {
  first: string;
  last: string;
}

export const movements = (where: string, span: Span) =>
  queryOptions({
    queryKey: ["movements", where, span],
    queryFn: () =>
      take(client.GET("/api/movements", { params: { query: { where, ...span, limit: 10_000 } } })),
    enabled: where !== "" && span.first < span.last,
    placeholderData: keepPreviousData,
  });

export const migration = (code: string, span: Span) =>
  queryOptions({
    queryKey: ["migration", code, span],
    queryFn: () =>
      take(client.GET("/api/migration", { params: { query: { tag: code, ...span } } })),
    enabled: code !== "" && span.first < span.last,
    placeholderData: keepPreviousData,
  });

export const tagVersions = (code: string) =>
  queryOptions({
    queryKey: ["versions", code],
    queryFn: () => take(client.GET("/api/tags/{code}/versions", { params: { path: { code } } })),
  });

export const tagReaders = (code: string) =>
  queryOptions({
    queryKey: ["readers", code],
    queryFn: () => take(client.GET("/api/tags/{code}/readers", { params: { path: { code } } })),
  });

export const tagQuality = (code: string) =>
  queryOptions({
    queryKey: ["quality", code],
    queryFn: () => take(client.GET("/api/tags/{code}/quality", { params: { path: { code } } })),
  });

export const health = queryOptions({
  queryKey: ["health"],
  queryFn: () => take(client.GET("/api/health/tags")),
});

export const shelved = queryOptions({
  queryKey: ["shelved"],
  queryFn: () => take(client.GET("/api/health/shelved")),
});
