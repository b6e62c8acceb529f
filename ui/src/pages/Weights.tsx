import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Schema } from "../api/client";
import { queueChoices, sensitivity } from "../api/queries";
import { useI18n } from "../i18n";
import { Card } from "../parts/Card";
import { type Column, Grid } from "../parts/Grid";
import { Empty, Loaded } from "../parts/State";
import { relative, weight } from "../parts/terms";

type Data = Schema["QueueSensitivity"];
type Line = Schema["WeightLine"];
type Step = Schema["Step"];

interface Props {
  narrow: { clinic?: string; owner?: string; action?: string };
}

/** What a change of each weight does to the head of the queue, for whoever sets the weights. */
export function Weights({ narrow }: Props) {
  const { t } = useI18n();
  const query = useQuery(sensitivity(narrow));
  return (
    <Card title={t("queue.weights")}>
      <Loaded query={query} rows={10}>
        {(data) =>
          data.weights.length === 0 ? <Empty text={t("queue.none")} /> : <Filled data={data} />
        }
      </Loaded>
    </Card>
  );
}

function Filled({ data }: { data: Data }) {
  const { t, pick } = useI18n();
  const choices = useQuery(queueChoices).data;
  const action = (code: string) => {
    const found = choices?.actions.find((one) => one.code === code);
    return found ? pick(found.name) : code;
  };
  const percents = data.weights[0]?.steps.map((one) => one.percent) ?? [];
  const columns: Column<Line>[] = [
    {
      key: "name",
      title: t("health.tag"),
      render: (one) => (
        <Link to="/tags/$code" params={{ code: one.code }} search={{}}>
          {pick(one.name)}
        </Link>
      ),
    },
    { key: "weight", title: t("queue.weight"), right: true, render: (one) => weight(one.weight) },
    {
      key: "reorders",
      title: t("queue.reorders"),
      right: true,
      render: (one) => <Least change={one.least_reordering} of={one.weight} />,
    },
    {
      key: "replaces",
      title: t("queue.replaces"),
      right: true,
      render: (one) => <Least change={one.least_replacing} of={one.weight} />,
    },
    ...percents.map(
      (percent, place): Column<Line> => ({
        key: String(percent),
        title: `${t("queue.weight")} ${percent > 0 ? "+" : "−"}${Math.abs(percent)}%`,
        render: (one) => <Effect step={one.steps[place]} size={data.size} />,
      }),
    ),
    {
      key: "actions",
      title: t("queue.usedIn"),
      render: (one) => <span className="quiet wrap">{one.actions.map(action).join("、")}</span>,
    },
  ];
  return (
    <>
      <p className="quiet lead">{t("queue.sensitivityLead", { n: data.size })}</p>
      <Grid
        columns={columns}
        rows={data.weights}
        rowKey={(one) => one.code}
        label={t("queue.weights")}
      />
    </>
  );
}

function Least({ change, of }: { change: number | null; of: number }) {
  const { t } = useI18n();
  if (change === null) return <span className="quiet">{t("queue.never")}</span>;
  return <b>{relative(change, of)}</b>;
}

/** How much of the head a step moves, as a bar and in words. */
function Effect({ step, size }: { step: Step | undefined; size: number }) {
  const { t } = useI18n();
  if (!step || (step.moved === 0 && step.left === 0)) {
    return <span className="quiet">{t("queue.still")}</span>;
  }
  const title = step.tau === null ? "" : t("queue.tau", { n: step.tau.toFixed(2) });
  return (
    <span className="effect" title={title}>
      <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden>
        <rect width="100" height="6" className="bars-back" />
        <rect width={(step.moved / size) * 100} height="6" className="effect-moved" />
        <rect width={(step.left / size) * 100} height="6" className="effect-left" />
      </svg>
      {t("queue.stepCell", { m: step.moved, l: step.left })}
    </span>
  );
}
