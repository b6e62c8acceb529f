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

/** The views of one customer; the first is the one without a mention in the address. */
export const VIEWS = ["tags", "queue", "history", "entered"] as const;
export type View = (typeof VIEWS)[number];

const customer = createRoute({
  getParentRoute: () => root,
  path: "/customers/$id",
  validateSearch: (search: Record<string, unknown>): { view?: View } => {
    const view = VIEWS.find((one) => one === search["view"]);
    return view && view !== VIEWS[0] ? { view } : {};
  },
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

export interface QueuePlace {
  clinic?: string;
  owner?: string;
  action?: string;
  view?: "held" | "weights";
}

const queue = createRoute({
  getParentRoute: () => root,
  path: "/queue",
  validateSearch: (search: Record<string, unknown>): QueuePlace => ({
    ...(search["clinic"] ? { clinic: text(search["clinic"]) } : {}),
    ...(search["owner"] ? { owner: text(search["owner"]) } : {}),
    ...(search["action"] ? { action: text(search["action"]) } : {}),
    ...(search["view"] === "held" || search["view"] === "weights" ? { view: search["view"] } : {}),
  }),
  loader: () => void fetch.prefetchQuery(queries.queueChoices),
  component: lazyRouteComponent(() => import("./pages/Queue"), "QueuePage"),
});

export interface MovementsPlace {
  where?: string;
  tag?: string;
  first?: string;
  last?: string;
}

const movements = createRoute({
  getParentRoute: () => root,
  path: "/movements",
  validateSearch: (search: Record<string, unknown>): MovementsPlace => ({
    ...(search["where"] ? { where: text(search["where"]) } : {}),
    ...(search["tag"] ? { tag: text(search["tag"]) } : {}),
    ...(search["first"] ? { first: text(search["first"]) } : {}),
    ...(search["last"] ? { last: text(search["last"]) } : {}),
  }),
  loader: () => void fetch.prefetchQuery(queries.snapshots),
  component: lazyRouteComponent(() => import("./pages/Movements"), "MovementsPage"),
});

export const router = createRouter({
  routeTree: root.addChildren([
    overview,
    tags.addChildren([tag]),
    customers,
    customer,
    audience,
    queue,
    movements,
  ]),
  defaultPreload: "intent",
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
