import type { StudyCurve, StudyTrial, TrialState } from '../api/types';
import { toNumber } from '../api/types';

/** How a trial is drawn over its number. */
export interface Told {
  number: number;
  /** NaN where it has shown nothing. */
  value: number;
  kind: 'complete' | 'earlier' | 'stopped' | 'paused' | 'running' | 'failed' | 'none';
}

const KINDS: Record<TrialState, Told['kind']> = {
  COMPLETE: 'complete',
  PRUNED: 'stopped',
  PAUSED: 'paused',
  RUNNING: 'running',
  FAILED: 'failed',
  WAITING: 'none',
};

/** What each trial has reached of an objective; those that were not to the end, what they last reported. */
export function toldOf(
  trials: readonly StudyTrial[],
  curves: ReadonlyMap<number, StudyCurve>,
  objective = 0,
): Told[] {
  return trials.map(({ number, state, origin, values }) => {
    const told = values[objective] ?? (objective === 0 ? curves.get(number)?.values.at(-1) : undefined);
    const value = told === undefined || state === 'FAILED' ? Number.NaN : toNumber(told);
    return { number, value, kind: origin === 'EARLIER' ? 'earlier' : KINDS[state] };
  });
}

/** Each time the best of the complete trials got better. */
export function bestSoFar(told: readonly Told[], maximize: boolean): Told[] {
  const steps: Told[] = [];
  for (const trial of told) {
    if (trial.kind !== 'complete' || !Number.isFinite(trial.value)) continue;
    const best = steps.at(-1);
    if (!best || (maximize ? trial.value > best.value : trial.value < best.value)) steps.push(trial);
  }
  return steps;
}

/**
 * The range that shows what matters: all values, unless a few bad ones are so far off that the others would be one
 * line; then from the best one as far as nine tenths of them go.
 */
export function telling(values: readonly number[], maximize: boolean): [number, number] {
  const sorted = values.filter(Number.isFinite).sort((a, b) => (maximize ? b - a : a - b));
  const best = sorted[0];
  const worst = sorted.at(-1);
  if (best === undefined || worst === undefined) return [0, 1];
  const most = sorted[Math.ceil(0.9 * sorted.length) - 1] ?? worst;
  const far = Math.abs(worst - best) > 3 * Math.abs(most - best) && most !== best && sorted.length >= 10;
  const end = far ? best + 1.3 * (most - best) : worst;
  const pad = Math.abs(end - best) * 0.06 || Math.abs(best) * 0.06 || 1;
  return [Math.min(best, end) - pad, Math.max(best, end) + pad];
}

/** The points of curves, fewer of each where there are more than anybody can see. */
export function thinned(curves: readonly StudyCurve[], most = 30_000): StudyCurve[] {
  const points = curves.reduce((sum, curve) => sum + curve.steps.length, 0);
  const each = Math.ceil(points / most);
  if (each <= 1) return [...curves];
  return curves.map((curve) => {
    const keep = (_: unknown, i: number) => i % each === 0 || i === curve.steps.length - 1;
    return { ...curve, steps: curve.steps.filter(keep), values: curve.values.filter(keep) };
  });
}
