import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Button } from "antd";
import { type ReactNode, useState } from "react";
import type { Schema } from "../api/client";
import { overview } from "../api/queries";
import { compact, count, fen, moment, percent } from "../format";
import { useI18n } from "../i18n";
import { Bars } from "../parts/Bars";
import { Card } from "../parts/Card";
import { type Column, Grid } from "../parts/Grid";
import { SpreadChart } from "../parts/SpreadChart";
import { Loaded } from "../parts/State";

type Data = Schema["Overview"];
type ImportRow = Schema["Import"];

/** Imports shown before one asks for all. */
const FIRST = 10;

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
        <div className="grid-tiers">
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
    data.snapshot && t("overview.computedIn", { n: data.snapshot.seconds.toFixed(1) }),
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
  const [all, setAll] = useState(false);
  const n = (value: number) => count(value, lang);
  const money = (row: ImportRow) => {
    const off = row.money_in_fen - row.money_stored_fen;
    const said = off === 0 ? t("overview.moneyOk") : `${t("overview.moneyOff")} ${fen(off, lang)}`;
    return <span className={off === 0 ? "good" : "warn"}>{said}</span>;
  };
  const rows = (field: keyof ImportRow, title: string): Column<ImportRow> => ({
    key: field,
    title,
    right: true,
    render: (row) => n(Number(row[field])),
  });
  const columns: Column<ImportRow>[] = [
    { key: "file", title: t("overview.file"), render: (row) => row.file_name },
    { key: "source", title: t("overview.source"), render: (row) => row.source },
    rows("rows_read", t("overview.read")),
    rows("accepted", t("overview.accepted")),
    rows("duplicates", t("overview.duplicates")),
    rows("dropped", t("overview.dropped")),
    {
      key: "quarantined",
      title: t("overview.quarantined"),
      right: true,
      render: (row) => <span className={row.quarantined ? "warn" : ""}>{n(row.quarantined)}</span>,
    },
    { key: "money", title: t("overview.money"), render: money },
  ];
  return (
    <>
      <Grid
        rowKey={(row) => row.import_id}
        columns={columns}
        rows={all ? data.imports : data.imports.slice(0, FIRST)}
        label={t("overview.imports")}
      />
      {data.imports.length > FIRST && (
        <p className="pager">
          <Button size="small" onClick={() => setAll(!all)} aria-expanded={all}>
            {all ? t("overview.fewer") : t("overview.every", { n: data.imports.length })}
          </Button>
        </p>
      )}
    </>
  );
}

function Reasons({ data }: { data: Data }) {
  const { t, name } = useI18n();
  const total = data.quarantine.reduce((all, one) => all + one.rows, 0);
  if (total === 0) return <p className="quiet">{t("overview.allClear")}</p>;
  const items = data.quarantine.map((one) => ({
    label: name("reason", one.reason),
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
