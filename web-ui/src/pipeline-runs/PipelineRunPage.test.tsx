import { fireEvent, within } from '@testing-library/react';
import { expect, it } from 'vitest';
import { renderAt } from '../app/render.fake';
import { logOf, trackedRunOf } from '../runs/run.fake';
import { creditPlan, historyAt, pipelineRunAt, type RunPlan } from './pipelineRun.fake';

const START = Date.UTC(2026, 0, 1, 12);

function answersFor(plan: RunPlan, elapsed: number) {
  const now = START + elapsed;
  const run = pipelineRunAt(plan, START, now);
  const answers: Record<string, unknown> = {
    [`/pipeline-runs/${plan.id}`]: run,
    [`/pipeline-runs/${plan.id}/history`]: { items: historyAt(plan, START, now).toReversed() },
    '/runs': { items: [] },
  };
  for (const task of run.tasks) {
    for (const attempt of task.attempts) {
      answers[`/runs/${attempt.trackedRunId}`] = trackedRunOf(run, task, now, attempt.number);
      const lines = logOf(task, now);
      answers[`/runs/${attempt.trackedRunId}/logs`] = { lines, next: lines.length };
    }
  }
  return answers;
}

it('tells at the top which task failed, and why', async () => {
  const page = renderAt('/pipeline-runs/f', answersFor(creditPlan('f', { fails: 'train' }), 60_000));
  const alert = await page.findByRole('alert');
  expect(alert.textContent).toContain('Task train failed');
  expect(alert.textContent).toContain('TARGET_NOT_A_COLUMN');
  expect(alert.textContent).toContain('The target "credit_rsik" is not a column');
  fireEvent.click(within(alert).getByRole('button', { name: 'train' }));
  expect(await page.findByRole('complementary', { name: 'Task train' })).toBeDefined();
  expect(page.router.state.location.search).toEqual({ task: 'train' });
});

it('shows a task’s attempts, outputs and tracked run', async () => {
  const plan = creditPlan('r', { lost: true });
  const page = renderAt('/pipeline-runs/r?task=train', answersFor(plan, 60_000));
  const panel = within(await page.findByRole('complementary', { name: 'Task train' }));
  expect(panel.getByText('Attempt 1')).toBeDefined();
  expect(panel.getByText('by the system')).toBeDefined();
  expect(panel.getByText('214')).toBeDefined();
  const link = await panel.findByRole('link', { name: /Params, curves/ });
  const train = pipelineRunAt(plan, START, START + 60_000).tasks[1];
  expect(link.getAttribute('href')).toBe(`/runs/${train?.attempts[1]?.trackedRunId}`);
  fireEvent.click(panel.getByText('Attempt 1'));
  expect(await panel.findByText('TASK_LOST')).toBeDefined();
  expect(panel.getByText('exit code 137')).toBeDefined();
});

it('says why a task was skipped, and that it has no log', async () => {
  const page = renderAt(
    '/pipeline-runs/g?task=register',
    answersFor(creditPlan('g', { gate: false }), 60_000),
  );
  const panel = within(await page.findByRole('complementary', { name: 'Task register' }));
  expect(panel.getByText(/Its condition is false/)).toBeDefined();
  expect(panel.getByText(/has not been started/)).toBeDefined();
});

it('says that a task without a tracked run recorded nothing', async () => {
  const answers = answersFor(creditPlan('r'), 60_000);
  const run = pipelineRunAt(creditPlan('r'), START, START + 60_000);
  delete answers[`/runs/${run.tasks[0]?.attempts[0]?.trackedRunId}`];
  const page = renderAt('/pipeline-runs/r?task=split', answers, 'RUN_NOT_FOUND');
  expect(await page.findByText(/It recorded nothing/)).toBeDefined();
  expect(page.queryByRole('link', { name: /Params, curves/ })).toBeNull();
});

it('unfolds the history, newest first', async () => {
  const page = renderAt('/pipeline-runs/r', answersFor(creditPlan('r'), 60_000));
  const summary = await page.findByText('History');
  const details = summary.closest('details') as HTMLDetailsElement;
  details.open = true;
  fireEvent(details, new Event('toggle'));
  await page.findAllByText('Queued →', { exact: false });
  const entries = [...page.container.querySelectorAll('.transitions li')].map((entry) => entry.textContent);
  expect(entries[0]).toContain('RunRunning → Succeeded');
  expect(entries.at(-1)).toContain('RunQueued');
});

it('says so when there is no such run', async () => {
  const page = renderAt('/pipeline-runs/none', {});
  expect((await page.findByRole('alert')).textContent).toContain('NOT_FOUND');
  expect(page.getAllByRole('link', { name: 'Pipeline runs' })).toHaveLength(2);
});
