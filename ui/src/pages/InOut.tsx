import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Button, Input, Segmented, Select } from "antd";
import { lazy, Suspense, useMemo, useState } from "react";
import type { Schema } from "../api/client";
import { movements, overview, type Span } from "../api/queries";
import { count, day } from "../format";
import { useI18n } from "../i18n";
import { Card } from "../parts/Card";
import { type Column, Grid } from "../parts/Grid";
import { inOutOption } from "../parts/lines";
import { type Cause, causesOf, type Mover, moversOf } from "../parts/moves";
import { Empty, Failed, Loaded } from "../parts/State";

type Data = Schema["Movements"];
type Period = Schema["Period"];
type Segment = Schema["Segment"];

const Chart = lazy(() => import("../parts/Chart").then((found) => ({ default: found.Chart })));
/** Customers listed at once. */
const SHOWN = 10;
/** Customers added each time. */
const MORE = 50;

interface Props {
  where: string;
  segments: Segment[];
  span: Span;
  onWhere: (where: string) => void;
}

/** The movements of one audience between two days: by step, by reason, by customer. */
export function InOut({ where, segments, span, onWhere }: Props) {
  const { t, pick } = useI18n();
  const query = useQuery(movements(where, span));
  const chosen = segments.find((one) => one.code === where);
  return (
    <Card title={t("move.inOut")} className="in-out">
      <div className="where">
        <Select
          aria-label={t("move.audience")}
          className="tag-choice"
          value={chosen?.code ?? null}
          placeholder={t("move.audience")}
          onChange={(code) => onWhere(code ?? "")}
          options={segments.map((one) => ({ value: one.code, label: pick(one.name) }))}
        />
        <Expression key={where} start={chosen ? chosen.expression : where} onApply={onWhere} />
      </div>
      {chosen && <p className="quiet small">{pick(chosen.words)}</p>}
      {where === "" ? (
        <Empty text={t("audience.start")} />
      ) : query.error && query.data ? (
        <Failed error={query.error} />
      ) : (
        <Loaded query={query} rows={10}>
          {(data) => <Filled data={data} busy={query.isFetching} />}
        </Loaded>
      )}
    </Card>
  );
}

function Expression({ start, onApply }: { start: string; onApply: (where: string) => void }) {
  const { t } = useI18n();
  const [typed, setTyped] = useState(start);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (typed.trim()) onApply(typed.trim());
      }}
    >
      <Input
        className="mono"
        spellCheck={false}
        aria-label={t("move.expression")}
        placeholder={t("move.expression")}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
      <Button htmlType="submit">{t("move.apply")}</Button>
    </form>
  );
}

function Filled({ data, busy }: { data: Data; busy: boolean }) {
  const { t, lang } = useI18n();
  const offset = useQuery(overview).data?.offset_minutes ?? 480;
  const [step, setStep] = useState<string | null>(null);
  const steps = data.periods.slice(1);
  const at = steps.some((one) => one.as_of === step) ? step : null;
  const option = useMemo(
    () =>
      inOutOption(
        data.periods.map((one) => ({ ...one, day: day(one.as_of, offset) })),
        { size: t("move.size"), entered: t("move.entered"), left: t("move.left") },
      ),
    [data, offset, t],
  );
  const n = (value: number) => count(value, lang);
  const first = (one: Period) => one === data.periods[0];
  const columns: Column<Period>[] = [
    { key: "day", title: t("move.asOf"), render: (one) => day(one.as_of, offset) },
    { key: "size", title: t("move.size"), right: true, render: (one) => <b>{n(one.size)}</b> },
    {
      key: "entered",
      title: t("move.entered"),
      right: true,
      render: (one) => (first(one) ? "–" : <span className="good">+{n(one.entered)}</span>),
    },
    {
      key: "left",
      title: t("move.left"),
      right: true,
      render: (one) => (first(one) ? "–" : <span className="gone">−{n(one.left)}</span>),
    },
    {
      key: "net",
      title: t("move.net"),
      right: true,
      render: (one) => {
        const net = one.entered - one.left;
        if (first(one)) return "–";
        return net > 0 ? `+${n(net)}` : net < 0 ? `−${n(-net)}` : "0";
      },
    },
  ];
  return (
    <div className={busy ? "busy-block" : ""}>
      <div className="grid-data">
        <Suspense fallback={<div className="chart" style={{ height: 240 }} />}>
          <Chart option={option} label={t("move.inOut")} height={240} />
        </Suspense>
        <Grid columns={columns} rows={data.periods} rowKey={(one) => one.as_of} label={t("move.inOut")} />
      </div>
      {steps.length > 1 && (
        <div className="steps">
          <span className="quiet">{t("move.step")}</span>
          <Select
            aria-label={t("move.step")}
            value={at ?? ""}
            onChange={(value) => setStep(value || null)}
            options={[
              { value: "", label: t("move.everyStep") },
              ...steps.map((one, place) => ({
                value: one.as_of,
                label: `${day(data.periods[place]!.as_of, offset)} → ${day(one.as_of, offset)}`,
              })),
            ]}
          />
        </div>
      )}
      <Why data={data} step={at} />
      <Movers data={data} step={at} />
    </div>
  );
}

function Why({ data, step }: { data: Data; step: string | null }) {
  const { t } = useI18n();
  const causes = causesOf(data.reasons, step);
  return (
    <section>
      <h3>
        {t("move.reasons")} <small>{t("move.reasonsNote")}</small>
      </h3>
      {causes.length === 0 ? (
        <p className="quiet">{t("move.noMoves")}</p>
      ) : (
        <div className="grid-data">
          {(["entered", "left"] as const).map((change) => (
            <Causes
              key={change}
              title={t(`move.${change}`)}
              causes={causes.filter((one) => one.change === change)}
            />
          ))}
        </div>
      )}
    </section>
  );
}

function Causes({ title, causes }: { title: string; causes: Cause[] }) {
  const { t, lang } = useI18n();
  const most = Math.max(1, ...causes.map((one) => one.customers));
  return (
    <div className="causes">
      <h4>{title}</h4>
      {causes.length === 0 && <p className="quiet">{t("move.noMoves")}</p>}
      <ul>
        {causes.slice(0, 8).map((one) => (
          <li key={`${one.tag}${one.before.zh}${one.after.zh}`}>
            <span>
              <CauseText cause={one} />
            </span>
            <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden>
              <rect width="100" height="6" className="bars-back" />
              <rect width={(one.customers / most) * 100} height="6" className={`cause-${one.change}`} />
            </svg>
            <b>{count(one.customers, lang)}</b>
          </li>
        ))}
      </ul>
    </div>
  );
}

function CauseText({ cause }: { cause: Pick<Cause, "tag" | "name" | "before" | "after"> }) {
  const { t, pick } = useI18n();
  if (cause.tag === null || cause.name === null) return <>{t("move.clock")}</>;
  return (
    <>
      <span className="quiet">{pick(cause.name)}</span> {pick(cause.before)} →{" "}
      <b>{pick(cause.after)}</b>
    </>
  );
}

function Movers({ data, step }: { data: Data; step: string | null }) {
  const { t, lang } = useI18n();
  const offset = useQuery(overview).data?.offset_minutes ?? 480;
  const [change, setChange] = useState("entered");
  const [shown, setShown] = useState(SHOWN);
  const all = useMemo(() => moversOf(data.moves), [data]);
  const movers = all.filter((one) => one.change === change && (!step || one.asOf === step));
  const columns: Column<Mover>[] = [
    {
      key: "customer",
      title: t("move.customer"),
      render: (one) => (
        <Link to="/customers/$id" params={{ id: one.customer }} search={{ view: "history" }} className="mono">
          {one.customer}
        </Link>
      ),
    },
    { key: "day", title: t("move.asOf"), render: (one) => day(one.asOf, offset) },
    {
      key: "why",
      title: t("move.reasons"),
      render: (one) => (
        <span className="mover-why">
          {one.reasons.map((why) => (
            <span key={why.tag ?? ""}>
              <CauseText cause={why} />
            </span>
          ))}
        </span>
      ),
    },
  ];
  return (
    <section>
      <div className="row-between">
        <h3>{t("move.movers")}</h3>
        <Segmented
          size="small"
          aria-label={t("move.change")}
          value={change}
          onChange={(value) => {
            setChange(String(value));
            setShown(SHOWN);
          }}
          options={[
            { value: "entered", label: t("move.entered") },
            { value: "left", label: t("move.left") },
          ]}
        />
      </div>
      {movers.length === 0 ? (
        <Empty text={t("move.noMoves")} />
      ) : (
        <Grid
          columns={columns}
          rows={movers.slice(0, shown)}
          rowKey={(one) => `${one.asOf}${one.customer}`}
          label={t("move.movers")}
        />
      )}
      {movers.length > shown && (
        <p className="pager">
          <span className="quiet">
            {t("move.shownOf", { n: count(movers.length, lang), m: count(shown, lang) })}
          </span>
          <Button size="small" onClick={() => setShown(shown + MORE)}>
            {t("queue.more", { n: Math.min(MORE, movers.length - shown) })}
          </Button>
        </p>
      )}
    </section>
  );
}
