import type { Json, Num } from '../api/types';

/** 850 ms, 4.2 s, 1 m 04 s, 2 h 05 m, 3 d 4 h. */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms) || ms < 0) return '0 s';
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 9_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} m ${pad(seconds % 60)} s`;
  if (seconds < 86_400)
    return `${Math.floor(seconds / 3_600)} h ${pad(Math.floor((seconds % 3_600) / 60))} m`;
  return `${Math.floor(seconds / 86_400)} d ${Math.floor((seconds % 86_400) / 3_600)} h`;
}

/** As [formatDuration], in whole seconds: for a duration that ticks. */
export function formatTicking(ms: number): string {
  return formatDuration(Math.max(0, Math.floor(ms / 1_000) * 1_000))
    .replace('.0 s', ' s')
    .replace('0 ms', '0 s');
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}

/** just now, 5 min ago, 3 h ago, 2 d ago; a date when it is older than a month. */
export function formatAgo(at: number, now: number): string {
  const seconds = Math.round((now - at) / 1_000);
  if (seconds < 45) return 'just now';
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.round(seconds / 3_600);
  if (hours < 36) return `${hours} h ago`;
  const days = Math.round(seconds / 86_400);
  if (days < 31) return `${days} d ago`;
  return new Date(at).toISOString().slice(0, 10);
}

/** now, in 40 s, in 5 min, in 3 h, in 2 d. */
export function formatUntil(at: number, now: number): string {
  const seconds = Math.ceil((at - now) / 1_000);
  if (seconds <= 0) return 'now';
  if (seconds < 90) return `in ${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `in ${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 36 ? `in ${hours} h` : `in ${Math.round(hours / 24)} d`;
}

/** In the reader's own time zone: 2026-03-01 14:05:09. */
export function formatTime(at: string | number): string {
  const date = new Date(at);
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())} ${formatClock(at)}`;
}

/** 14:05:09 */
export function formatClock(at: string | number): string {
  const date = new Date(at);
  return `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
}

/** 512 B, 1.5 KiB, 20 MiB. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`;
  let value = bytes;
  for (const unit of ['KiB', 'MiB', 'GiB', 'TiB']) {
    value /= 1_024;
    if (value < 1_024 || unit === 'TiB')
      return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`;
  }
  return `${bytes} B`;
}

/** Four significant digits, without trailing zeros; whole numbers up to a million as they are. */
export function formatNumber(value: Num): string {
  if (typeof value === 'string') return value === 'NaN' ? 'NaN' : value === 'Infinity' ? '∞' : '−∞';
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1_000_000) return String(value);
  if (size >= 1_000_000 || size < 0.000_1) return value.toExponential(2);
  return String(Number(value.toPrecision(4)));
}

/** 1 234 567 as 1,234,567. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** sha256:0123456789abcdef… as 0123456789ab. */
export function shortDigest(digest: string): string {
  return digest.replace(/^sha256:/, '').slice(0, 12);
}

/** A param or output in one line; a data reference by its name. */
export function formatJson(value: Json): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return formatNumber(value);
  if (value !== null && !Array.isArray(value) && typeof value === 'object') {
    if (typeof value.name === 'string' && typeof value.digest === 'string') return value.name;
  }
  return JSON.stringify(value);
}

/** Whether an instance is the trial of a study. */
export function isTrial(item: Record<string, Json> | undefined): boolean {
  const params = item?.params;
  return (
    item !== undefined &&
    'asked' in item &&
    params != null &&
    typeof params === 'object' &&
    !Array.isArray(params)
  );
}

/** What tells an instance from the others: a combination's values, or the params of a study's trial. */
export function itemValues(item: Record<string, Json>): Record<string, Json> {
  return isTrial(item) ? (item.params as Record<string, Json>) : item;
}

/** The same as text: rate = 0.1, shard = 3. */
export function formatItem(item: Record<string, Json>): string {
  return Object.entries(itemValues(item))
    .map(([axis, value]) => `${axis} = ${formatJson(value)}`)
    .join(', ');
}

/** A tracked run's param, which is always text: one that holds a data reference by the data's name. */
export function formatParam(text: string): string {
  if (!text.startsWith('{')) return text;
  try {
    return formatJson(JSON.parse(text) as Json);
  } catch {
    // It only looks like JSON.
    return text;
  }
}
