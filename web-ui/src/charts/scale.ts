/** From a range of data to a range of pixels. */
export type Scale = (value: number) => number;

export function linear([d0, d1]: readonly [number, number], [r0, r1]: readonly [number, number]): Scale {
  const span = d1 - d0 || 1;
  return (value) => r0 + ((value - d0) / span) * (r1 - r0);
}

/** About `count` round numbers (1, 2, 2.5 or 5 times a power of ten) from `min` to `max`. */
export function ticks(min: number, max: number, count = 5): number[] {
  if (!(max > min) || count < 1) return [min];
  const raw = (max - min) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= raw) ?? 10) * power;
  const first = Math.ceil(min / step - 1e-9);
  const last = Math.floor(max / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** The range of all finite values, a little widened so that nothing lies on the edge. */
export function extent(values: readonly number[], margin = 0.04): [number, number] {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  if (min > max) return [0, 1];
  const pad = (max - min) * margin || Math.abs(max) * margin || 1;
  return [min - pad, max + pad];
}

/** As [linear], in logarithms: equal factors are equally far. */
export function logarithmic([d0, d1]: readonly [number, number], range: readonly [number, number]): Scale {
  const scale = linear([Math.log(d0), Math.log(d1)], range);
  return (value) => scale(Math.log(value));
}

/** Powers of ten from `min` to `max`, with 2 and 5 between them where they are few; `count` at most, or nearly. */
export function logTicks(min: number, max: number, count = 5): number[] {
  const [from, to] = [Math.floor(Math.log10(min)), Math.ceil(Math.log10(max))];
  const powers = Array.from({ length: to - from + 1 }, (_, i) => from + i);
  const of = (factors: number[]) =>
    powers
      .flatMap((power) => factors.map((factor) => Number(`${factor}e${power}`)))
      .filter((tick) => tick >= min * (1 - 1e-9) && tick <= max * (1 + 1e-9));
  const tens = of([1]);
  if (tens.length > count) {
    const each = Math.ceil(tens.length / count);
    return tens.filter((_, i) => i % each === 0);
  }
  if (tens.length >= 3) return tens;
  const more = of([1, 2, 5]);
  return more.length >= 2 ? more : ticks(min, max, count);
}

/** [extent] in logarithms, of the values above 0. */
export function logExtent(values: readonly number[], margin = 0.04): [number, number] {
  const [min, max] = extent(
    values.filter((value) => value > 0).map((value) => Math.log(value)),
    margin,
  );
  return [Math.exp(min), Math.exp(max)];
}
