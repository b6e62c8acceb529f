import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Segmented } from "antd";
import { lazy, Suspense, useMemo, useState } from "react";
import type { Schema } from "../api/client";
import { health, overview, tagQuality, tagReaders, tagVersions } from "../api/queries";
import { count, day, percent } from "../format";
import { useI18n } from "../i18n";
import { Card } from "../parts/Card";
import { type Column, Grid } from "../parts/Grid";
import { linesOption } from "../parts/lines";
import { Psi } from "../parts/Psi";
import { Empty, Loaded } from "../parts/State";

type Point = Schema["QualityLine"];
type Version = Schema["VersionLine"];

const Chart = lazy(() => import("../parts/Chart").then((found) => ({ default: found.Chart })));
const STEPS = ["draft", "review", "live", "retired"] as const;
/** Usual levels of the population stability index: drifting, changed. */
const LEVELS = [0.1, 0.25];

/** The life of a tag: where it stands, how it does over snapshots, its versions, who reads it. */
export function TagLife({ code, status }: { code: string; status: string }) {
  return (
    <>
      <Standing code={code} status={status} />
      <Quality code={code} />
      <div className="grid-2">
        <Versions code={code} />
        <ReadBy code={code} />
      </div>
    </>
  );
}

function Standing({ code, status }: { code: string; status: string }) {
  const { t, lang, name } = useI18n();
  const line = useQuery(health).data?.find((one) => one.code === code);
  return (
    <section className="card standing" aria-label={t("life.title")}>
      <ol className="life">
        {STEPS.map((one) => (
          <li key={one} aria-current={one === status ? "step" : undefined}>
            {name("status", one)}
          </li>
        ))}
      </ol>
      {line && (
        <p className="quiet">
          {t("life.psi")} <Psi value={line.psi_previous} /> ·{" "}
          {t("life.uses", { n: count(line.uses, lang) })}
          {line.proposals.length > 0 && (
            <b className="warn">
              {" "}
              · {t("life.propose")}: {line.proposals.map((one) => name("proposal", one)).join("、")}
            </b>
          )}
        </p>
      )}
    </section>
  );
}

function Quality({ code }: { code: string }) {
  const { t } = useI18n();
  const query = useQuery(tagQuality(code));
  const [asTable, setAsTable] = useState(false);
  return (
    <Card
      title={t("life.quality")}
      extra={
        <Segmented
          size="small"
          aria-label={t("common.view")}
          value={asTable ? "table" : "chart"}
          onChange={(value) => setAsTable(value === "table")}
          options={[
            { value: "chart", label: t("common.asChart") },
            { value: "table", label: t("common.asTable") },
          ]}
        />
      }
    >
      <Loaded query={query} rows={6}>
        {(points) => {
          if (points.length === 0) return <Empty text={t("life.noQuality")} />;
          return asTable || points.length < 2 ? (
            <>
              {points.length < 2 && <p className="quiet">{t("life.onePoint")}</p>}
              <PointTable points={points} />
            </>
          ) : (
            <Charts points={points} />
          );
        }}
      </Loaded>
    </Card>
  );
}

function Charts({ points }: { points: Point[] }) {
  const { t } = useI18n();
  const offset = useQuery(overview).data?.offset_minutes ?? 480;
  const [covered, stable] = useMemo(() => {
    const days = points.map((one) => day(one.as_of, offset));
    return [
      linesOption(
        days,
        [{ name: t("tags.coverage"), values: points.map((one) => one.coverage) }],
        { share: true },
      ),
      linesOption(
        days,
        [
          {
            name: `${t("life.psi")} ${t("life.psiPrevious")}`,
            values: points.map((one) => one.psi_previous),
          },
          { name: t("life.psi30"), values: points.map((one) => one.psi_30d) },
        ],
        { marks: LEVELS },
      ),
    ];
  }, [points, offset, t]);
  return (
    <Suspense fallback={<div className="chart" style={{ height: 220 }} />}>
      <div className="grid-data">
        <Chart option={covered} label={`${t("life.quality")} ${t("tags.coverage")}`} height={220} />
        <Chart option={stable} label={`${t("life.quality")} ${t("life.psi")}`} height={220} />
      </div>
    </Suspense>
  );
}

function PointTable({ points }: { points: Point[] }) {
  const { t, lang } = useI18n();
  const offset = useQuery(overview).data?.offset_minutes ?? 480;
  const columns: Column<Point>[] = [
    { key: "day", title: t("life.snapshot"), render: (one) => day(one.as_of, offset) },
    { key: "n", title: t("life.customers"), right: true, render: (one) => count(one.customers, lang) },
    { key: "cover", title: t("tags.coverage"), right: true, render: (one) => percent(one.coverage) },
    {
      key: "age",
      title: t("life.factAge"),
      right: true,
      render: (one) => (one.fact_age_days === null ? "–" : `${one.fact_age_days} ${t("unit.days")}`),
    },
    {
      key: "psi",
      title: `PSI ${t("life.psiPrevious")}`,
      right: true,
      render: (one) => <Psi value={one.psi_previous} />,
    },
    {
      key: "psi30",
      title: `PSI ${t("life.psi30")}`,
      right: true,
      render: (one) => <Psi value={one.psi_30d} />,
    },
    { key: "version", title: t("tags.version"), render: (one) => <code>{one.version.slice(0, 8)}</code> },
  ];
  return (
    <Grid
      columns={columns}
      rows={points.toReversed()}
      rowKey={(one) => one.as_of}
      label={t("life.quality")}
    />
  );
}

function Versions({ code }: { code: string }) {
  const { t } = useI18n();
  const query = useQuery(tagVersions(code));
  return (
    <Card title={t("life.versions")}>
      <Loaded query={query} rows={3}>
        {(versions) =>
          versions.length === 0 ? (
            <Empty text={t("life.noVersions")} />
          ) : (
            <ol className="versions">
              {versions.toReversed().map((one) => (
                <VersionRow key={`${one.fingerprint}${one.first_snapshot}`} version={one} />
              ))}
            </ol>
          )
        }
      </Loaded>
    </Card>
  );
}

function VersionRow({ version }: { version: Version }) {
  const { t, name } = useI18n();
  const offset = useQuery(overview).data?.offset_minutes ?? 480;
  return (
    <li>
      <p>
        <code>{version.fingerprint.slice(0, 12)}</code>{" "}
        <span className="badge">{name("status", version.status)}</span>{" "}
        <span className="quiet">{t("life.since", { day: day(version.first_as_of, offset) })}</span>
      </p>
      {version.changes.length === 0 ? (
        <p className="quiet small">{t("life.firstVersion")}</p>
      ) : (
        <ul className="changes">
          {version.changes.map((one) => (
            <li key={one.part}>
              <span className={`badge change-${one.kind}`}>{name("change", one.kind)}</span>{" "}
              <b>{one.part}</b>
              {one.before !== null && <del>{one.before}</del>}
              {one.after !== null && <ins>{one.after}</ins>}
            </li>
          ))}
        </ul>
      )}
    </li>
  );
}

function ReadBy({ code }: { code: string }) {
  const { t } = useI18n();
  const query = useQuery(tagReaders(code));
  return (
    <Card title={t("life.readers")}>
      <Loaded query={query} rows={3}>
        {(data) =>
          data.direct.length + data.indirect.length === 0 ? (
            <Empty text={t("life.noReaders")} />
          ) : (
            <>
              <Reading title={t("life.direct")} readers={data.direct} names={data.names} />
              <Reading title={t("life.indirect")} readers={data.indirect} names={data.names} />
            </>
          )
        }
      </Loaded>
    </Card>
  );
}

interface ReadingProps {
  title: string;
  readers: string[];
  names: Schema["Readers"]["names"];
}

function Reading({ title, readers, names }: ReadingProps) {
  const { t, pick, name } = useI18n();
  if (readers.length === 0) return null;
  return (
    <>
      <h3>{title}</h3>
      <ul className="readers">
        {readers.map((reader) => {
          const [kind, code] = reader.includes(":") ? reader.split(":", 2) : ["tag", reader];
          const label = names[reader] ? pick(names[reader]) : (code ?? reader);
          return (
            <li key={reader}>
              <span className="badge">{kind === "tag" ? t("reader.tag") : name("reader", kind ?? "")}</span>{" "}
              {kind === "tag" && (
                <Link to="/tags/$code" params={{ code: code ?? "" }} search={(old) => old}>
                  {label}
                </Link>
              )}
              {kind === "segment" && (
                <Link to="/audience" search={{ where: code ?? "" }}>
                  {label}
                </Link>
              )}
              {kind === "action" && (
                <Link to="/queue" search={{ action: code ?? "" }}>
                  {label}
                </Link>
              )}
              {kind === "suppression" && label}
            </li>
          );
        })}
      </ul>
    </>
  );
}
