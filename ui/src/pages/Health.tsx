import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Button } from "antd";
import { useState } from "react";
import type { Schema } from "../api/client";
import { health, shelved } from "../api/queries";
import { count, percent } from "../format";
import { useI18n } from "../i18n";
import { Card } from "../parts/Card";
import { type Column, Grid } from "../parts/Grid";
import { Psi, psiLevel } from "../parts/Psi";
import { Empty, Loaded } from "../parts/State";

type Line = Schema["HealthLine"];
type Shelved = Schema["Shelved"];

const FILTERS: Record<"all" | "propose" | "drift" | "stale", (one: Line) => boolean> = {
  all: () => true,
  propose: (one) => one.proposals.length > 0,
  drift: (one) => [one.psi_previous, one.psi_30d].some((psi) => psi !== null && psiLevel(psi) !== "stable"),
  stale: (one) => one.stale,
};
type Filter = keyof typeof FILTERS;
/** Tags shown before one asks for all. */
const FIRST = 30;

/** How every tag does, those to look at first: the page of the catalogue before a tag is chosen. */
export function HealthBoard() {
  const { t } = useI18n();
  const query = useQuery(health);
  return (
    <div className="stack">
      <Card title={t("health.title")}>
        <p className="quiet small">
          {t("health.lead")} · {t("health.pick")}
        </p>
        <Loaded query={query} rows={12}>
          {(lines) => <Filled lines={lines} />}
        </Loaded>
      </Card>
      <NotLive />
    </div>
  );
}

function Filled({ lines }: { lines: Line[] }) {
  const { t, lang, pick, name } = useI18n();
  const [filter, setFilter] = useState<Filter>("all");
  const [all, setAll] = useState(false);
  const found = lines.filter(FILTERS[filter]);
  const columns: Column<Line>[] = [
    {
      key: "tag",
      title: t("health.tag"),
      render: (one) => (
        <Link to="/tags/$code" params={{ code: one.code }} search={(old) => old}>
          {pick(one.name)}
        </Link>
      ),
    },
    { key: "cover", title: t("health.coverage"), right: true, render: (one) => percent(one.coverage) },
    {
      key: "age",
      title: t("health.age"),
      right: true,
      render: (one) =>
        one.fact_age_days === null ? (
          <span className="quiet">–</span>
        ) : (
          <span className={one.stale ? "warn" : ""}>
            {one.fact_age_days} {t("unit.days")}
          </span>
        ),
    },
    { key: "psi", title: t("health.psi"), right: true, render: (one) => <Psi value={one.psi_previous} /> },
    { key: "psi30", title: t("health.psi30"), right: true, render: (one) => <Psi value={one.psi_30d} /> },
    { key: "uses", title: t("health.uses"), right: true, render: (one) => count(one.uses, lang) },
    { key: "readers", title: t("health.readers"), right: true, render: (one) => count(one.readers, lang) },
    {
      key: "note",
      title: t("health.note"),
      render: (one) => (
        <>
          {one.proposals.map((reason) => (
            <span key={reason} className="badge badge-S3">
              {t("life.propose")}: {name("proposal", reason)}
            </span>
          ))}
          {one.stale && <span className="badge badge-S3">{t("tags.stale")}</span>}
        </>
      ),
    },
  ];
  return (
    <>
      <div className="chips" role="group" aria-label={t("health.note")}>
        {(Object.keys(FILTERS) as Filter[]).map((one) => (
          <button
            key={one}
            type="button"
            aria-pressed={one === filter}
            className={one === filter ? "chip chip-on" : "chip"}
            onClick={() => setFilter(one)}
          >
            {t(`health.${one}`)} <small>{lines.filter(FILTERS[one]).length}</small>
          </button>
        ))}
      </div>
      {found.length === 0 ? (
        <Empty text={t("health.none")} />
      ) : (
        <div className="health">
          <Grid
            columns={columns}
            rows={all ? found : found.slice(0, FIRST)}
            rowKey={(one) => one.code}
            label={t("health.title")}
          />
        </div>
      )}
      {found.length > FIRST && (
        <Button size="small" type="text" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? t("common.fewer") : t("common.all", { n: found.length })}
        </Button>
      )}
    </>
  );
}

function NotLive() {
  const { t, pick, name } = useI18n();
  const { data } = useQuery(shelved);
  if (!data || data.length === 0) return null;
  const columns: Column<Shelved>[] = [
    {
      key: "tag",
      title: t("health.tag"),
      render: (one) => (
        <>
          {pick(one.name)} <code className="quiet">{one.code}</code>
        </>
      ),
    },
    { key: "status", title: t("life.status"), render: (one) => <span className="badge">{name("status", one.status)}</span> },
    { key: "owner", title: t("tags.owner"), render: (one) => name("role", one.owner) },
    { key: "readers", title: t("health.readers"), right: true, render: (one) => one.readers },
  ];
  return (
    <Card title={t("health.shelved")} extra={<small className="quiet">{data.length}</small>}>
      <Grid columns={columns} rows={data} rowKey={(one) => one.code} label={t("health.shelved")} />
    </Card>
  );
}
