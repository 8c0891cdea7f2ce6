import { describe, expect, it } from 'vitest';
import type { MetricHistory, MetricSeries, Num } from '../api/types';
import { confusionCells, formatShare, heat } from './confusion';
import { groupMetrics } from './metricGroups';
import { nearestPoint, rocPath } from './roc';
import { dotsPath } from './ScatterChart';
import { extent, linear, ticks } from './scale';
import { align, appendPoints } from './series';

function history(steps: number[], values: Num[], key = 'loss'): MetricHistory {
  return { runId: 'r', key, points: steps.length, steps, timestamps: steps.map((step) => step * 10), values };
}

describe('groups of metrics', () => {
  it.each<[string, string[], string[]]>([
    ['train and validation share a chart', ['validation-auc', 'train-auc'], ['auc: train validation']],
    ['others stand alone', ['loss', 'lr'], ['loss: value', 'lr: value']],
    ['a bare key joins its split', ['loss', 'train-loss'], ['loss: train value']],
    [
      'other prefixes are part of the name',
      ['test-auc', 'retrain-auc'],
      ['retrain-auc: value', 'test-auc: value'],
    ],
    ['a prefix alone is a name', ['train-'], ['train-: value']],
    ['nothing', [], []],
  ])('%s', (_, keys, groups) => {
    const found = groupMetrics(keys);
    expect(
      found.map((group) => `${group.name}: ${group.members.map((member) => member.label).join(' ')}`),
    ).toEqual(groups);
  });
});

describe('aligning series', () => {
  it('lays them over the union of their steps', () => {
    expect(align([history([0, 2], [1, 3]), history([1, 2], [5, 6])])).toEqual([
      [0, 1, 2],
      [1, undefined, 3],
      [undefined, 5, 6],
    ]);
  });

  it('makes a gap of what is not a number', () => {
    expect(align([history([0, 1, 2], ['NaN', 2, 'Infinity'])])).toEqual([
      [0, 1, 2],
      [null, 2, null],
    ]);
  });

  it('knows a series that is not loaded yet', () => {
    expect(align([undefined, history([0], [1])])).toEqual([[0], [undefined], [1]]);
  });
});

describe('points from the stream', () => {
  const known = history([0, 1, 2], [9, 8, 7]);
  it.each<[string, Omit<MetricSeries, 'key'>, number[], number]>([
    ['new ones are added', { steps: [3, 4], timestamps: [30, 40], values: [6, 5] }, [0, 1, 2, 3, 4], 5],
    [
      'known ones are left out',
      { steps: [1, 2, 3], timestamps: [10, 20, 30], values: [8, 7, 6] },
      [0, 1, 2, 3],
      4,
    ],
    ['a later point of the last step counts', { steps: [2], timestamps: [21], values: [6] }, [0, 1, 2, 2], 4],
  ])('%s', (_, series, steps, points) => {
    const grown = appendPoints(known, { key: 'loss', ...series });
    expect(grown.steps).toEqual(steps);
    expect(grown.values).toHaveLength(steps.length);
    expect(grown.timestamps).toHaveLength(steps.length);
    expect(grown.points).toBe(points);
  });

  it('leave the history as it is when nothing is new', () => {
    expect(appendPoints(known, { key: 'loss', steps: [2], timestamps: [20], values: [7] })).toBe(known);
  });

  it('count all points, not only those that were sent', () => {
    const thinned = { ...known, points: 1_000 };
    expect(appendPoints(thinned, { key: 'loss', steps: [3], timestamps: [30], values: [1] }).points).toBe(
      1_001,
    );
  });
});

describe('scales', () => {
  it.each<[number, number, number, number[]]>([
    [0, 1, 5, [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [3.2, 18.9, 4, [5, 10, 15]],
    [-1, 1, 4, [-1, -0.5, 0, 0.5, 1]],
    [0, 1_000_000, 4, [0, 250_000, 500_000, 750_000, 1_000_000]],
    [7, 7, 4, [7]],
  ])('ticks from %d to %d', (min, max, count, expected) => expect(ticks(min, max, count)).toEqual(expected));

  it('map a range to a range', () => {
    const y = linear([0, 10], [100, 0]);
    expect([y(0), y(5), y(10)]).toEqual([100, 50, 0]);
    expect(linear([3, 3], [0, 100])(3)).toBe(0);
  });

  it.each<[string, number[], [number, number]]>([
    ['nothing', [], [0, 1]],
    ['one value', [5], [4.5, 5.5]],
    ['values that are none', [Number.NaN, 0, 10, Number.POSITIVE_INFINITY], [-1, 11]],
  ])('the extent of %s', (_, values, range) => expect(extent(values, 0.1)).toEqual(range));
});

describe('ROC curves', () => {
  const roc = { fpr: [0, 0.25, 1], tpr: [0, 0.75, 1] };
  it('go from the lower left to the upper right', () => expect(rocPath(roc, 100)).toBe('M0 100L25 25L100 0'));
  it.each([
    [0.2, 0.8, 1],
    [0.9, 0.9, 2],
    [0, 0, 0],
  ])('tell the point nearest to %d, %d', (fpr, tpr, index) =>
    expect(nearestPoint(roc, fpr, tpr)).toBe(index),
  );
  it('have no nearest point when empty', () => expect(nearestPoint({ fpr: [], tpr: [] }, 0, 0)).toBe(-1));
});

describe('confusion matrices', () => {
  it('give each field its part of the actual class', () => {
    const cells = confusionCells(
      ['bad', 'good'],
      [
        [30, 10],
        [0, 0],
      ],
    );
    expect(cells.map((cell) => [cell.actual, cell.predicted, cell.count, cell.share, cell.correct])).toEqual([
      ['bad', 'bad', 30, 0.75, true],
      ['bad', 'good', 10, 0.25, false],
      ['good', 'bad', 0, 0, false],
      ['good', 'good', 0, 0, true],
    ]);
  });

  it.each([
    [0, '0 %'],
    [0.004, '< 1 %'],
    [0.484, '48 %'],
    [0.995, '> 99 %'],
    [1, '100 %'],
  ])('the share %d reads %s', (share, text) => expect(formatShare(share)).toBe(text));

  it('heat grows with the share and stays in bounds', () => {
    expect([heat(-1), heat(0), heat(0.25), heat(1), heat(2)]).toEqual([0, 0, 0.5, 1, 1]);
  });
});

it('draws only points that are numbers', () => {
  expect(dotsPath([1, Number.NaN, 3], [2, 2, Number.POSITIVE_INFINITY])).toBe('M1.0 2.0h0');
});
