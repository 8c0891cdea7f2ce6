import { describe, expect, it } from 'vitest';
import type { Json, Num, Parameter, StudyCurve, StudyTrial, TrialState } from '../api/types';
import { frontOf, shareBeaten, staircase } from './front';
import { step } from './Picker';
import { goodness, linePath, nearestLine, paramAxis, valueAxis } from './parallel';
import { logarithmic, logExtent, logTicks } from './scale';
import { bestSoFar, type Told, telling, thinned, toldOf } from './trialHistory';

describe('axes of parallel coordinates', () => {
  const rate: Parameter = { type: 'double', low: 1e-4, high: 1, log: true };
  const depth: Parameter = { type: 'int', low: 2, high: 10 };
  const kind: Parameter = { values: ['a', 'b', null, 3] };
  it.each<[string, Parameter, Json | undefined, number | undefined]>([
    ['the low end', depth, 2, 0],
    ['the high end', depth, 10, 1],
    ['half way', depth, 6, 0.5],
    ['half way in logarithms', rate, 0.01, 0.5],
    ['the low end in logarithms', rate, 1e-4, 0],
    ['outside the range', depth, 99, 1],
    ['no number', depth, 'x', undefined],
    ['nothing', depth, undefined, undefined],
    ['nothing that has a logarithm', rate, 0, undefined],
    ['the first value', kind, 'a', 0.125],
    ['null', kind, null, 0.625],
    ['a number among texts', kind, 3, 0.875],
    ['a value that is none', kind, 'z', undefined],
    ['a range of one', { type: 'int', low: 4, high: 4 }, 4, 0.5],
  ])('%s', (_, parameter, value, place) => {
    const found = paramAxis('p', parameter).place(value);
    if (place === undefined) expect(found).toBeUndefined();
    else expect(found).toBeCloseTo(place, 10);
  });

  it.each<[string, Parameter, string[]]>([
    ['numbers', depth, ['2', '4', '6', '8', '10']],
    ['logarithms', rate, ['0.0001', '0.001', '0.01', '0.1', '1']],
    ['values', kind, ['a', 'b', 'null', '3']],
    ['one value', { type: 'int', low: 4, high: 4 }, ['4']],
  ])('marks of %s', (_, parameter, labels) =>
    expect(paramAxis('p', parameter).ticks.map((tick) => tick.label)).toEqual(labels),
  );

  it('leave a place for trials without the param where it depends on another', () => {
    expect(paramAxis('p', { ...depth, when: { kind: ['a'] } }).optional).toBe(true);
    expect(paramAxis('p', depth).optional).toBe(false);
  });

  it('of an objective reach as far as trials have', () => {
    const axis = valueAxis('loss', [2, Number.NaN, 4]);
    expect([axis.place(2), axis.place(3), axis.place(4)]).toEqual([0, 0.5, 1]);
    expect(valueAxis('loss', []).ticks).toEqual([]);
  });
});

describe('how good a value is', () => {
  it.each<[string, number[], boolean, (number | undefined)[]]>([
    ['small is good', [3, 1, 2], false, [0, 1, 0.5]],
    ['large is good', [3, 1, 2], true, [1, 0, 0.5]],
    ['one far off changes nothing', [1, 2, 1e9], false, [1, 0.5, 0]],
    ['equal ones are equally good', [1, 1, 2], false, [1, 1, 0]],
    ['what is no number has none', [1, Number.NaN, 2], false, [1, undefined, 0]],
    ['one alone is the best', [7], true, [1]],
    ['nothing', [], true, []],
  ])('%s', (_, values, maximize, good) => expect(goodness(values, maximize)).toEqual(good));
});

describe('lines', () => {
  const y = (place: number) => 100 - 100 * place;
  it('go by the foot where there is nothing', () =>
    expect(linePath([0, undefined, 1], [0, 10, 20], y, 130)).toBe('M0.0 100.0L10.0 130.0L20.0 0.0'));
  const lines = [
    [0, 100],
    [50, 50],
    [Number.NaN, 10],
  ];
  it.each([
    [0, 2, 0],
    [10, 52, 1],
    [90, 88, 0],
    [50, 10, -1],
    [200, 100, 0],
    [-20, 0, 0],
  ])('the nearest to %d, %d', (px, py, index) => expect(nearestLine(lines, [0, 100], px, py)).toBe(index));
});

const trial = (number: number, state: TrialState, ...values: Num[]): StudyTrial => ({
  number,
  state,
  origin: 'SAMPLED',
  params: {},
  values,
  attempt: 1,
  createdAt: '2026-01-01T00:00:00Z',
});

describe('the history', () => {
  const curves = new Map<number, StudyCurve>([
    [1, { number: 1, steps: [1, 3], values: [0.1, 0.2] }],
    [2, { number: 2, steps: [1], values: ['NaN'] }],
  ]);
  it.each<[string, StudyTrial, number, Told['kind']]>([
    ['what it told', trial(0, 'COMPLETE', 0.5), 0.5, 'complete'],
    ['what it last reported', trial(1, 'PRUNED'), 0.2, 'stopped'],
    ['of one that may go on', trial(1, 'PAUSED'), 0.2, 'paused'],
    ['of one that goes on', trial(1, 'RUNNING'), 0.2, 'running'],
    ['what failed has none', trial(1, 'FAILED'), Number.NaN, 'failed'],
    ['a report that is no number', trial(2, 'PRUNED'), Number.NaN, 'stopped'],
    ['nothing yet', trial(3, 'WAITING'), Number.NaN, 'none'],
    ['an earlier study’s', { ...trial(0, 'COMPLETE', 1), origin: 'EARLIER' }, 1, 'earlier'],
  ])('%s', (_, each, value, kind) =>
    expect(toldOf([each], curves)).toEqual([{ number: each.number, value, kind }]),
  );

  it('of a second objective knows no reports', () => {
    expect(toldOf([trial(0, 'COMPLETE', 1, 2), trial(1, 'PRUNED')], curves, 1)).toEqual([
      { number: 0, value: 2, kind: 'complete' },
      { number: 1, value: Number.NaN, kind: 'stopped' },
    ]);
  });

  const told = (values: number[], kind: Told['kind'] = 'complete') =>
    values.map((value, number) => ({ number, value, kind }));
  it.each<[string, Told[], boolean, number[]]>([
    ['grows', told([1, 3, 2, 4]), true, [0, 1, 3]],
    ['shrinks', told([3, 1, 2, 0]), false, [0, 1, 3]],
    ['is not the same again', told([1, 1, 2]), true, [0, 2]],
    ['leaves out what is no number', told([Number.NaN, 1]), true, [1]],
    ['leaves out what was not to the end', told([1, 2], 'stopped'), true, []],
    ['leaves out an earlier study', told([1, 2], 'earlier'), true, []],
  ])('best so far %s', (_, trials, maximize, numbers) =>
    expect(bestSoFar(trials, maximize).map((each) => each.number)).toEqual(numbers),
  );

  const many = (value: number) => Array.from({ length: 19 }, (_, i) => value + i / 19);
  it.each<[string, number[], boolean, [number, number]]>([
    ['all values', [0, 10], false, [-0.6, 10.6]],
    ['nothing', [], false, [0, 1]],
    ['one value', [5], false, [4.7, 5.3]],
    ['few, however far off', [0, 1, 1000], false, [-60, 1060]],
  ])('shows %s', (_, values, maximize, range) => expect(telling(values, maximize)).toEqual(range));
  it('does not let one bad value hide the others', () => {
    const [low, high] = telling([...many(1), 1e6], false);
    expect(low).toBeLessThan(1);
    expect(high).toBeGreaterThan(2);
    expect(high).toBeLessThan(3);
    const [floor, top] = telling([...many(1), -1e6], true);
    expect(floor).toBeGreaterThan(0);
    expect(top).toBeGreaterThan(many(1).at(-1) as number);
  });
});

describe('curves', () => {
  const curve = (number: number, length: number): StudyCurve => ({
    number,
    steps: Array.from({ length }, (_, i) => i),
    values: Array.from({ length }, (_, i) => i * 2),
  });
  it('stay as they are while they are few', () => expect(thinned([curve(0, 5)], 5)).toEqual([curve(0, 5)]));
  it('keep their ends, and what belongs together, where they are many', () => {
    const [first, second] = thinned([curve(0, 10), curve(1, 2)], 4);
    expect(first).toEqual({ number: 0, steps: [0, 3, 6, 9], values: [0, 6, 12, 18] });
    expect(second?.steps).toEqual([0, 1]);
  });
});

describe('the front', () => {
  it.each<[string, number[][], boolean[], number[]]>([
    [
      'both small',
      [
        [1, 4],
        [2, 2],
        [3, 3],
        [4, 1],
      ],
      [false, false],
      [0, 1, 3],
    ],
    [
      'one large',
      [
        [1, 4],
        [2, 2],
        [3, 3],
        [4, 1],
      ],
      [true, false],
      [3],
    ],
    [
      'both large',
      [
        [1, 4],
        [2, 2],
        [3, 3],
        [4, 1],
      ],
      [true, true],
      [0, 2, 3],
    ],
    [
      'equal ones are both on it',
      [
        [1, 1],
        [1, 1],
        [2, 1],
      ],
      [false, false],
      [0, 1],
    ],
    [
      'three objectives',
      [
        [1, 1, 1],
        [2, 2, 2],
        [0, 3, 3],
      ],
      [false, false, false],
      [0, 2],
    ],
    ['nothing', [], [false, false], []],
  ])('%s', (_, points, maximize, front) => expect(frontOf(points, maximize)).toEqual(front));

  it.each<[string, [number, number][], boolean, [number, number][]]>([
    [
      'small',
      [
        [4, 1],
        [1, 4],
        [2, 2],
      ],
      false,
      [
        [1, 4],
        [2, 4],
        [2, 2],
        [4, 2],
        [4, 1],
      ],
    ],
    [
      'large',
      [
        [1, 1],
        [4, 3],
      ],
      true,
      [
        [4, 3],
        [1, 3],
        [1, 1],
      ],
    ],
    ['one', [[1, 1]], false, [[1, 1]]],
  ])('as a line where the first is to be %s', (_, front, maximize, corners) =>
    expect(staircase(front, maximize)).toEqual(corners),
  );

  it.each<[string, number[][], boolean[], number | undefined]>([
    [
      'one best in all',
      [
        [0, 0],
        [1, 1],
      ],
      [false, false],
      1,
    ],
    [
      'only the ends',
      [
        [0, 1],
        [1, 0],
      ],
      [false, false],
      0,
    ],
    [
      'a corner between',
      [
        [0, 10],
        [5, 5],
        [10, 0],
      ],
      [false, false],
      0.25,
    ],
    [
      'the same to be large',
      [
        [0, 10],
        [5, 5],
        [10, 0],
      ],
      [true, true],
      0.25,
    ],
    [
      'three objectives',
      [
        [0, 2, 2],
        [2, 0, 2],
        [2, 2, 0],
        [1, 1, 1],
      ],
      [false, false, false],
      0.125,
    ],
    ['one trial', [[1, 1]], [false, false], undefined],
    [
      'nothing differs in one',
      [
        [1, 1],
        [2, 1],
      ],
      [false, false],
      undefined,
    ],
  ])('beats, with %s', (_, points, maximize, share) => expect(shareBeaten(points, maximize)).toEqual(share));
});

describe('scales in logarithms', () => {
  it.each<[number, number, number, number[]]>([
    [1e-4, 1, 5, [1e-4, 1e-3, 0.01, 0.1, 1]],
    [1e-8, 1, 4, [1e-8, 1e-5, 0.01]],
    [16, 512, 5, [20, 50, 100, 200, 500]],
    [3, 4, 4, [3, 3.25, 3.5, 3.75, 4]],
  ])('ticks from %d to %d', (min, max, count, expected) =>
    expect(logTicks(min, max, count)).toEqual(expected),
  );
  it('map equal factors to equal ways', () => {
    const scale = logarithmic([1, 100], [0, 10]);
    expect([scale(1), scale(10), scale(100)]).toEqual([0, 5, 10]);
  });
  it('reach over what is above 0', () => {
    const [low, high] = logExtent([-1, 0, 1, 100], 0.5);
    expect([low, high].map((end) => Number(end.toPrecision(6)))).toEqual([0.1, 1000]);
  });
});

describe('keys', () => {
  const odd = (index: number) => index % 2 === 1;
  it.each<[string, number, number | undefined]>([
    ['ArrowRight', -1, 1],
    ['ArrowRight', 1, 3],
    ['ArrowRight', 5, 5],
    ['ArrowLeft', 3, 1],
    ['ArrowLeft', 1, 1],
    ['ArrowLeft', -1, 5],
    ['Home', 3, 1],
    ['End', 1, 5],
    ['Escape', 3, -1],
    ['Escape', -1, undefined],
    ['Tab', 3, undefined],
  ])('%s from %d', (key, chosen, next) => expect(step(key, chosen, 6, odd)).toBe(next));
});
