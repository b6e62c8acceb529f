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
