import { Segmented } from "antd";
import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useMemo, useState } from "react";
import type { Spread } from "../api/client";
import { count, percent } from "../format";
import { type Lang, useI18n } from "../i18n";
import { LINE, QUIET, SERIES } from "../theme";
import { Bars } from "./Bars";
import { type Slice, selects, slices } from "./spread";

const Chart = lazy(() => import("./Chart").then((found) => ({ default: found.Chart })));
const TEXT = { color: QUIET, fontSize: 12 };

interface Tip {
  dataIndex: number;
}

function tooltip(items: Slice[], lang: Lang) {
  return {
    trigger: "item",
    renderMode: "richText",
    formatter: ({ dataIndex }: Tip) => {
      const one = items[dataIndex];
      return one ? `${one.label}\n${count(one.customers, lang)} · ${percent(one.share)}` : "";
    },
  };
}

function histogram(items: Slice[], spread: Spread, lang: Lang) {
  const edges = spread.bins.map((bin) => bin.low[lang]);
  const all = spread.bins.length;
  return {
    grid: { left: 8, right: 12, top: 14, bottom: 4, containLabel: true },
    tooltip: tooltip(items, lang),
    aria: { enabled: true },
    xAxis: {
      type: "category",
      data: edges,
      axisLabel: { ...TEXT, interval: Math.max(0, Math.ceil(all / 5) - 1), hideOverlap: true },
      axisTick: { show: false },
      axisLine: { lineStyle: { color: LINE } },
    },
    yAxis: { type: "value", splitLine: { lineStyle: { color: LINE } }, axisLabel: TEXT },
    series: [
      {
        type: "bar",
        barCategoryGap: "12%",
        itemStyle: { color: SERIES[0], borderRadius: [3, 3, 0, 0] },
        data: items.map((one) => one.customers),
      },
    ],
  };
}

function ring(items: Slice[], lang: Lang) {
  return {
    tooltip: tooltip(items, lang),
    aria: { enabled: true },
    color: SERIES,
    series: [
      {
        type: "pie",
        radius: ["56%", "86%"],
        label: { show: false },
        itemStyle: { borderColor: "#fff", borderWidth: 2, borderRadius: 4 },
        data: items.map((one) => ({
          name: one.label,
          value: one.customers,
          ...(one.unknown ? { itemStyle: { color: "#cfd8dc" } } : {}),
        })),
      },
    ],
  };
}

interface Props {
  spread: Spread;
  label: string;
  tag: { code: string; type: string };
  /** A ring beside the bars, for the few tiers of a first page. */
  withRing?: boolean;
}

/** A tag's distribution: bars for values, a histogram for numbers, either as a table too. */
export function SpreadChart({ spread, label, tag, withRing = false }: Props) {
  const { t, lang } = useI18n();
  const [asTable, setAsTable] = useState(false);
  const navigate = useNavigate();
  const items = useMemo(
    () => slices(spread, lang, t("common.other"), t("common.unknown")),
    [spread, lang, t],
  );
  const numbers = spread.bins.length > 0;
  const option = useMemo(
    () =>
      numbers
        ? histogram(items.slice(0, spread.bins.length), spread, lang)
        : ring(items, lang),
    [items, numbers, spread, lang],
  );
  const open = (index: number) => {
    const where = items[index] && selects(tag.code, tag.type, items[index]);
    if (where) void navigate({ to: "/audience", search: { where } });
  };
  if (items.length === 0) return <p className="quiet">{t("state.empty")}</p>;
  if (!numbers && !withRing) return <Bars items={items} label={label} tag={tag} />;
  if (!numbers) {
    return (
      <div className="ring">
        <Suspense fallback={<div className="chart ring-chart" />}>
          <Chart option={option} label={label} height={164} onPick={open} />
        </Suspense>
        <Bars items={items} label={label} tag={tag} />
      </div>
    );
  }
  return (
    <>
      <Segmented
        size="small"
        className="view-switch"
        aria-label={t("common.view")}
        options={[
          { value: "chart", label: t("common.asChart") },
          { value: "table", label: t("common.asTable") },
        ]}
        value={asTable ? "table" : "chart"}
        onChange={(view) => setAsTable(view === "table")}
      />
      {asTable ? (
        <Bars items={items} label={label} tag={tag} />
      ) : (
        <Suspense fallback={<div className="chart" style={{ height: 240 }} />}>
          <Chart option={option} label={label} height={240} />
        </Suspense>
      )}
    </>
  );
}
