import type { LatestMetric } from '../api/types';

const BEST = ['auc', 'rmse', 'accuracy', 'macroF1', 'r2', 'mae', 'logLoss', 'logloss'];

/** The few metrics that tell most of a run, for a place with little room. */
export function headlineMetrics(metrics: readonly LatestMetric[], most = 2): LatestMetric[] {
  return metrics
    .filter((metric) => !metric.key.startsWith('system/'))
    .toSorted((a, b) => rank(a.key) - rank(b.key) || (a.key < b.key ? -1 : 1))
    .slice(0, most);
}

/** As many of them as fit on one short line. */
export function fitting(metrics: readonly LatestMetric[], characters = 32): LatestMetric[] {
  let room = characters;
  return metrics.filter((metric, i) => {
    room -= metric.key.length + 6;
    return i === 0 || room >= 0;
  });
}

/** The names of metrics, those that tell most first. */
export function byWeight(keys: readonly string[]): string[] {
  return keys.toSorted((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

function rank(key: string): number {
  const name = key.replace(/^(test|validation|train)-/, '');
  const known = BEST.indexOf(name);
  const quality = known < 0 ? BEST.length : known;
  const split = key.startsWith('train-') ? 200 : key.startsWith('validation-') ? 100 : 0;
  return quality + split;
}
