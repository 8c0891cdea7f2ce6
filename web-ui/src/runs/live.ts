import type { LatestMetric, LogLine, MetricSeries, TrackedRun } from '../api/types';
import { toNumber } from '../api/types';

/** The lines of a log that are loaded, without gaps. */
export interface Log {
  lines: LogLine[];
  /** The number of the last line: where to read on. */
  next: number;
}

export const EMPTY_LOG: Log = { lines: [], next: 0 };

/** A page keeps this many lines at most; older ones are let go. */
export const MAX_LINES = 100_000;

/**
 * Adds lines that follow on those that are there. Lines that are there already are left out, and so are lines
 * behind a gap: `gap` says that reading on from `next` is needed.
 */
export function appendLines(
  log: Log,
  lines: readonly LogLine[],
  most = MAX_LINES,
): { log: Log; gap: boolean } {
  const fresh: LogLine[] = [];
  let next = log.next;
  for (const line of lines) {
    if (line.number <= next) continue;
    if (line.number > next + 1) return { log: grow(log, fresh, next, most), gap: true };
    fresh.push(line);
    next = line.number;
  }
  return { log: grow(log, fresh, next, most), gap: false };
}

function grow(log: Log, fresh: LogLine[], next: number, most: number): Log {
  if (fresh.length === 0) return log;
  const lines = log.lines.length === 0 ? fresh : log.lines.concat(fresh);
  return { lines: lines.length > most ? lines.slice(-most) : lines, next };
}

/** The run with its newest values brought up to the points of a stream. */
export function applySeries(run: TrackedRun, series: readonly MetricSeries[]): TrackedRun {
  const metrics = new Map(run.metrics.map((metric) => [metric.key, metric]));
  for (const { key, steps, timestamps, values } of series) {
    steps.forEach((step, i) => {
      const value = values[i];
      if (value === undefined) return;
      metrics.set(key, advance(metrics.get(key), key, step, timestamps[i] ?? 0, value));
    });
  }
  return { ...run, metrics: [...metrics.values()].sort((a, b) => (a.key < b.key ? -1 : 1)) };
}

function advance(
  known: LatestMetric | undefined,
  key: string,
  step: number,
  at: number,
  value: LatestMetric['value'],
): LatestMetric {
  if (!known)
    return { key, value, step, timestamp: new Date(at).toISOString(), min: value, max: value, points: 1 };
  const time = Date.parse(known.timestamp);
  if (step < known.step || (step === known.step && at <= time)) return known;
  return {
    key,
    value,
    step,
    timestamp: new Date(at).toISOString(),
    min: toNumber(value) < toNumber(known.min) ? value : known.min,
    max: toNumber(value) > toNumber(known.max) ? value : known.max,
    points: known.points + 1,
  };
}
