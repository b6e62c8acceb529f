import { BarChart, LineChart, PieChart } from "echarts/charts";
import {
  AriaComponent,
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  TooltipComponent,
} from "echarts/components";
import { type ECharts, type EChartsCoreOption, init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { useEffect, useRef } from "react";

use([
  BarChart,
  LineChart,
  PieChart,
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  TooltipComponent,
  AriaComponent,
  CanvasRenderer,
]);

interface Props {
  option: EChartsCoreOption;
  label: string;
  height?: number;
  onPick?: (index: number) => void;
}

/** An ECharts canvas, described by its label, that follows its container's width. */
export function Chart({ option, label, height = 220, onPick }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<ECharts | null>(null);
  const pick = useRef(onPick);
  useEffect(() => {
    pick.current = onPick;
  }, [onPick]);
  useEffect(() => {
    if (!box.current) return;
    const made = init(box.current, null, { renderer: "canvas" });
    chart.current = made;
    made.on("click", (event) => pick.current?.(event.dataIndex));
    const watch = new ResizeObserver(() => made.resize());
    watch.observe(box.current);
    return () => {
      watch.disconnect();
      made.dispose();
      chart.current = null;
    };
  }, []);
  useEffect(() => {
    const still = globalThis.matchMedia?.("(prefers-reduced-motion: reduce)").matches ?? false;
    chart.current?.setOption({ animation: !still, ...option }, { notMerge: true });
  }, [option]);
  return <div ref={box} role="img" aria-label={label} style={{ height }} className="chart" />;
}
