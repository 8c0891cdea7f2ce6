import { type PointerEvent, useState } from 'react';
import { formatNumber } from '../ui/format';
import { nearestPoint, type Roc, rocPath } from './roc';
import { linear } from './scale';
import './charts.css';

const SIZE = 300;
const LEFT = 44;
const BOTTOM = 40;
const TOP = 8;
const RIGHT = 10;
const TICKS = [0, 0.2, 0.4, 0.6, 0.8, 1];

/** The ROC curves of a model, one for each class, with the point under the pointer told below. */
export function RocChart({ curves }: { curves: Roc[] }) {
  const [hover, setHover] = useState<{ curve: number; point: number }>();
  const x = linear([0, 1], [0, SIZE]);
  const y = linear([0, 1], [SIZE, 0]);
  const picked = hover && curves[hover.curve];

  function move(event: PointerEvent<SVGRectElement>) {
    const box = event.currentTarget.getBoundingClientRect();
    const fpr = (event.clientX - box.left) / box.width;
    const tpr = 1 - (event.clientY - box.top) / box.height;
    let best: { curve: number; point: number; distance: number } | undefined;
    curves.forEach((roc, curve) => {
      const point = nearestPoint(roc, fpr, tpr);
      if (point < 0) return;
      const distance = Math.hypot((roc.fpr[point] ?? 0) - fpr, (roc.tpr[point] ?? 0) - tpr);
      if (!best || distance < best.distance) best = { curve, point, distance };
    });
    setHover(best);
  }

  return (
    <figure className="picture">
      <svg
        viewBox={`0 0 ${LEFT + SIZE + RIGHT} ${TOP + SIZE + BOTTOM}`}
        role="img"
        aria-label={`ROC curve. ${curves.map((roc) => `${roc.label}: AUC ${formatNumber(roc.auc)}`).join(', ')}`}
      >
        <g transform={`translate(${LEFT} ${TOP})`}>
          {TICKS.map((tick) => (
            <g key={tick}>
              <line className="grid" x1={x(tick)} x2={x(tick)} y1={0} y2={SIZE} />
              <line className="grid" x1={0} x2={SIZE} y1={y(tick)} y2={y(tick)} />
              <text className="tick" x={x(tick)} y={SIZE + 15} textAnchor="middle">
                {tick}
              </text>
              <text className="tick" x={-8} y={y(tick) + 3.5} textAnchor="end">
                {tick}
              </text>
            </g>
          ))}
          <line className="chance" x1={0} y1={SIZE} x2={SIZE} y2={0} />
          {curves.length === 1 && curves[0] && (
            <path className="roc-area" d={`${rocPath(curves[0], SIZE)}L${SIZE} ${SIZE}L0 ${SIZE}Z`} />
          )}
          {curves.map((roc, i) => (
            <path key={roc.label} className="curve" d={rocPath(roc, SIZE)} style={{ stroke: lineColor(i) }} />
          ))}
          {picked && hover && (
            <circle
              className="marker"
              cx={x(picked.fpr[hover.point] ?? 0)}
              cy={y(picked.tpr[hover.point] ?? 0)}
              r={4.5}
              style={{ fill: lineColor(hover.curve) }}
            />
          )}
          <text className="axis" x={SIZE / 2} y={SIZE + 34} textAnchor="middle">
            False positive rate
          </text>
          <text className="axis" transform={`translate(-32 ${SIZE / 2}) rotate(-90)`} textAnchor="middle">
            True positive rate
          </text>
          <rect
            width={SIZE}
            height={SIZE}
            fill="transparent"
            onPointerMove={move}
            onPointerLeave={() => setHover(undefined)}
          />
        </g>
      </svg>
      <figcaption className="legend">
        {curves.map((roc, i) => (
          <span key={roc.label} className="legend-item">
            <i style={{ background: lineColor(i) }} />
            {roc.label} <b className="num">AUC {formatNumber(roc.auc)}</b>
          </span>
        ))}
        <span className="legend-item num muted" aria-live="off">
          {picked && hover
            ? `FPR ${rate(picked.fpr[hover.point])} · TPR ${rate(picked.tpr[hover.point])} · threshold ${rate(Number(picked.threshold[hover.point]))}`
            : '\u00a0'}
        </span>
      </figcaption>
    </figure>
  );
}

function rate(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '–';
  return Number.isFinite(value) ? value.toFixed(3) : '∞';
}

export function lineColor(i: number): string {
  return `var(--line-${(i % 6) + 1})`;
}
