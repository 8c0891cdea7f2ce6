import type { Json, StudyTrial } from '../api/types';
import { toNumber } from '../api/types';
import { durationOf, TRIAL_STATE_ORDER } from './words';

/** What trials are sorted by: `number`, `state`, `duration`, `value:0` of an objective, or `param:lr`. */
export interface Order {
  by: string;
  descending: boolean;
}

/** Trials in an order; those that have nothing to be sorted by come last either way. */
export function sorted(trials: readonly StudyTrial[], { by, descending }: Order): StudyTrial[] {
  const keys = new Map(trials.map((trial) => [trial, keyOf(trial, by)]));
  const sign = descending ? -1 : 1;
  return trials.toSorted((a, b) => {
    const [ka, kb] = [keys.get(a), keys.get(b)];
    if (ka === undefined || kb === undefined) {
      return ka === kb ? a.number - b.number : ka === undefined ? 1 : -1;
    }
    return sign * compare(ka, kb) || a.number - b.number;
  });
}

function keyOf(trial: StudyTrial, by: string): number | string | undefined {
  const [kind, name = ''] = [by.split(':')[0], by.slice(by.indexOf(':') + 1)];
  switch (kind) {
    case 'number':
      return trial.number;
    case 'state':
      return TRIAL_STATE_ORDER.indexOf(trial.state);
    case 'duration':
      return durationOf(trial);
    case 'value': {
      const value = trial.values[Number(name)];
      return value === undefined || Number.isNaN(toNumber(value)) ? undefined : toNumber(value);
    }
    default:
      return scalar(trial.params[name]);
  }
}

function scalar(value: Json | undefined): number | string | undefined {
  return typeof value === 'number' || value === undefined ? value : String(value);
}

/** Numbers before texts. */
function compare(a: number | string, b: number | string): number {
  if (typeof a === typeof b) return a < b ? -1 : a > b ? 1 : 0;
  return typeof a === 'number' ? -1 : 1;
}
