import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Table, type TableColumnsType } from "antd";
import type { ReactNode } from "react";
import type { Schema } from "../api/client";
import { overview } from "../api/queries";
import { compact, count, fen, moment, percent } from "../format";
import { useI18n } from "../i18n";
import { Bars } from "../parts/Bars";
import { Card } from "../parts/Card";
import { SpreadChart } from "../parts/SpreadChart";
import { Loaded } from "../parts/State";

type Data = Schema["Overview"];
type ImportRow = Schema["Import"];

export function OverviewPage() {
  const query = useQuery(overview);
  return <Loaded query={query}>{(data) => <Filled data={data} />}</Loaded>;
}

function Filled({ data }: { data: Data }) {
  const { t, pick } = useI18n();
  return (
    <div className="page">
      <header className="page-head">
        <h1>{data.workspace}</h1>
        <Freshness data={data} />
      </header>
      <Stats data={data} />
      {data.snapshot ? (
        <div className="grid-2">
          {data.highlights.map((one, place) => (
            <Card
              key={one.code}
              title={pick(one.name)}
              extra={
                <Link to="/tags/$code" params={{ code: one.code }} className="quiet-link">
                  {t("overview.openTag")}
                </Link>
              }
            >
              <SpreadChart
                spread={one.spread}
                label={pick(one.name)}
                tag={{ code: one.code, type: "enum" }}
                withRing={place === 0 || one.spread.bars.length <= 4}
              />
            </Card>
          ))}
        </div>
      ) : (
        <FirstSteps />
      )}
      <div className="grid-data">
        <Card title={t("overview.imports")} className="wide">
          <Imports data={data} />
        </Card>
        <Card title={t("overview.byReason")}>
          <Reasons data={data} />
        </Card>
        <Card title={t("overview.byKind")}>
          <Kinds data={data} />
        </Card>
      </div>
    </div>
  );
}

function FirstSteps() {
  const { t } = useI18n();
  return (
    <section className="card">
      <p>{t("overview.firstSteps")}</p>
      <pre>zhiyan import FILE...{"\n"}zhiyan compute</pre>
    </section>
  );
}

function Freshness({ data }: { data: Data }) {
  const { t } = useI18n();
  const parts = [
    data.newest_fact_at &&
      `${t("overview.newestFact")} ${moment(data.newest_fact_at, data.offset_minutes)}`,
    data.snapshot && `${t("overview.snapshot")} ${data.snapshot.snapshot_id.slice(0, 12)}`,
    data.snapshot && t("overview.computedIn", { n: data.snapshot.seconds }),
    data.zone,
  ];
  return <p className="quiet">{parts.filter(Boolean).join(" · ")}</p>;
}

function Stat({ label, value, note }: { label: string; value: ReactNode; note: string }) {
  return (
    <div className="stat">
      <dt>{label}</dt>
      <dd className="stat-value">{value}</dd>
      <dd className="stat-note">{note}</dd>
    </div>
  );
}

function sum(rows: ImportRow[], field: "rows_read" | "accepted" | "quarantined"): number {
  return rows.reduce((total, one) => total + one[field], 0);
}

function Stats({ data }: { data: Data }) {
  const { t, lang } = useI18n();
  const n = (value: number) => count(value, lang);
  const events = data.events.reduce((total, one) => total + one.rows, 0);
  const read = sum(data.imports, "rows_read");
  const held = sum(data.imports, "quarantined");
  return (
    <dl className="stats">
      <Stat
        label={t("overview.customers")}
        value={n(data.customers)}
        note={t("overview.parties", { n: n(data.parties) })}
      />
      <Stat
        label={t("overview.events")}
        value={events < 100_000 ? n(events) : compact(events, lang)}
        note={t("overview.kinds", { n: data.events.length })}
      />
      <Stat
        label={t("overview.tags")}
        value={n(data.tags)}
        note={t("overview.segments", { n: data.segments })}
      />
      <Stat
        label={t("overview.imported")}
        value={n(sum(data.imports, "accepted"))}
        note={t("overview.files", { n: data.imports.length })}
      />
      <Stat
        label={t("overview.quarantine")}
        value={n(held)}
        note={t("overview.ofRows", { n: percent(read ? held / read : 0) })}
      />
      <Stat
        label={t("overview.review")}
        value={n(data.conflicts + data.unmapped_items)}
        note={t("overview.reviewParts", { a: n(data.conflicts), b: n(data.unmapped_items) })}
      />
    </dl>
  );
}

function Imports({ data }: { data: Data }) {
  const { t, lang } = useI18n();
  const n = (value: number) => count(value, lang);
  const money = (row: ImportRow) => {
    const off = row.money_in_fen - row.money_stored_fen;
    const said = off === 0 ? t("overview.moneyOk") : `${t("overview.moneyOff")} ${fen(off, lang)}`;
    return <span className={off === 0 ? "good" : "warn"}>{said}</span>;
  };
  const columns: TableColumnsType<ImportRow> = [
    { title: t("overview.file"), dataIndex: "file_name", ellipsis: true, width: "34%" },
    { title: t("overview.source"), dataIndex: "source", ellipsis: true },
    { title: t("overview.read"), dataIndex: "rows_read", align: "right", render: n },
    { title: t("overview.accepted"), dataIndex: "accepted", align: "right", render: n },
    { title: t("overview.duplicates"), dataIndex: "duplicates", align: "right", render: n },
    { title: t("overview.dropped"), dataIndex: "dropped", align: "right", render: n },
    {
      title: t("overview.quarantined"),
      dataIndex: "quarantined",
      align: "right",
      render: (rows: number) => <span className={rows ? "warn" : ""}>{n(rows)}</span>,
    },
    { title: t("overview.money"), key: "money", render: (_, row) => money(row) },
  ];
  return (
    <Table
      size="small"
      rowKey="import_id"
      columns={columns}
      dataSource={data.imports}
      pagination={data.imports.length > 12 ? { pageSize: 12, size: "small" } : false}
      scroll={{ x: 760 }}
      aria-label={t("overview.imports")}
    />
  );
}

function Reasons({ data }: { data: Data }) {
  const { t } = useI18n();
  const total = data.quarantine.reduce((all, one) => all + one.rows, 0);
  if (total === 0) return <p className="quiet">{t("overview.allClear")}</p>;
  const items = data.quarantine.map((one) => ({
    label: one.reason,
    customers: one.rows,
    share: one.rows / total,
  }));
  return <Bars items={items} label={t("overview.byReason")} />;
}

function Kinds({ data }: { data: Data }) {
  const { t, pick } = useI18n();
  const total = Math.max(
    1,
    data.events.reduce((all, one) => all + one.rows, 0),
  );
  const items = data.events.map((one) => ({
    label: pick(one.name),
    customers: one.rows,
    share: one.rows / total,
  }));
  return <Bars items={items} label={t("overview.byKind")} />;
}
