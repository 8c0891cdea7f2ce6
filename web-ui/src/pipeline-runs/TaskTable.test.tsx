import { fireEvent, within } from '@testing-library/react';
import { expect, it, vi } from 'vitest';
import type { PipelineRun } from '../api/types';
import { renderAt } from '../app/render.fake';
import { pipelineRunAt, tasksAt, widePlan } from './pipelineRun.fake';

const START = Date.UTC(2026, 0, 1, 12);
const PLAN = widePlan('w', 2_000);
const NOW = START + 20_000;
const TASKS = tasksAt(PLAN, START, NOW);
const RUN: PipelineRun = pipelineRunAt(PLAN, START, NOW);
const OVERVIEW = {
  levels: [
    { level: 0, counts: { SUCCEEDED: 40, FAILED: 4 } },
    { level: 1, counts: { PENDING: 44 } },
  ],
  criticalPath: [
    {
      task: 'task-007',
      state: 'SUCCEEDED',
      startedAt: new Date(START).toISOString(),
      endedAt: new Date(START + 4_000).toISOString(),
    },
  ],
};
const ANSWERS = {
  '/pipeline-runs/w': RUN,
  '/pipeline-runs/w/tasks': { items: TASKS.slice(0, 100), next: 'more' },
  '/pipeline-runs/w/overview': OVERVIEW,
  '/pipeline-runs/w/tasks/task-007': TASKS[7],
};

it('a run with more tasks than can be drawn is shown by levels, with its critical path', async () => {
  const page = renderAt('/pipeline-runs/w', ANSWERS);
  const overview = within(await page.findByRole('region', { name: 'The graph by levels' }));
  fireEvent.click(await overview.findByRole('button', { name: 'Level 0: 40 succeeded, 4 failed' }));
  await vi.waitFor(() => expect(page.router.state.location.search).toEqual({ level: '0' }));
  expect(overview.getByText('Critical path: 1 task, 4.0 s')).toBeDefined();
  fireEvent.click(overview.getByRole('button', { name: 'Task task-007: 4.0 s' }));
  expect(await page.findByRole('complementary', { name: 'Task task-007' })).toBeDefined();
});

it('asks for what the table shows only, failed ones first, and keeps the filter in the address', async () => {
  const page = renderAt('/pipeline-runs/w', ANSWERS);
  await page.findByRole('table', { name: 'Tasks' });
  // Before the page was there, and by the page: each is asked for once.
  expect(page.asked.filter((address) => address.includes('/w'))).toEqual([
    '/api/v1/pipeline-runs/w',
    '/api/v1/pipeline-runs/w/overview',
    '/api/v1/pipeline-runs/w/tasks?order=urgent&leaves=true&limit=100',
  ]);
  fireEvent.click(page.getByRole('button', { name: /^Pending/ }));
  await vi.waitFor(() =>
    expect(page.asked).toContain(
      '/api/v1/pipeline-runs/w/tasks?state=PENDING&order=urgent&leaves=true&limit=100',
    ),
  );
  fireEvent.change(page.getByRole('searchbox'), { target: { value: '77' } });
  await vi.waitFor(() =>
    expect(page.router.state.location.search).toEqual({ state: 'PENDING', search: '77' }),
  );
});

it('draws the rows that are looked at only', async () => {
  const page = renderAt('/pipeline-runs/w', ANSWERS);
  const table = await page.findByRole('table', { name: 'Tasks' });
  expect(within(table).getAllByRole('row').length).toBeLessThan(60);
});

it('a fan-out is one node with a bar, and its instances are in the list', async () => {
  const fan: PipelineRun = {
    ...RUN,
    taskCount: 10_001,
    counts: { SUCCEEDED: 9_000, FAILED: 3, RUNNING: 997 },
    groups: [{ name: 'work', counts: { SUCCEEDED: 9_000, FAILED: 3, RUNNING: 997 } }],
    tasks: [{ name: 'work', kind: 'k', needs: [], state: 'RUNNING', outputs: {}, attempts: [] }],
  };
  const page = renderAt('/pipeline-runs/w?task=work', { ...ANSWERS, '/pipeline-runs/w': fan });
  const panel = within(await page.findByRole('complementary', { name: 'Task work' }));
  expect(panel.getByRole('img', { name: '9,000 succeeded, 3 failed, 997 running' })).toBeDefined();
  fireEvent.click(await panel.findByRole('button', { name: 'Show all 10,000 instances' }));
  await page.findByRole('table', { name: 'Tasks' });
  expect(page.router.state.location.search).toEqual({ task: 'work', view: 'tasks', group: 'work' });
});
