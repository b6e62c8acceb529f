import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
} from "@tanstack/react-router";
import * as queries from "./api/queries";
import { useI18n } from "./i18n";
import { Shell } from "./parts/Shell";
import { Empty } from "./parts/State";

const fetch = queries.queryClient;

function NotFound() {
  const { t } = useI18n();
  return <Empty text={t("state.notFound")} />;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });

const overview = createRoute({
  getParentRoute: () => root,
  path: "/",
  loader: () => void fetch.prefetchQuery(queries.overview),
  component: lazyRouteComponent(() => import("./pages/Overview"), "OverviewPage"),
});

interface TaxonomySearch {
  taxonomy?: string;
}

const tags = createRoute({
  getParentRoute: () => root,
  path: "/tags",
  validateSearch: (search: Record<string, unknown>): TaxonomySearch =>
    search["taxonomy"] ? { taxonomy: text(search["taxonomy"]) } : {},
  loader: () => void fetch.prefetchQuery(queries.taxonomies),
  component: lazyRouteComponent(() => import("./pages/Tags"), "TagsPage"),
});

const tag = createRoute({
  getParentRoute: () => tags,
  path: "$code",
  loader: ({ params }) => void fetch.prefetchQuery(queries.tag(params.code)),
  component: lazyRouteComponent(() => import("./pages/Tag"), "TagPage"),
});

interface WhereSearch {
  where?: string;
}

function whereOf(search: Record<string, unknown>): WhereSearch {
  return search["where"] ? { where: text(search["where"]) } : {};
}

const customers = createRoute({
  getParentRoute: () => root,
  path: "/customers",
  validateSearch: whereOf,
  component: lazyRouteComponent(() => import("./pages/Customers"), "CustomersPage"),
});

const customer = createRoute({
  getParentRoute: () => root,
  path: "/customers/$id",
  loader: ({ params }) => void fetch.prefetchQuery(queries.customer(params.id)),
  component: lazyRouteComponent(() => import("./pages/Customer"), "CustomerPage"),
});

const audience = createRoute({
  getParentRoute: () => root,
  path: "/audience",
  validateSearch: whereOf,
  loader: () => void fetch.prefetchQuery(queries.segments),
  component: lazyRouteComponent(() => import("./pages/Audience"), "AudiencePage"),
});

export const router = createRouter({
  routeTree: root.addChildren([
    overview,
    tags.addChildren([tag]),
    customers,
    customer,
    audience,
  ]),
  defaultPreload: "intent",
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
