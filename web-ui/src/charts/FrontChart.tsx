import { useMemo } from 'react';
import { formatCount, formatNumber } from '../ui/format';
import { formatShare } from './confusion';
import { shareBeaten, staircase } from './front';
import { Key, Plot } from './Plot';
import { dotsPath } from './ScatterChart';
import { extent } from './scale';

export interface Reached {
  number: number;
  /** One for each objective. */
  values: number[];
  front: boolean;
}

/** Trials over two of their objectives, with the front: those that none beats in every objective. */
export function FrontChart({
  reached,
  objectives,
  axes: [ox, oy],
  chosen,
  onChoose,
}: {
  reached: Reached[];
  objectives: { name: string; maximize: boolean }[];
  /** Which of the objectives are shown. */
  axes: readonly [number, number];
  chosen: number;
  onChoose: (index: number) => void;
}) {
  const title = (m: number) =>
    `${objectives[m]?.name} (${objectives[m]?.maximize ? 'higher' : 'lower'} is better)`;
  const points = useMemo(
    () => reached.map(({ values }) => [values[ox] ?? Number.NaN, values[oy] ?? Number.NaN] as const),
    [reached, ox, oy],
  );
  const front = reached.filter((trial) => trial.front);
  const share = useMemo(
    () =>
      shareBeaten(
        reached.map((trial) => trial.values),
        objectives.map((objective) => objective.maximize),
      ),
    [reached, objectives],
  );
  // In more than two dimensions the front is no line.
  const flat = objectives.length === 2;
  const words = (i: number) =>
    `Trial ${reached[i]?.number}: ${objectives
      .map(({ name }, m) => `${name} ${formatNumber(reached[i]?.values[m] ?? 'NaN')}`)
      .join(', ')}${reached[i]?.front ? ', on the front' : ''}`;
  return (
    <Plot
      label={`${formatCount(front.length)} of ${formatCount(reached.length)} trials are on the Pareto front${
        share === undefined ? '' : `, which beats ${formatShare(share)} of what was reached`
      }.`}
      x={{
        title: title(ox),
        domain: extent(
          points.map(([x]) => x),
          0.06,
        ),
      }}
      y={{
        title: title(oy),
        domain: extent(
          points.map(([, y]) => y),
          0.06,
        ),
      }}
      height={360}
      points={points}
      chosen={chosen}
      words={words}
      tip={(i) => (
        <>
          <b>Trial {reached[i]?.number}</b>
          {objectives.map(({ name }, m) => (
            <span key={name}>
              {name} <b>{formatNumber(reached[i]?.values[m] ?? 'NaN')}</b>
            </span>
          ))}
          {reached[i]?.front && <span className="muted">on the front</span>}
        </>
      )}
      onChoose={onChoose}
      legend={
        <>
          <Key kind="front">
            on the front <b className="num">{formatCount(front.length)}</b>
          </Key>
          <Key kind="beaten">
            beaten by another trial <b className="num">{formatCount(reached.length - front.length)}</b>
          </Key>
          {share !== undefined && (
            <span
              className="legend-item"
              title="The hypervolume, as a share of the box between the worst and the best that was reached in each objective"
            >
              hypervolume <b className="num">{formatShare(share)}</b>
            </span>
          )}
        </>
      }
    >
      {({ x, y }) => {
        const at = (some: readonly Reached[]) =>
          dotsPath(
            some.map((trial) => x(trial.values[ox] ?? Number.NaN)),
            some.map((trial) => y(trial.values[oy] ?? Number.NaN)),
          );
        const line = flat
          ? staircase(
              front.map((trial): [number, number] => [
                trial.values[ox] ?? Number.NaN,
                trial.values[oy] ?? Number.NaN,
              ]),
              objectives[ox]?.maximize ?? false,
            )
          : [];
        return (
          <>
            {line.length > 1 && (
              <path
                className="front-line"
                d={line
                  .map(([px, py], i) => `${i === 0 ? 'M' : 'L'}${x(px).toFixed(1)} ${y(py).toFixed(1)}`)
                  .join('')}
              />
            )}
            <path className="sign beaten" d={at(reached.filter((trial) => !trial.front))} />
            <path className="sign front" d={at(front)} />
          </>
        );
      }}
    </Plot>
  );
}
