import { SearchOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Button, Input } from "antd";
import { useState } from "react";
import type { Schema } from "../api/client";
import { customers, overview } from "../api/queries";
import { count, day } from "../format";
import { useI18n } from "../i18n";
import { type Column, Grid } from "../parts/Grid";
import { Empty, Loaded } from "../parts/State";

type Page = Schema["CustomerPage"];
type Line = Schema["CustomerLine"];

export function CustomersPage() {
  const { where } = useSearch({ from: "/customers" });
  return <List key={where ?? ""} where={where ?? ""} />;
}

/** The list; what is searched stays out of the address, since it may be a phone number. */
function List({ where }: { where: string }) {
  const { t, lang } = useI18n();
  const navigate = useNavigate();
  const [typed, setTyped] = useState("");
  const [search, setSearch] = useState({ query: "", after: "" });
  const query = useQuery(customers({ ...search, where }));
  const find = (text: string) => setSearch({ query: text.trim(), after: "" });
  return (
    <div className="page">
      <header className="page-head">
        <h1>{t("customers.title")}</h1>
        {query.data?.total != null && (
          <p className="quiet" role="status">
            {t("customers.total", { n: count(query.data.total, lang) })}
          </p>
        )}
      </header>
      <section className="card" aria-label={t("customers.list")}>
        <form
          className="search"
          role="search"
          onSubmit={(event) => {
            event.preventDefault();
            find(typed);
          }}
        >
          <Input
            allowClear
            autoComplete="off"
            prefix={<SearchOutlined aria-hidden />}
            placeholder={t("customers.search")}
            aria-label={t("customers.search")}
            value={typed}
            onChange={(event) => {
              setTyped(event.target.value);
              if (event.target.value === "") find("");
            }}
          />
          <Button type="primary" htmlType="submit">
            {t("customers.find")}
          </Button>
          <small className="quiet">{t("customers.searchHint")}</small>
        </form>
        {where && (
          <p className="condition">
            {t("customers.filtered")} <code>{where}</code>{" "}
            <Button size="small" onClick={() => void navigate({ to: "/customers" })}>
              {t("customers.clear")}
            </Button>
          </p>
        )}
        <Loaded query={query} rows={12}>
          {(page) =>
            page.customers.length === 0 ? (
              <Empty text={t("customers.none")} />
            ) : (
              <Rows page={page} loading={query.isFetching} />
            )
          }
        </Loaded>
        <div className="pager">
          {search.after && (
            <Button onClick={() => setSearch({ ...search, after: "" })}>{t("common.first")}</Button>
          )}
          {query.data?.next && (
            <Button onClick={() => setSearch({ ...search, after: query.data?.next ?? "" })}>
              {t("common.more")}
            </Button>
          )}
        </div>
      </section>
    </div>
  );
}

function Rows({ page, loading }: { page: Page; loading: boolean }) {
  const { t, pick } = useI18n();
  const { data } = useQuery(overview);
  const columns: Column<Line>[] = [
    {
      key: "id",
      title: t("customers.id"),
      render: ({ id }) => (
        <Link to="/customers/$id" params={{ id }} className="mono">
          {id}
        </Link>
      ),
    },
    ...page.columns.map((one): Column<Line> => {
      const numbers = page.customers.every((line) => isNumber(line.tags[one.code]?.value));
      return {
        key: one.code,
        title: pick(one.name),
        right: numbers,
        render: (line) => {
          const shown = line.tags[one.code];
          if (!shown) return null;
          return <span className={shown.value === null ? "unknown" : ""}>{pick(shown)}</span>;
        },
      };
    }),
    {
      key: "first_seen",
      title: t("customers.firstSeen"),
      right: true,
      render: (line) => day(line.first_seen, data?.offset_minutes ?? 480),
    },
  ];
  return (
    <Grid
      rowKey={(line) => line.id}
      columns={columns}
      rows={page.customers}
      busy={loading}
      label={t("customers.list")}
    />
  );
}

function isNumber(value: unknown): boolean {
  return value === null || typeof value === "number";
}
