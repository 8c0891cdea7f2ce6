import { describe, expect, it } from 'vitest';
import type { Page, PipelineRunSummary } from '../api/types';
import { failedTask, mergeSummary, newerRun, type RunFilter, summaryOf } from './live';
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

it('sums a run up', () => {
  const start = Date.UTC(2026, 0, 1);
  const run = pipelineRunAt(creditPlan('r', { fails: 'train' }), start, start + 60_000);
  expect(summaryOf(run)).toMatchObject({
    state: 'FAILED',
    tasks: { SUCCEEDED: 1, FAILED: 1, UPSTREAM_FAILED: 3 },
  });
  expect(failedTask(run)?.name).toBe('train');
});
