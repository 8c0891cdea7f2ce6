import { formatNumber, plural } from '../ui/format';
import { extent, linear, ticks } from './scale';
import './charts.css';

const SIZE = 320;
const LEFT = 52;
const BOTTOM = 40;

/** Predicted over actual: the nearer to the diagonal, the better. */
export function ScatterChart({ actual, predicted }: { actual: number[]; predicted: number[] }) {
  const domain = extent([...actual, ...predicted]);
  const x = linear(domain, [0, SIZE]);
  const y = linear(domain, [SIZE, 0]);
  const marks = ticks(domain[0], domain[1], 5);
  return (
    <figure className="picture">
      <svg
        viewBox={`0 0 ${LEFT + SIZE + 10} ${8 + SIZE + BOTTOM}`}
        role="img"
        aria-label={`Predicted over actual values of ${plural(actual.length, 'row')}`}
      >
        <g transform={`translate(${LEFT} 8)`}>
          {marks.map((mark) => (
            <g key={mark}>
              <line className="grid" x1={x(mark)} x2={x(mark)} y1={0} y2={SIZE} />
              <line className="grid" x1={0} x2={SIZE} y1={y(mark)} y2={y(mark)} />
              <text className="tick" x={x(mark)} y={SIZE + 15} textAnchor="middle">
                {formatNumber(mark)}
              </text>
              <text className="tick" x={-8} y={y(mark) + 3.5} textAnchor="end">
                {formatNumber(mark)}
              </text>
            </g>
          ))}
          <line className="chance" x1={0} y1={SIZE} x2={SIZE} y2={0} />
          <path className="dots" d={dotsPath(actual.map(x), predicted.map(y))} />
          <text className="axis" x={SIZE / 2} y={SIZE + 34} textAnchor="middle">
            Actual
          </text>
          <text className="axis" transform={`translate(-40 ${SIZE / 2}) rotate(-90)`} textAnchor="middle">
            Predicted
          </text>
        </g>
      </svg>
      <figcaption className="legend">
        <span className="legend-item num">{plural(actual.length, 'row')} shown</span>
      </figcaption>
    </figure>
  );
}

/** All points as one path of zero-length strokes: 2,000 of them cost one element. */
export function dotsPath(xs: readonly number[], ys: readonly number[]): string {
  return xs
    .map((x, i) => {
      const y = ys[i] ?? Number.NaN;
      return Number.isFinite(x) && Number.isFinite(y) ? `M${x.toFixed(1)} ${y.toFixed(1)}h0` : '';
    })
    .join('');
}
