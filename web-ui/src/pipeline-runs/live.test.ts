import { describe, expect, it } from 'vitest';
import type { Page, PipelineRun, PipelineRunSummary, RunChanges, Task, TaskState } from '../api/types';
import { columnsOf } from './levels';
import {
  applyChanges,
  failedTask,
  mergeSummary,
  newerRun,
  progressOf,
  type RunFilter,
  summaryOf,
} from './live';
import { creditPlan, pipelineRunAt } from './pipelineRun.fake';

function aRun(id: string, minute: number, more: Partial<PipelineRunSummary> = {}): PipelineRunSummary {
  const at = new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();
  return {
    id,
    number: minute,
    pipeline: 'p',
    version: 1,
    state: 'RUNNING',
    tasks: {},
    createdAt: at,
    ...more,
  };
}

const PAGES: Page<PipelineRunSummary>[] = [
  { items: [aRun('e', 50), aRun('d', 40)], next: 'd' },
  { items: [aRun('b', 20), aRun('a', 10)], next: 'a' },
];

describe('a run that changed, in the loaded pages', () => {
  it.each<[string, PipelineRunSummary, RunFilter, string[]]>([
    ['is replaced where it is', aRun('b', 20, { state: 'FAILED' }), {}, ['e', 'd', 'b', 'a']],
    ['comes first when it is new', aRun('f', 60), {}, ['f', 'e', 'd', 'b', 'a']],
    ['comes in its place by age', aRun('c', 30), {}, ['e', 'd', 'c', 'b', 'a']],
    ['waits for its page when it is older than all', aRun('0', 1), {}, ['e', 'd', 'b', 'a']],
    [
      'goes when the state is filtered out',
      aRun('b', 20, { state: 'FAILED' }),
      { state: 'RUNNING' },
      ['e', 'd', 'a'],
    ],
    ['stays out when its pipeline is another', aRun('f', 60), { pipeline: 'q' }, ['e', 'd', 'b', 'a']],
    [
      'comes in when it fits both filters',
      aRun('f', 60),
      { pipeline: 'p', state: 'RUNNING' },
      ['f', 'e', 'd', 'b', 'a'],
    ],
  ])('%s', (_, run, filter, ids) => {
    const merged = mergeSummary(PAGES, run, filter);
    const items = merged.flatMap((page) => page.items);
    expect(items.map((item) => item.id)).toEqual(ids);
    const there = items.find((item) => item.id === run.id);
    if (there) expect(there).toBe(run);
  });

  it('is the first one of an empty list', () => {
    expect(mergeSummary([{ items: [] }], aRun('a', 1), {})).toEqual([{ items: [aRun('a', 1)] }]);
  });

  it('is appended when everything is loaded', () => {
    expect(
      mergeSummary([{ items: [aRun('b', 2)] }], aRun('a', 1), {})[0]?.items.map((run) => run.id),
    ).toEqual(['b', 'a']);
  });

  it('leaves the old pages alone', () => {
    const before = JSON.stringify(PAGES);
    mergeSummary(PAGES, aRun('c', 30), {});
    expect(JSON.stringify(PAGES)).toBe(before);
  });
});

describe('two sights of one run', () => {
  const start = Date.UTC(2026, 0, 1);
  const early = pipelineRunAt(creditPlan('r'), start, start + 1_000);
  const late = pipelineRunAt(creditPlan('r'), start, start + 60_000);
  it.each([
    ['the stream was faster', late, early, late],
    ['the answer is newer', early, late, late],
    ['nothing was known', undefined, early, early],
  ])('%s', (_, known, told, kept) => expect(newerRun(known, told)).toBe(kept));

  it('of another run the new one counts', () => {
    const other = { ...early, id: 'other' };
    expect(newerRun(late, other)).toBe(other);
  });
});

describe('what the stream tells', () => {
  const at = (name: string, state: TaskState, group?: string): Task => ({
    name,
    group,
    kind: 'k',
    needs: [],
    state,
    outputs: {},
    attempts: [],
  });
  const known = (tasks: Task[], taskCount = tasks.length): PipelineRun => ({
    ...pipelineRunAt(creditPlan('r'), 0, 0),
    revision: 5,
    message: 'earlier',
    tasks,
    taskCount,
  });
  const told = (more: Partial<RunChanges>): RunChanges => ({
    since: 5,
    revision: 8,
    state: 'RUNNING',
    paused: false,
    outputs: {},
    taskCount: 2,
    counts: { RUNNING: 2 },
    groups: [],
    tasks: [],
    ...more,
  });
  const small = known([at('a', 'RUNNING'), at('b', 'PENDING')]);
  const large = known([at('a', 'RUNNING')], 10_001);
  it.each<[string, PipelineRun, Partial<RunChanges>, string[] | undefined]>([
    ['replaces what changed', small, { tasks: [at('b', 'FAILED')] }, ['a RUNNING', 'b FAILED']],
    ['leaves the rest', small, {}, ['a RUNNING', 'b PENDING']],
    [
      'adds instances',
      small,
      { taskCount: 3, tasks: [at('a[0]', 'READY', 'a')] },
      ['a RUNNING', 'b PENDING', 'a[0] READY'],
    ],
    ['of what is known already is nothing', small, { revision: 5, taskCount: 9 }, ['a RUNNING', 'b PENDING']],
    ['after a gap is not enough', small, { since: 6 }, undefined],
    ['of tasks that never came is not enough', small, { taskCount: 600 }, undefined],
    [
      'of a large run is its own tasks',
      large,
      { taskCount: 10_001, tasks: [at('a', 'FAILED')] },
      ['a FAILED'],
    ],
    ['of a large run may grow it', large, { taskCount: 20_000 }, ['a RUNNING']],
    ['of more tasks in a large run is not enough', large, { tasks: [at('z', 'READY')] }, undefined],
  ])('%s', (_, run, changes, tasks) => {
    const after = applyChanges(run, told(changes));
    expect(after?.tasks.map((task) => `${task.name} ${task.state}`)).toEqual(tasks);
    if (after && after !== run) {
      expect(after.counts).toEqual({ RUNNING: 2 });
      expect(after.message).toBeUndefined();
    }
  });
});

it('counts what has ended', () => {
  expect(progressOf({ SUCCEEDED: 3, FAILED: 2, RUNNING: 4, PENDING: 1 })).toEqual({ done: 5, all: 10 });
});

describe('the picture of levels', () => {
  const levels = Array.from({ length: 10 }, (_, level) => ({ level, counts: { PENDING: level + 1 } }));
  it.each([
    [10, ['0:1', '1:2', '2:3', '3:4', '4:5', '5:6', '6:7', '7:8', '8:9', '9:10']],
    [5, ['0-1:3', '2-3:7', '4-5:11', '6-7:15', '8-9:19']],
    [4, ['0-2:6', '3-5:15', '6-8:24', '9:10']],
    [1, ['0-9:55']],
  ])('has at most %d columns', (most, columns) => {
    expect(columnsOf(levels, most).map((column) => `${column.level}:${column.tasks}`)).toEqual(columns);
  });
});

it('sums a run up', () => {
  const start = Date.UTC(2026, 0, 1);
  const run = pipelineRunAt(creditPlan('r', { fails: 'train' }), start, start + 60_000);
  expect(summaryOf(run)).toMatchObject({
    state: 'FAILED',
    tasks: { SUCCEEDED: 1, FAILED: 1, UPSTREAM_FAILED: 3 },
  });
  expect(failedTask(run)?.name).toBe('train');
});
