import { type ReactNode, useRef } from 'react';
import { formatNumber } from '../ui/format';
import { Picker } from './Picker';
import { linear, logarithmic, logTicks, type Scale, ticks } from './scale';
import { useWidth } from './useWidth';
import './charts.css';

const MARGIN = { left: 58, right: 12, top: 10, bottom: 40 };
const REACH = 28;

export interface PlotAxis {
  title: string;
  domain: [number, number];
  log?: boolean;
}

interface Props {
  /** What the picture shows, in a sentence. */
  label: string;
  x: PlotAxis;
  y: PlotAxis;
  height?: number;
  /** Where each trial is, in the axes' own numbers; NaN for one that is not shown. */
  points: readonly (readonly [number, number])[];
  chosen: number;
  words: (index: number) => string;
  tip: (index: number) => ReactNode;
  /** What is drawn over a trial that is hovered or chosen; a ring unless given. */
  mark?: (index: number, how: 'hovered' | 'chosen', scales: Scales) => ReactNode;
  /** Which trial is meant by a place; the nearest point unless given. */
  nearest?: (x: number, y: number, scales: Scales) => number;
  onChoose: (index: number) => void;
  legend: ReactNode;
  children: (scales: Scales) => ReactNode;
}

export interface Scales {
  x: Scale;
  y: Scale;
  width: number;
  height: number;
}

/** A picture over two axes in which trials can be pointed at and chosen. */
export function Plot({ label, x, y, height = 300, points, legend, children, ...pick }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const all = useWidth(box);
  const width = all - MARGIN.left - MARGIN.right;
  const inner = height - MARGIN.top - MARGIN.bottom;
  const scales: Scales = {
    x: scaleOf(x, [0, width]),
    y: scaleOf(y, [inner, 0]),
    width,
    height: inner,
  };
  const at = (index: number): [number, number] => {
    const [px, py] = points[index] ?? [Number.NaN, Number.NaN];
    return [scales.x(px), Math.min(inner, Math.max(0, scales.y(py)))];
  };
  const nearest = (px: number, py: number) => {
    if (pick.nearest) return pick.nearest(px, py, scales);
    let best = -1;
    let distance = REACH;
    points.forEach((_, i) => {
      const [tx, ty] = at(i);
      const d = Math.hypot(tx - px, ty - py);
      if (d < distance) {
        distance = d;
        best = i;
      }
    });
    return best;
  };
  const ring = (index: number, how: 'hovered' | 'chosen') => {
    const [cx, cy] = at(index);
    return <circle className={`ring ${how}`} cx={cx} cy={cy} r={how === 'chosen' ? 7 : 6} />;
  };
  return (
    <figure className="picture wide">
      <div className="plot-box" ref={box} style={{ height }}>
        <svg width={all} height={height} role="img" aria-label={label}>
          <g transform={`translate(${MARGIN.left} ${MARGIN.top})`}>
            <Grid x={x} y={y} scales={scales} />
            {children(scales)}
          </g>
        </svg>
        <Picker
          area={{ left: MARGIN.left, top: MARGIN.top, width, height: inner }}
          label={`Trial in: ${y.title}`}
          count={points.length}
          chosen={pick.chosen}
          nearest={nearest}
          there={(i) => points[i] !== undefined && Number.isFinite(points[i][1])}
          mark={(i, how) => (pick.mark ? pick.mark(i, how, scales) : ring(i, how))}
          words={pick.words}
          tip={pick.tip}
          at={pick.nearest ? undefined : at}
          onChoose={pick.onChoose}
        />
      </div>
      <figcaption className="legend">{legend}</figcaption>
    </figure>
  );
}

function scaleOf({ domain, log }: PlotAxis, range: [number, number]): Scale {
  return log ? logarithmic(domain, range) : linear(domain, range);
}

function Grid({ x, y, scales }: { x: PlotAxis; y: PlotAxis; scales: Scales }) {
  const { width, height } = scales;
  const marks = ({ domain: [min, max], log }: PlotAxis, count: number) =>
    log ? logTicks(min, max, count) : ticks(min, max, count);
  return (
    <>
      {marks(y, 5).map((mark) => (
        <g key={mark} transform={`translate(0 ${scales.y(mark).toFixed(1)})`}>
          <line className="grid" x1={0} x2={width} />
          <text className="tick" x={-8} y={3.5} textAnchor="end">
            {formatNumber(mark)}
          </text>
        </g>
      ))}
      {marks(x, Math.max(2, Math.min(8, Math.floor(width / 70)))).map((mark) => (
        <g key={mark} transform={`translate(${scales.x(mark).toFixed(1)} 0)`}>
          <line className="grid" y1={0} y2={height} />
          <text className="tick" y={height + 15} textAnchor="middle">
            {formatNumber(mark)}
          </text>
        </g>
      ))}
      <text className="axis" x={width / 2} y={height + 34} textAnchor="middle">
        {x.title}
      </text>
      <text className="axis" transform={`translate(-45 ${height / 2}) rotate(-90)`} textAnchor="middle">
        {y.title}
      </text>
    </>
  );
}

/** A sign and what it stands for. */
export function Key({ kind, children }: { kind: string; children: ReactNode }) {
  return (
    <span className="legend-item">
      <svg className="key" width="14" height="12" aria-hidden="true">
        <g transform="translate(7 6)" className={`sign ${kind}`}>
          <path d={SIGNS[kind] ?? 'M0 0h0'} />
        </g>
      </svg>
      {children}
    </span>
  );
}

const SIGNS: Record<string, string> = {
  best: 'M-7 0h14',
  stopped: crossAt(0, 0),
  paused: barsAt(0, 0),
  failed: 'M0 -4v8',
};

/** A small cross: here something was stopped. */
export function crossAt(x: number, y: number, r = 3.2): string {
  return `M${(x - r).toFixed(1)} ${(y - r).toFixed(1)}l${2 * r} ${2 * r}m0 ${-2 * r}l${-2 * r} ${2 * r}`;
}

/** Two upright bars: here something was paused. */
export function barsAt(x: number, y: number, r = 3.4): string {
  return `M${(x - 2).toFixed(1)} ${(y - r).toFixed(1)}v${2 * r}m4 0v${-2 * r}`;
}
