import { render, within } from '@testing-library/react';
import { describe, expect, it, vi } from 'vitest';
import type { LogLine } from '../api/types';
import { renderAt } from '../app/render.fake';
import { creditPlan, pipelineRunAt } from '../pipeline-runs/pipelineRun.fake';
import { EvaluationView } from './EvaluationCards';
import { LogLines } from './LogView';
import {
  artifactsOf,
  binaryEvaluation,
  multiclassEvaluation,
  regressionEvaluation,
  trackedRunOf,
} from './run.fake';

const START = Date.UTC(2026, 0, 1, 12);
const RUN = pipelineRunAt(creditPlan('r'), START, START + 60_000);

function answersFor(name: string): { id: string; answers: Record<string, unknown> } {
  const task = RUN.tasks.find((each) => each.name === name);
  const tracked = task && trackedRunOf(RUN, task, START + 60_000);
  if (!task || !tracked) throw new Error(`the fake run has no task ${name}`);
  return {
    id: tracked.id,
    answers: {
      [`/runs/${tracked.id}`]: tracked,
      [`/runs/${tracked.id}/artifacts`]: { items: artifactsOf(task) },
      [`/runs/${tracked.id}/artifacts/evaluation.json`]: binaryEvaluation(),
      [`/runs/${tracked.id}/logs`]: { lines: [], next: 0 },
    },
  };
}

it('shows what a training was given, measured and made', async () => {
  const { id, answers } = answersFor('train');
  const page = renderAt(`/runs/${id}`, answers);
  const params = await page.findByRole('table', { name: 'Params' });
  expect(within(params).getByText('max_depth')).toBeDefined();
  expect(within(params).getByText('binary:logistic')).toBeDefined();
  expect(page.getByRole('region', { name: 'logloss' })).toBeDefined();
  expect(page.getByRole('region', { name: 'auc' })).toBeDefined();
  const values = within(page.getByRole('table', { name: 'Latest values' }));
  expect(values.getAllByRole('row')).toHaveLength(5);
  const file = await page.findByRole('link', { name: 'model.ubj' });
  expect(file.getAttribute('href')).toBe(
    `/api/v1/runs/${id}/artifacts/models/credit-risk/model.ubj?download=1`,
  );
  expect(page.getByText('800 rows')).toBeDefined();
  const source = page.getByRole('link', { name: /run r · train/ });
  expect(source.getAttribute('href')).toBe('/pipeline-runs/r?task=train');
  expect(page.asked.filter((path) => path.includes('/metrics/'))).toEqual([]);
});

it('lists the runs of the tasks on the run of a whole pipeline run', async () => {
  const parent = {
    ...(answersFor('train').answers[`/runs/${answersFor('train').id}`] as object),
    id: RUN.trackedRunId,
    pipeline: { pipeline: RUN.pipeline, version: RUN.version, pipelineRunId: RUN.id },
  };
  const children = RUN.tasks.flatMap((task) => trackedRunOf(RUN, task, START + 60_000) ?? []);
  const page = renderAt(`/runs/${RUN.trackedRunId}`, {
    [`/runs/${RUN.trackedRunId}`]: parent,
    [`/runs/${RUN.trackedRunId}/artifacts`]: { items: [] },
    [`/runs/${RUN.trackedRunId}/logs`]: { lines: [], next: 0 },
    '/runs': { items: [...children, parent] },
  });
  const table = within(await page.findByRole('table', { name: 'Runs of the tasks' }));
  expect(table.getAllByRole('link').map((link) => link.textContent)).toEqual(
    RUN.tasks.map((task) => task.name),
  );
});

it('draws the pictures of an evaluation', async () => {
  const { id, answers } = answersFor('evaluate');
  const page = renderAt(`/runs/${id}`, answers);
  expect(await page.findByRole('img', { name: /ROC curve. good: AUC 0.7863/ })).toBeDefined();
  expect(page.getByRole('img', { name: /153 of 200 rows predicted correctly/ })).toBeDefined();
  expect(page.getByText('baseline 0.6109')).toBeDefined();
});

describe('an evaluation', () => {
  it.each([
    ['binary', binaryEvaluation(), ['ROC curve', 'Confusion matrix']],
    ['multiclass', multiclassEvaluation(), ['ROC curve', 'Confusion matrix']],
    ['regression', regressionEvaluation(50), ['Predicted and actual']],
  ])('%s has its pictures', (_, evaluation, titles) => {
    const page = render(<EvaluationView evaluation={evaluation} />);
    expect(page.getAllByRole('heading').map((heading) => heading.textContent)).toEqual(titles);
    expect(page.getAllByRole('img')).toHaveLength(titles.length);
    expect(page.container.innerHTML).not.toContain('NaN');
  });
});

it('draws only a few of many lines', () => {
  const lines = Array.from(
    { length: 10_000 },
    (_, i): LogLine => ({
      number: i + 1,
      at: '2026-01-01T00:00:00Z',
      stream: i % 2 ? 'stderr' : 'stdout',
      text: `line ${i}`,
    }),
  );
  // Nothing has a size here; a log in a browser has.
  const height = vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(400);
  const page = render(<LogLines lines={lines} live={false} />);
  height.mockRestore();
  const drawn = page.container.querySelectorAll('.line');
  expect(drawn.length).toBeGreaterThan(5);
  expect(drawn.length).toBeLessThan(200);
  expect(page.container.querySelector('[data-stream=stderr]')?.textContent).toContain('stderr: ');
  expect(page.getByText('10,000 lines')).toBeDefined();
});
