import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Select } from "antd";
import type { Schema } from "../api/client";
import { overview, segments, snapshots, tagTree } from "../api/queries";
import { day } from "../format";
import { useI18n } from "../i18n";
import { Card } from "../parts/Card";
import { Empty, Loaded } from "../parts/State";
import type { MovementsPlace } from "../router";
import { everyTag } from "./expressions";
import { InOut } from "./InOut";
import { MigrationMatrix } from "./MigrationMatrix";

type Snapshot = Schema["Snapshot"];

/** Segments and tags that show best how a base moves; the first that there is. */
const WORTH = ["silent_win_back", "second_purchase"];
const TELLING = ["lifecycle_stage", "customer_value_level", "rfm_segment", "customer_status"];

export function MovementsPage() {
  const { t } = useI18n();
  const query = useQuery(snapshots);
  return (
    <div className="page">
      <header className="page-head">
        <h1>{t("move.title")}</h1>
        <p className="quiet">{t("move.lead")}</p>
      </header>
      <Loaded query={query} rows={10}>
        {(found) => {
          const days = daysOf(found);
          return days.length < 2 ? (
            <section className="card">
              <Empty text={t("move.twoNeeded")} hint={t("move.twoHint")} />
            </section>
          ) : (
            <Filled days={days} />
          );
        }}
      </Loaded>
    </div>
  );
}

/** The as-ofs of the snapshots, each once, oldest first. */
function daysOf(found: Snapshot[]): string[] {
  return [...new Set(found.map((one) => one.as_of))].toSorted();
}

function Filled({ days }: { days: string[] }) {
  const place = useSearch({ from: "/movements" });
  const navigate = useNavigate();
  const { t, pick } = useI18n();
  const offset = useQuery(overview).data?.offset_minutes ?? 480;
  const known = useQuery(segments);
  const tree = useQuery({ ...tagTree(undefined), placeholderData: keepPreviousData });
  const last = days.find((one) => one === place.last) ?? days.at(-1)!;
  const first = days.find((one) => one === place.first) ?? days[0]!;
  const go = (change: MovementsPlace) =>
    void navigate({ to: "/movements", search: { ...place, ...change } });
  const choices = days.map((one) => ({ value: one, label: day(one, offset) }));
  const closed = everyTag(tree.data?.groups ?? []).filter(
    (one) => one.type === "enum" || one.type === "bool",
  );
  const telling = TELLING.find((code) => closed.some((one) => one.code === code));
  const tag = place.tag ?? telling ?? closed[0]?.code ?? "";
  const worth = WORTH.find((code) => known.data?.some((one) => one.code === code));
  const where = place.where ?? worth ?? known.data?.[0]?.code ?? "";
  return (
    <>
      <div className="filters card" role="search">
        <label>
          <span className="quiet">{t("move.from")}</span>
          <Select
            aria-label={t("move.from")}
            value={first}
            options={choices.slice(0, -1)}
            onChange={(value) => go({ first: value })}
          />
        </label>
        <label>
          <span className="quiet">{t("move.to")}</span>
          <Select
            aria-label={t("move.to")}
            value={last}
            options={choices.slice(1)}
            onChange={(value) => go({ last: value })}
          />
        </label>
      </div>
      {first >= last ? (
        <section className="card">
          <Empty text={t("move.order")} />
        </section>
      ) : (
        <>
          <InOut
            where={where}
            segments={known.data ?? []}
            span={{ first, last }}
            onWhere={(value) => go({ where: value })}
          />
          <Card
            title={t("move.matrix")}
            extra={
              <Select
                showSearch={{ optionFilterProp: "label" }}
                className="tag-choice"
                aria-label={t("move.tag")}
                value={tag || null}
                onChange={(value) => go({ tag: value ?? "" })}
                options={closed.map((one) => ({ value: one.code, label: pick(one.name) }))}
              />
            }
          >
            <MigrationMatrix code={tag} span={{ first, last }} />
          </Card>
        </>
      )}
    </>
  );
}
