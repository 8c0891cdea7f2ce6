import { memo, useMemo, useRef } from 'react';
import type { Json, StudyTrial } from '../api/types';
import { formatCount, formatJson, formatNumber } from '../ui/format';
import { Picker } from './Picker';
import { goodness, linePath, nearestLine, type ParallelAxis } from './parallel';
import { useWidth } from './useWidth';
import './charts.css';

const TOP = 46;
const HEIGHT = 300;
/** Below the axes, for trials that do not have a param. */
const LANE = 26;
const SIDE = 48;
const LEAST_GAP = 84;
/** A tip tells of so many axes, the objectives among them. */
const MOST_TOLD = 10;
/** So many shades: each is one path, however many trials have it. */
const SHADES = 12;

/** Each trial as a line over all params, darker the better it was; what none of it had goes by the foot. */
export function ParallelChart({
  trials,
  axes,
  values,
  objective,
  maximize,
  chosen,
  onChoose,
}: {
  trials: StudyTrial[];
  /** Of the params, and of the objectives last. */
  axes: { axis: ParallelAxis; of: (trial: StudyTrial) => Json | undefined }[];
  /** By which lines are coloured; NaN for a trial that has none. */
  values: number[];
  objective: string;
  maximize: boolean;
  chosen: number;
  onChoose: (index: number) => void;
}) {
  const box = useRef<HTMLDivElement>(null);
  const seen = useWidth(box);
  const width = Math.max(seen, 2 * SIDE + (axes.length - 1) * LEAST_GAP);
  const good = useMemo(() => goodness(values, maximize), [values, maximize]);
  const optional = axes.some(({ axis }) => axis.optional);
  const xs = useMemo(() => {
    const gap = (width - 2 * SIDE) / Math.max(1, axes.length - 1);
    return axes.map((_, i) => SIDE + i * gap);
  }, [axes, width]);
  const places = useMemo(
    () => trials.map((trial) => axes.map(({ axis, of }) => axis.place(of(trial)))),
    [trials, axes],
  );
  const lines = useMemo(
    () =>
      places.map((each, i) =>
        each.map((place) => (good[i] === undefined ? Number.NaN : place === undefined ? laneY : yOf(place))),
      ),
    [places, good],
  );
  const best = useMemo(() => good.indexOf(1), [good]);
  const words = (i: number) =>
    `Trial ${trials[i]?.number}: ${axes
      .map(({ axis, of }) => {
        const value = trials[i] && of(trials[i]);
        return value === undefined ? '' : `${axis.name} ${formatJson(value)}`;
      })
      .filter(Boolean)
      .join(', ')}`;
  const path = (i: number) => linePath(places[i] ?? [], xs, yOf, laneY);
  const shown = good.filter((each) => each !== undefined).length;
  return (
    <figure className="picture wide">
      <div className="scrolling" ref={box} tabIndex={seen < width ? 0 : undefined}>
        <div className="plot-box" style={{ height: TOP + HEIGHT + LANE + 22, width }}>
          <Base
            width={width}
            axes={axes}
            xs={xs}
            good={good}
            places={places}
            best={best}
            lane={optional}
            objective={objective}
            label={`${formatCount(shown)} trials as lines over ${axes
              .map(({ axis }) => axis.name)
              .join(', ')}${best >= 0 ? `. Best: ${words(best)}` : ''}`}
          />
          <Picker
            area={{ left: 0, top: TOP, width, height: HEIGHT + LANE + 10 }}
            label="Trial in: params"
            count={trials.length}
            chosen={chosen}
            nearest={(x, y) => nearestLine(lines, xs, x, y)}
            there={(i) => good[i] !== undefined}
            mark={(i, how) => <path className={`curve ${how}`} d={path(i)} />}
            words={words}
            tip={(i) => <LineTip trial={trials[i]} axes={axes.slice(-MOST_TOLD)} />}
            onChoose={onChoose}
          />
        </div>
      </div>
      <figcaption className="legend">
        <span className="legend-item">
          worst <i className="shades" aria-hidden="true" /> best {objective}
        </span>
        {best >= 0 && (
          <span className="legend-item">
            <i className="shade-best" /> best trial{' '}
            <b className="num">{formatNumber(values[best] ?? Number.NaN)}</b>
          </span>
        )}
        {optional && <span className="muted">by the foot: a param that the trial does not have</span>}
      </figcaption>
    </figure>
  );
}

function yOf(place: number): number {
  return (1 - place) * HEIGHT;
}

const laneY = HEIGHT + LANE;

const Base = memo(function Base({
  width,
  axes,
  xs,
  good,
  places,
  best,
  lane,
  objective,
  label,
}: {
  width: number;
  axes: { axis: ParallelAxis }[];
  xs: number[];
  good: (number | undefined)[];
  places: (number | undefined)[][];
  best: number;
  lane: boolean;
  objective: string;
  label: string;
}) {
  const shades = Array.from({ length: SHADES }, () => '');
  good.forEach((each, i) => {
    if (each === undefined || i === best) return;
    // Squared, so that what is among the best stands out.
    shades[Math.round(each * each * (SHADES - 1))] += linePath(places[i] ?? [], xs, yOf, laneY);
  });
  // As long as names and marks may be without running into the next axis.
  const room = Math.floor(((xs[1] ?? width) - (xs[0] ?? 0) - 10) / 6.2);
  return (
    <svg width={width} height={TOP + HEIGHT + LANE + 22} role="img" aria-label={label} className="parallel">
      <g transform={`translate(0 ${TOP})`}>
        {shades.map((d, i) => (
          <path
            key={i}
            className="curve shade"
            d={d}
            style={{
              stroke: `color-mix(in oklab, var(--line-1) ${Math.round((100 * i) / (SHADES - 1))}%, var(--line-far))`,
            }}
          />
        ))}
        {best >= 0 && <path className="sign best" d={linePath(places[best] ?? [], xs, yOf, laneY)} />}
        {axes.map(({ axis }, i) => (
          <g key={axis.name} transform={`translate(${(xs[i] ?? 0).toFixed(1)} 0)`}>
            <line className="axis-line" y1={0} y2={HEIGHT} />
            <text className={axis.name === objective ? 'axis strong' : 'axis'} y={-26} textAnchor="middle">
              <title>{axis.name}</title>
              {shorten(axis.name, room)}
            </text>
            {axis.ticks.map(({ at, label: text }) => (
              <g key={at} transform={`translate(0 ${yOf(at).toFixed(1)})`}>
                <line className="axis-line" x1={-3} x2={3} />
                <text className="tick halo" x={6} y={3.5}>
                  <title>{text}</title>
                  {shorten(text, room)}
                </text>
              </g>
            ))}
            {lane && axis.optional && (
              <text className="tick halo" x={6} y={laneY + 3.5}>
                none
              </text>
            )}
          </g>
        ))}
      </g>
    </svg>
  );
});

function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, Math.max(1, length - 1))}…`;
}

function LineTip({
  trial,
  axes,
}: {
  trial: StudyTrial | undefined;
  axes: { axis: ParallelAxis; of: (trial: StudyTrial) => Json | undefined }[];
}) {
  if (!trial) return null;
  return (
    <>
      <b>Trial {trial.number}</b>
      {axes.map(({ axis, of }) => {
        const value = of(trial);
        return (
          value !== undefined && (
            <span key={axis.name}>
              {axis.name} <b>{formatJson(value)}</b>
            </span>
          )
        );
      })}
    </>
  );
}
