import type { MetricHistory, MetricSeries } from '../api/types';
import { toNumber } from '../api/types';

/** uPlot's form: the steps of all series, and of each series a value or a gap at each step. */
export type Aligned = [number[], ...(number | null)[][]];

/**
 * Lays series with steps of their own over one axis. Where one series has two points on one step (the lowest and
 * the highest of a bucket may fall together), the later one counts.
 */
export function align(histories: readonly (MetricHistory | undefined)[]): Aligned {
  const steps = new Set<number>();
  for (const history of histories) for (const step of history?.steps ?? []) steps.add(step);
  const axis = [...steps].sort((a, b) => a - b);
  const at = new Map(axis.map((step, i) => [step, i]));
  return [
    axis,
    ...histories.map((history) => {
      const column: (number | null | undefined)[] = new Array(axis.length).fill(undefined);
      history?.steps.forEach((step, i) => {
        const value = toNumber(history.values[i] ?? 'NaN');
        column[at.get(step) ?? 0] = Number.isFinite(value) ? value : null;
      });
      // undefined is "no point of this series here" and is bridged; null is a real gap.
      return column as (number | null)[];
    }),
  ];
}

/** Adds the new points of a stream; those the history has already are left out. */
export function appendPoints(history: MetricHistory, series: MetricSeries): MetricHistory {
  const lastStep = history.steps.at(-1) ?? Number.NEGATIVE_INFINITY;
  const lastTime = history.timestamps.at(-1) ?? Number.NEGATIVE_INFINITY;
  const fresh = series.steps.flatMap((step, i) =>
    step > lastStep || (step === lastStep && (series.timestamps[i] ?? 0) > lastTime) ? [i] : [],
  );
  if (fresh.length === 0) return history;
  const pick = <T>(list: readonly T[]) => fresh.map((i) => list[i] as T);
  return {
    ...history,
    points: history.points + fresh.length,
    steps: [...history.steps, ...pick(series.steps)],
    timestamps: [...history.timestamps, ...pick(series.timestamps)],
    values: [...history.values, ...pick(series.values)],
  };
}
