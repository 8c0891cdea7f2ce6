import { useEffect, useMemo, useRef, useState } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { MetricHistory } from '../api/types';
import { useShownTheme } from '../app/theme';
import { formatNumber } from '../ui/format';
import { lineColor } from './RocChart';
import { align } from './series';
import './charts.css';

interface Props {
  lines: { label: string; history: MetricHistory | undefined }[];
  log: boolean;
  height?: number;
}

/** Curves over steps. The chart is made once; new points only change its data. */
export default function MetricChart({ lines, log, height = 210 }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot>(undefined);
  const theme = useShownTheme();
  const [index, setIndex] = useState<number | null>(null);
  const data = useMemo(() => align(lines.map((line) => line.history)), [lines]);
  const labels = lines.map((line) => line.label).join('\n');
  const latest = useRef(data);
  latest.current = data;

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new theme needs a new drawing
  useEffect(() => {
    const target = box.current;
    if (!target) return;
    const color = colorsOf(target);
    const axis: uPlot.Axis = {
      stroke: color('--text-3'),
      font: '11px Inter Variable, system-ui, sans-serif',
      grid: { stroke: color('--border'), width: 1 },
      ticks: { show: false },
    };
    const made = new uPlot(
      {
        width: target.clientWidth || 300,
        height,
        legend: { show: false },
        cursor: { y: false, sync: { key: 'metrics' }, points: { size: 7 }, drag: { x: true, y: false } },
        scales: { x: { time: false }, y: { distr: log ? 3 : 1 } },
        axes: [
          {
            ...axis,
            size: 28,
            values: (_, ticks) => ticks.map((tick) => (Number.isInteger(tick) ? compact(tick) : '')),
          },
          {
            ...axis,
            size: 54,
            values: (_, ticks) => ticks.map((tick) => (tick === null ? '' : formatNumber(tick))),
          },
        ],
        series: [
          {},
          ...labels.split('\n').map((label, i) => ({
            label,
            stroke: color(`--line-${(i % 6) + 1}`),
            width: 1.8,
            points: { show: (u: uPlot) => u.data[0].length < 3 },
          })),
        ],
        hooks: { setCursor: [(u) => setIndex(u.cursor.idx ?? null)] },
      },
      latest.current as uPlot.AlignedData,
      target,
    );
    chart.current = made;
    const observer = new ResizeObserver(() => {
      if (target.clientWidth > 0) made.setSize({ width: target.clientWidth, height });
    });
    observer.observe(target);
    return () => {
      observer.disconnect();
      made.destroy();
      chart.current = undefined;
    };
  }, [labels, log, height, theme]);

  useEffect(() => {
    const made = chart.current;
    if (!made) return;
    // While someone has zoomed in, new points come without moving the view.
    const zoomed = isZoomed(made);
    made.setData(data as uPlot.AlignedData, !zoomed);
    if (zoomed) made.redraw();
  }, [data]);

  const at = index !== null && index < data[0].length ? index : data[0].length - 1;
  return (
    <>
      <div className="plot" ref={box} />
      <div className="legend num">
        {lines.map((line, i) => (
          <span key={line.label} className="legend-item">
            <i style={{ background: lineColor(i) }} />
            <span className="muted">{line.label === 'value' ? '' : line.label}</span>
            <b>{valueAt(data[i + 1] ?? [], at)}</b>
          </span>
        ))}
        {at >= 0 && <span className="muted">step {data[0][at]}</span>}
      </div>
    </>
  );
}

function isZoomed(chart: uPlot): boolean {
  const { min, max } = chart.scales.x ?? {};
  const axis = chart.data[0];
  const first = axis[0];
  const last = axis[axis.length - 1];
  return (
    min != null && max != null && first !== undefined && last !== undefined && (min > first || max < last)
  );
}

/** The value at an index, or the last one before it where a series has no point there. */
function valueAt(column: readonly (number | null | undefined)[], at: number): string {
  for (let i = at; i >= 0; i--) {
    const value = column[i];
    if (value === null) return 'NaN';
    if (value !== undefined) return formatNumber(value);
  }
  return '–';
}

function compact(step: number): string {
  if (Math.abs(step) >= 1_000_000) return `${formatNumber(step / 1_000_000)}M`;
  if (Math.abs(step) >= 10_000) return `${formatNumber(step / 1_000)}k`;
  return String(step);
}

/** A canvas cannot read `var(--…)` with `light-dark()` in it: let an element of the page resolve it. */
function colorsOf(parent: HTMLElement): (token: string) => string {
  return (token) => {
    const probe = document.createElement('i');
    probe.style.color = `var(${token})`;
    parent.append(probe);
    const color = getComputedStyle(probe).color;
    probe.remove();
    return color;
  };
}
