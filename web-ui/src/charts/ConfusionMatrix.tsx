import { formatCount } from '../ui/format';
import { confusionCells, formatShare, heat } from './confusion';
import './charts.css';

const GRID = 300;

/** Rows are what was so, columns what was predicted; each field has its count and its part of the row. */
export function ConfusionMatrix({ classes, counts }: { classes: string[]; counts: number[][] }) {
  const cells = confusionCells(classes, counts);
  const side = GRID / classes.length;
  const longest = Math.max(...classes.map((name) => name.length));
  const left = 26 + Math.min(110, longest * 6.6 + 8);
  const bottom = 44;
  const written = classes.length <= 12;
  const correct = cells.filter((cell) => cell.correct).reduce((sum, cell) => sum + cell.count, 0);
  const total = cells.reduce((sum, cell) => sum + cell.count, 0);
  return (
    <figure className="picture">
      <svg
        viewBox={`0 0 ${left + GRID + 6} ${8 + GRID + bottom}`}
        role="img"
        aria-label={`Confusion matrix: ${correct} of ${total} rows predicted correctly. ${cells
          .filter((cell) => cell.count > 0)
          .slice(0, 40)
          .map((cell) => `${cell.actual} predicted as ${cell.predicted}: ${cell.count}`)
          .join('; ')}`}
      >
        <g transform={`translate(${left} 8)`}>
          {cells.map((cell) => (
            <g
              key={`${cell.row}-${cell.column}`}
              transform={`translate(${cell.column * side} ${cell.row * side})`}
              className={cell.correct ? 'cell correct' : 'cell wrong'}
            >
              <title>
                {`${cell.actual} predicted as ${cell.predicted}: ${formatCount(cell.count)} (${formatShare(cell.share)})`}
              </title>
              <rect
                width={side - 3}
                height={side - 3}
                rx={Math.min(6, side / 8)}
                style={{ fillOpacity: 0.06 + 0.86 * heat(cell.share) }}
              />
              {written && (
                <g
                  transform={`translate(${(side - 3) / 2} ${(side - 3) / 2})`}
                  textAnchor="middle"
                  className={heat(cell.share) > 0.62 ? 'strong' : undefined}
                >
                  <text
                    className="count"
                    y={side > 48 ? 0 : 4}
                    style={{ fontSize: Math.min(19, side / 2.6) }}
                  >
                    {formatCount(cell.count)}
                  </text>
                  {side > 48 && (
                    <text className="share" y={18}>
                      {formatShare(cell.share)}
                    </text>
                  )}
                </g>
              )}
            </g>
          ))}
          {written &&
            classes.map((name, i) => (
              <g key={name}>
                <text className="tick" x={-8} y={(i + 0.5) * side + 3} textAnchor="end">
                  {shorten(name, 16)}
                </text>
                <text className="tick" x={(i + 0.5) * side - 1.5} y={GRID + 14} textAnchor="middle">
                  {shorten(name, Math.max(3, Math.floor(side / 6.5)))}
                </text>
              </g>
            ))}
          <text className="axis" x={GRID / 2} y={GRID + 36} textAnchor="middle">
            Predicted
          </text>
          <text
            className="axis"
            transform={`translate(${12 - left} ${GRID / 2}) rotate(-90)`}
            textAnchor="middle"
          >
            Actual
          </text>
        </g>
      </svg>
      <figcaption className="legend">
        <span className="legend-item num">
          {formatCount(correct)} of {formatCount(total)} rows on the diagonal
        </span>
      </figcaption>
    </figure>
  );
}

function shorten(name: string, length: number): string {
  return name.length <= length ? name : `${name.slice(0, length - 1)}…`;
}
