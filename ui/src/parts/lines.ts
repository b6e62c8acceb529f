import type { EChartsCoreOption } from "echarts/core";
import { LINE, QUIET, SERIES } from "../theme";

const TEXT = { color: QUIET, fontSize: 12 };
const GOOD = "#3f8a5c";
const GONE = "#c25b6b";

function frame(days: string[]) {
  return {
    grid: { left: 8, right: 12, top: 34, bottom: 4, containLabel: true },
    legend: { top: 0, left: 0, itemWidth: 14, itemHeight: 8, textStyle: TEXT },
    tooltip: { trigger: "axis", renderMode: "richText" },
    aria: { enabled: true },
    xAxis: {
      type: "category",
      data: days,
      axisLabel: { ...TEXT, hideOverlap: true },
      axisTick: { show: false },
      axisLine: { lineStyle: { color: LINE } },
    },
  };
}

const axis = { type: "value", splitLine: { lineStyle: { color: LINE } }, axisLabel: TEXT };

export interface Flow {
  day: string;
  size: number;
  entered: number;
  left: number;
}

/** Bars of who entered and left around zero, the size of the audience as a line of its own scale. */
export function inOutOption(
  flows: Flow[],
  names: { size: string; entered: string; left: string },
): EChartsCoreOption {
  return {
    ...frame(flows.map((one) => one.day)),
    yAxis: [axis, { ...axis, scale: true, splitLine: { show: false } }],
    series: [
      {
        name: names.entered,
        type: "bar",
        stack: "flow",
        barMaxWidth: 36,
        itemStyle: { color: GOOD },
        data: flows.map((one) => one.entered),
      },
      {
        name: names.left,
        type: "bar",
        stack: "flow",
        barMaxWidth: 36,
        itemStyle: { color: GONE },
        data: flows.map((one) => -one.left),
      },
      {
        name: names.size,
        type: "line",
        yAxisIndex: 1,
        symbolSize: 7,
        lineStyle: { color: SERIES[0], width: 2 },
        itemStyle: { color: SERIES[0] },
        data: flows.map((one) => one.size),
      },
    ],
  };
}

export interface Series {
  name: string;
  values: (number | null)[];
}

function formatter(value: number): string {
  return `${Math.round(value * 1000) / 10}%`;
}

/** Lines over days; `marks` are dashed levels, `share` prints the axis in percent. */
export function linesOption(
  days: string[],
  lines: Series[],
  { share = false, marks = [] }: { share?: boolean; marks?: number[] } = {},
): EChartsCoreOption {
  return {
    ...frame(days),
    yAxis: {
      ...axis,
      min: 0,
      // levels stay in sight, or a calm line would look like a storm
      ...(marks.length > 0
        ? { max: ({ max }: { max: number }) => Math.max(max * 1.1, Math.max(...marks) * 1.2) }
        : {}),
      ...(share ? { max: 1, axisLabel: { ...TEXT, formatter } } : {}),
    },
    ...(share
      ? { tooltip: { trigger: "axis", renderMode: "richText", valueFormatter: formatter } }
      : {}),
    series: lines.map((one, place) => ({
      name: one.name,
      type: "line",
      symbolSize: 7,
      connectNulls: true,
      lineStyle: { color: SERIES[place], width: 2 },
      itemStyle: { color: SERIES[place] },
      data: one.values,
      ...(place === 0 && marks.length > 0
        ? {
            markLine: {
              silent: true,
              symbol: "none",
              lineStyle: { color: "#b9823f", type: "dashed" },
              label: { color: QUIET, position: "insideEndTop" },
              data: marks.map((yAxis) => ({ yAxis })),
            },
          }
        : {}),
    })),
  };
}
