import { linear } from './scale';

export interface Roc {
  label: string;
  auc: number;
  fpr: number[];
  tpr: number[];
  threshold: (number | string)[];
}

/** The curve as an SVG path in a square of `size`, from the lower left to the upper right. */
export function rocPath(roc: Pick<Roc, 'fpr' | 'tpr'>, size: number): string {
  const x = linear([0, 1], [0, size]);
  const y = linear([0, 1], [size, 0]);
  return roc.fpr
    .map((fpr, i) => `${i === 0 ? 'M' : 'L'}${round(x(fpr))} ${round(y(roc.tpr[i] ?? 0))}`)
    .join('');
}

/** The index of the point nearest to a place in the unit square; -1 if there is none. */
export function nearestPoint(roc: Pick<Roc, 'fpr' | 'tpr'>, fpr: number, tpr: number): number {
  let best = -1;
  let distance = Number.POSITIVE_INFINITY;
  roc.fpr.forEach((x, i) => {
    const d = (x - fpr) ** 2 + ((roc.tpr[i] ?? 0) - tpr) ** 2;
    if (d < distance) {
      best = i;
      distance = d;
    }
  });
  return best;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
