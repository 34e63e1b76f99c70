// A line over time. uPlot draws it; the look is ours. Loaded when first shown.
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { clock } from "../format/time";
import { useDark } from "../shell/theme";
import "./plot.css";

export interface PlotProps {
  at: readonly number[];
  values: readonly (number | null)[];
  label: string;
  format: (value: number) => string;
  /** Seconds that are shown at least: what is young fills the width. */
  span?: number;
}

const HEIGHT = 132;

export default function Plot({ at, values, label, format, span = 30 }: PlotProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const data = useRef<uPlot.AlignedData>([[], []]);
  const formatter = useRef(format);
  formatter.current = format;
  const dark = useDark();
  // biome-ignore lint/correctness/useExhaustiveDependencies: another theme is another plot
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const style = getComputedStyle(element);
    const color = (name: string) => {
      const probe = document.createElement("span");
      probe.style.color = `var(${name})`;
      element.append(probe);
      const value = getComputedStyle(probe).color;
      probe.remove();
      return value;
    };
    const accent = color("--accent");
    const font = `11px ${style.fontFamily}`;
    const axis: uPlot.Axis = {
      stroke: color("--text-3"),
      font,
      ticks: { show: false },
      grid: { stroke: color("--line"), width: 1 },
    };
    const made = new uPlot(
      {
        width: Math.max(element.clientWidth, 120),
        height: HEIGHT,
        padding: [8, 20, 0, 0],
        legend: { show: false },
        cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false } },
        scales: {
          x: {
            time: true,
            range: (_, min, max) => {
              const end = max ?? Date.now() / 1000;
              return [Math.min(min ?? end, end - span), end];
            },
          },
          y: { range: (_, __, max) => [0, Math.max((max ?? 0) * 1.15, 1)] },
        },
        axes: [
          { ...axis, space: 90, size: 26, grid: { show: false }, values: ticks },
          {
            ...axis,
            size: 52,
            space: 36,
            values: (_, splits) => splits.map((value) => formatter.current(value)),
          },
        ],
        series: [
          {},
          {
            stroke: accent,
            width: 1.5,
            fill: accent.replace("rgb(", "rgba(").replace(")", ", 0.08)"),
            points: { show: false },
            spanGaps: false,
          },
        ],
        hooks: {
          setCursor: [
            (self) => {
              const index = self.cursor.idx;
              const value = index == null ? undefined : self.data[1]?.[index];
              const tip = element.querySelector<HTMLElement>(".plot-tip");
              if (!tip) return;
              tip.textContent =
                value == null || index == null
                  ? ""
                  : `${formatter.current(value)}  ·  ${new Date((self.data[0][index] ?? 0) * 1000).toLocaleTimeString("en-GB")}`;
            },
          ],
        },
      },
      data.current,
      element,
    );
    plot.current = made;
    const resized = new ResizeObserver(() =>
      made.setSize({ width: Math.max(element.clientWidth, 120), height: HEIGHT }),
    );
    resized.observe(element);
    return () => {
      resized.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [dark, span]);
  useEffect(() => {
    data.current = [at as number[], values as number[]];
    plot.current?.setData(data.current);
  }, [at, values]);
  return (
    <div ref={box} className="plot" role="img" aria-label={label} style={{ height: HEIGHT }}>
      <span className="plot-tip" aria-hidden="true" />
      {at.length < 2 && <span className="plot-none">gathered while this page is open</span>}
    </div>
  );
}

/** With seconds where the marks are closer than a minute. */
function ticks(self: uPlot, splits: number[], __: number, ___: number, step: number): string[] {
  if (self.data[0].length === 0) return splits.map(() => "");
  return splits.map((at) => clock(new Date(at * 1000)).slice(0, step < 60 ? undefined : 5));
}
