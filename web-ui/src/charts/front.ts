/** What a trial has reached: a value for each objective. */
export type Values = readonly number[];

/** Values as something to make small. */
function losses(values: Values, maximize: readonly boolean[]): number[] {
  return values.map((value, m) => (maximize[m] ? -value : value));
}

/** The indexes of those that no other one beats in every objective. */
export function frontOf(points: readonly Values[], maximize: readonly boolean[]): number[] {
  const all = points.map((point) => losses(point, maximize));
  return all.flatMap((a, i) => (all.some((b) => dominates(b, a)) ? [] : [i]));
}

function dominates(a: readonly number[], b: readonly number[]): boolean {
  return a.every((loss, m) => loss <= (b[m] ?? 0)) && a.some((loss, m) => loss < (b[m] ?? 0));
}

/**
 * The corners of a front in two objectives, from the best in the first to the best in the second, with the worse
 * corners between them: what lies beyond the line is beaten by one of the front.
 */
export function staircase(front: readonly Values[], maximizeX: boolean): [number, number][] {
  const sorted = front
    .map(([x = Number.NaN, y = Number.NaN]): [number, number] => [x, y])
    .sort((a, b) => (maximizeX ? b[0] - a[0] : a[0] - b[0]));
  return sorted.flatMap((point, i): [number, number][] => {
    const before = sorted[i - 1];
    return before ? [[point[0], before[1]], point] : [point];
  });
}

/**
 * How much of the box between the worst and the best that trials have reached in each objective is beaten by the
 * front: 1 where one trial is best in all. undefined while there is no such box.
 */
export function shareBeaten(points: readonly Values[], maximize: readonly boolean[]): number | undefined {
  const all = points.map((point) => losses(point, maximize));
  const box = maximize.map((_, m) => {
    const each = all.map((point) => point[m] ?? Number.NaN);
    return [Math.min(...each), Math.max(...each)] as const;
  });
  if (all.length < 2 || box.some(([best, worst]) => !(worst > best))) return undefined;
  const scaled = all.map((point) =>
    point.map((loss, m) => (loss - (box[m]?.[0] ?? 0)) / ((box[m]?.[1] ?? 1) - (box[m]?.[0] ?? 0))),
  );
  const front = frontOf(
    scaled,
    maximize.map(() => false),
  ).map((i) => scaled[i] as number[]);
  return volume(front, maximize.length);
}

/** The volume between points and (1, 1, …): slices along the last dimension, each with one dimension less. */
function volume(points: readonly number[][], dimensions: number): number {
  const last = dimensions - 1;
  if (dimensions === 1) return 1 - Math.min(1, ...points.map((point) => point[0] ?? 1));
  const sorted = points.toSorted((a, b) => (a[last] ?? 0) - (b[last] ?? 0));
  return sorted.reduce((sum, point, i) => {
    const depth = (sorted[i + 1]?.[last] ?? 1) - (point[last] ?? 1);
    return depth > 0 ? sum + depth * volume(sorted.slice(0, i + 1), last) : sum;
  }, 0);
}
