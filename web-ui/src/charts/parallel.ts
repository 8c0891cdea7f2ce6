import type { Json, Parameter } from '../api/types';
import { formatJson, formatNumber } from '../ui/format';
import { logTicks, ticks } from './scale';

/** One upright line of parallel coordinates: where a value stands on it, from 0 at the foot to 1 at the head. */
export interface ParallelAxis {
  name: string;
  /** undefined for what is not there, or is nothing that the axis has. */
  place: (value: Json | undefined) => number | undefined;
  ticks: { at: number; label: string }[];
  /** Not there in every trial, so that there is a place for those without. */
  optional: boolean;
}

/** The axis of a param over its whole range, in logarithms where the search is. */
export function paramAxis(name: string, parameter: Parameter): ParallelAxis {
  const optional = parameter.when !== undefined && Object.keys(parameter.when).length > 0;
  const { values, low = 0, high = 1, log = false } = parameter;
  return values ? choiceAxis(name, values, optional) : numberAxis(name, low, high, log, optional);
}

/** The axis of an objective, over what trials have reached. */
export function valueAxis(name: string, values: readonly number[]): ParallelAxis {
  const finite = values.filter(Number.isFinite);
  return numberAxis(name, Math.min(...finite), Math.max(...finite), false, false);
}

function choiceAxis(name: string, values: readonly Json[], optional: boolean): ParallelAxis {
  const places = new Map(values.map((value, i) => [JSON.stringify(value), (i + 0.5) / values.length]));
  return {
    name,
    optional,
    place: (value) => places.get(JSON.stringify(value)),
    ticks: values.map((value, i) => ({ at: (i + 0.5) / values.length, label: formatJson(value) })),
  };
}

function numberAxis(name: string, low: number, high: number, log: boolean, optional: boolean): ParallelAxis {
  const scale = (value: number) => (log ? Math.log(value) : value);
  const [from, to] = [scale(low), scale(high)];
  // Where there is but one value, it stands in the middle.
  const at = (value: number) => (to > from ? (scale(value) - from) / (to - from) : 0.5);
  const marks = high > low ? (log ? logTicks(low, high) : ticks(low, high, 4)) : [low];
  return {
    name,
    optional,
    place: (value) => {
      if (typeof value !== 'number') return undefined;
      const place = at(value);
      return Number.isFinite(place) ? Math.min(1, Math.max(0, place)) : undefined;
    },
    ticks: Number.isFinite(low) ? marks.map((mark) => ({ at: at(mark), label: formatNumber(mark) })) : [],
  };
}

/** For each value, how good it is among all: 1 for the best, 0 for the worst, by rank, so that one far off changes nothing. */
export function goodness(values: readonly number[], maximize: boolean): (number | undefined)[] {
  const order = values
    .map((value, i) => ({ value: maximize ? -value : value, i }))
    .filter(({ value }) => Number.isFinite(value))
    .sort((a, b) => a.value - b.value);
  const good = new Array<number | undefined>(values.length).fill(undefined);
  let rank = 0;
  order.forEach((each, place) => {
    // Equal ones are equally good.
    if (place > 0 && each.value !== order[place - 1]?.value) rank = place;
    good[each.i] = order.length > 1 ? 1 - rank / (order.length - 1) : 1;
  });
  return good;
}

/** The line of one trial over axes at `xs`; what is not there goes by the foot, `lane`. */
export function linePath(
  places: readonly (number | undefined)[],
  xs: readonly number[],
  y: (place: number) => number,
  lane: number,
): string {
  return places
    .map(
      (place, i) =>
        `${i === 0 ? 'M' : 'L'}${(xs[i] ?? 0).toFixed(1)} ${(place === undefined ? lane : y(place)).toFixed(1)}`,
    )
    .join('');
}

/** The index of the line that passes nearest to a point; -1 where none is within `reach`. */
export function nearestLine(
  lines: readonly (readonly number[])[],
  xs: readonly number[],
  px: number,
  py: number,
  reach = 24,
): number {
  const right = xs.findIndex((x) => x >= px);
  const b = right < 0 ? xs.length - 1 : Math.max(1, right);
  const a = b - 1;
  const [xa, xb] = [xs[a] ?? 0, xs[b] ?? 0];
  const share = xb > xa ? Math.min(1, Math.max(0, (px - xa) / (xb - xa))) : 0;
  let best = -1;
  let distance = reach;
  lines.forEach((ys, i) => {
    const [ya, yb] = [ys[a] ?? Number.NaN, ys[b] ?? Number.NaN];
    const d = Math.abs(ya + (yb - ya) * share - py);
    if (d < distance) {
      distance = d;
      best = i;
    }
  });
  return best;
}
