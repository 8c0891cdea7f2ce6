import { describe, expect, it } from 'vitest';
import type { Artifact, LogLine, TrackedRun } from '../api/types';
import { type ArtifactNode, artifactTree } from './artifactTree';
import { isEvaluation } from './evaluation';
import { byWeight, fitting, headlineMetrics } from './headline';
import { appendLines, applySeries, EMPTY_LOG } from './live';
import { plainText } from './logText';
import { binaryEvaluation, multiclassEvaluation, regressionEvaluation } from './run.fake';

function lines(...numbers: number[]): LogLine[] {
  return numbers.map((number) => ({
    number,
    at: '2026-01-01T00:00:00Z',
    stream: 'stdout',
    text: `line ${number}`,
  }));
}

describe('lines of a log', () => {
  const three = appendLines(EMPTY_LOG, lines(1, 2, 3)).log;
  it.each<[string, LogLine[], number[], boolean]>([
    ['follow on', lines(4, 5), [1, 2, 3, 4, 5], false],
    ['that are there are left out', lines(2, 3, 4), [1, 2, 3, 4], false],
    ['behind a gap are left for reading on', lines(6, 7), [1, 2, 3], true],
    ['before a gap are taken', lines(4, 6), [1, 2, 3, 4], true],
    ['may be none', [], [1, 2, 3], false],
  ])('%s', (_, told, numbers, gap) => {
    const grown = appendLines(three, told);
    expect(grown.log.lines.map((line) => line.number)).toEqual(numbers);
    expect(grown.log.next).toBe(numbers.at(-1));
    expect(grown.gap).toBe(gap);
  });

  it('keep the log as it is when nothing is new', () => expect(appendLines(three, lines(1)).log).toBe(three));

  it('are let go, the oldest first, when there are too many', () => {
    const { log } = appendLines(three, lines(4, 5), 3);
    expect(log.lines.map((line) => line.number)).toEqual([3, 4, 5]);
    expect(log.next).toBe(5);
  });
});

it.each([
  ['plain', 'plain'],
  ['\u001b[31mred\u001b[0m text', 'red text'],
  ['10 %\r50 %\r100 %', '100 %'],
  ['windows\r', 'windows'],
  ['', ''],
])('the line %j reads %j', (line, text) => expect(plainText(line)).toBe(text));

describe('newest values', () => {
  const run = { metrics: [] } as unknown as TrackedRun;
  const once = applySeries(run, [{ key: 'b', steps: [0, 1], timestamps: [10, 20], values: [3, 1] }]);

  it('begin with the first point', () => {
    expect(once.metrics).toEqual([
      { key: 'b', value: 1, step: 1, timestamp: '1970-01-01T00:00:00.020Z', min: 1, max: 3, points: 2 },
    ]);
  });

  it('move on, and an old point changes nothing', () => {
    const twice = applySeries(once, [
      { key: 'b', steps: [1, 2], timestamps: [20, 30], values: [1, 5] },
      { key: 'a', steps: [0], timestamps: [1], values: ['NaN'] },
    ]);
    expect(twice.metrics.map((metric) => [metric.key, metric.value, metric.max, metric.points])).toEqual([
      ['a', 'NaN', 'NaN', 1],
      ['b', 5, 5, 3],
    ]);
  });
});

describe('what tells most', () => {
  const metric = (key: string) => ({ key, value: 1, step: 0, timestamp: '', min: 1, max: 1, points: 1 });
  it.each<[string[], string[]]>([
    [
      ['accuracy', 'auc', 'logLoss', 'macroF1'],
      ['auc', 'accuracy'],
    ],
    [
      ['train-auc', 'train-logloss', 'validation-auc', 'validation-logloss'],
      ['validation-auc', 'validation-logloss'],
    ],
    [['system/cpu', 'loss'], ['loss']],
    [[], []],
  ])('of %j is %j', (keys, told) => {
    expect(headlineMetrics(keys.map(metric)).map((each) => each.key)).toEqual(told);
  });

  it('comes first', () =>
    expect(byWeight(['train-auc', 'mae', 'rmse'])).toEqual(['rmse', 'mae', 'train-auc']));

  it('is cut to one line, but never to nothing', () => {
    const long = [metric('a-very-long-name-of-a-metric-that-fills-the-line'), metric('auc')];
    expect(fitting(long).map((each) => each.key)).toEqual([long[0]?.key]);
    expect(fitting([metric('auc'), metric('accuracy')])).toHaveLength(2);
  });
});

describe('artifacts as a tree', () => {
  const artifact = (path: string, size: number): Artifact => ({
    path,
    size,
    digest: '',
    mediaType: '',
    createdAt: '',
  });
  const draw = (nodes: ArtifactNode[], depth = 0): string[] =>
    nodes.flatMap((node) =>
      node.kind === 'file'
        ? [`${' '.repeat(depth)}${node.name}`]
        : [`${' '.repeat(depth)}${node.name}/ ${node.files} ${node.size}`, ...draw(node.children, depth + 1)],
    );

  it('has folders first, with what is in them in all', () => {
    const tree = artifactTree([
      artifact('report.html', 5),
      artifact('models/a/model.ubj', 100),
      artifact('models/a/schema.json', 10),
      artifact('models/readme.md', 1),
    ]);
    expect(draw(tree)).toEqual([
      'models/ 3 111',
      ' a/ 2 110',
      '  model.ubj',
      '  schema.json',
      ' readme.md',
      'report.html',
    ]);
  });

  it('is empty without artifacts', () => expect(artifactTree([])).toEqual([]));
});

describe('evaluation.json', () => {
  it.each<[string, unknown, boolean]>([
    ['binary', binaryEvaluation(), true],
    ['multiclass', multiclassEvaluation(), true],
    ['regression', regressionEvaluation(10), true],
    ['somebody else’s', { score: 1 }, false],
    ['a task we do not know', { ...binaryEvaluation(), task: 'ranking' }, false],
    ['without its matrix', { ...binaryEvaluation(), confusion: undefined }, false],
    ['with a broken curve', { ...binaryEvaluation(), roc: [{ fpr: [0] }] }, false],
    ['a list', [], false],
    ['nothing', null, false],
  ])('%s', (_, body, ours) => expect(isEvaluation(body)).toBe(ours));
});
