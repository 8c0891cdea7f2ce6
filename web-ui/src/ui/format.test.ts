import { describe, expect, it } from 'vitest';
import type { Json, Num } from '../api/types';
import {
  formatAgo,
  formatBytes,
  formatCount,
  formatDuration,
  formatItem,
  formatJson,
  formatNumber,
  formatParam,
  formatTicking,
  plural,
  shortDigest,
} from './format';

describe('durations', () => {
  it.each([
    [0, '0 ms'],
    [850, '850 ms'],
    [4_230, '4.2 s'],
    [9_960, '10 s'],
    [59_400, '59 s'],
    [59_600, '1 m 00 s'],
    [64_000, '1 m 04 s'],
    [7_500_000, '2 h 05 m'],
    [273_600_000, '3 d 4 h'],
    [-5, '0 s'],
    [Number.NaN, '0 s'],
  ])('%d ms is %s', (ms, text) => expect(formatDuration(ms)).toBe(text));

  it.each([
    [0, '0 s'],
    [999, '0 s'],
    [1_900, '1 s'],
    [10_500, '10 s'],
    [60_000, '1 m 00 s'],
    [-3, '0 s'],
  ])('%d ms ticks as %s', (ms, text) => expect(formatTicking(ms)).toBe(text));
});

describe('ages', () => {
  it.each([
    [10_000, 'just now'],
    [-4_000, 'just now'],
    [60_000, '1 min ago'],
    [3_000_000, '50 min ago'],
    [10_800_000, '3 h ago'],
    [172_800_000, '2 d ago'],
  ])('%d ms before is %s', (age, text) =>
    expect(formatAgo(1_800_000_000_000 - age, 1_800_000_000_000)).toBe(text),
  );

  it('is a date when it is long ago', () => {
    expect(formatAgo(Date.parse('2026-01-05T10:00:00Z'), Date.parse('2026-06-01T00:00:00Z'))).toBe(
      '2026-01-05',
    );
  });
});

describe('numbers', () => {
  it.each<[Num, string]>([
    [0, '0'],
    [214, '214'],
    [0.786_312, '0.7863'],
    [0.5, '0.5'],
    [1234.567, '1235'],
    [-0.061_23, '-0.06123'],
    [0.000_012_3, '1.23e-5'],
    [12_345_678, '1.23e+7'],
    ['NaN', 'NaN'],
    ['Infinity', '∞'],
    ['-Infinity', '−∞'],
    [Number.NEGATIVE_INFINITY, '−∞'],
  ])('%s is %s', (value, text) => expect(formatNumber(value)).toBe(text));

  it.each([
    [0, '0 B'],
    [1_023, '1023 B'],
    [1_536, '1.5 KiB'],
    [20 * 1_048_576, '20 MiB'],
    [5 * 1_099_511_627_776, '5.0 TiB'],
  ])('%d bytes are %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  it.each([
    [7, '7'],
    [1_000, '1,000'],
    [1_234_567, '1,234,567'],
  ])('%d is counted as %s', (count, text) => expect(formatCount(count)).toBe(text));

  it('agrees with its noun', () => {
    expect([plural(1, 'row'), plural(2_000, 'row'), plural(2, 'entry', 'entries')]).toEqual([
      '1 row',
      '2,000 rows',
      '2 entries',
    ]);
  });
});

it.each<[Json, string]>([
  ['credit_risk', 'credit_risk'],
  [0.75, '0.75'],
  [true, 'true'],
  [null, 'null'],
  [[1, 2], '[1,2]'],
  [{ kind: 'dataset', name: 'train.csv', digest: 'sha256:00', size: 1, files: [] }, 'train.csv'],
  [{ a: 1 }, '{"a":1}'],
])('the value %j reads %s', (value, text) => expect(formatJson(value)).toBe(text));

it('shortens a digest to what tells it apart', () => {
  expect(shortDigest(`sha256:${'0123456789abcdef'.repeat(4)}`)).toBe('0123456789ab');
});

it.each([
  ['0.08', '0.08'],
  ['{not json', '{not json'],
  ['{"a":1}', '{"a":1}'],
  ['{"kind":"dataset","name":"train.csv","digest":"sha256:00"}', 'train.csv'],
])('the param %s reads %s', (value, text) => expect(formatParam(value)).toBe(text));

it('writes an instance by its axes', () =>
  expect(formatItem({ rate: 0.1, data: { name: 'a.csv', digest: 'sha256:0' } })).toBe(
    'rate = 0.1, data = a.csv',
  ));

it("writes a study's trial by its params", () =>
  expect(formatItem({ params: { lr: 0.01, kind: 'a' }, asked: 3 })).toBe('lr = 0.01, kind = a'));
