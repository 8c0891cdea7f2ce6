import { fireEvent, within } from '@testing-library/react';
import { expect, it } from 'vitest';
import { renderAt } from '../app/render.fake';
import { modelVersions, registeredModel } from './model.fake';

const VERSIONS = modelVersions('credit-risk', 4, Date.UTC(2026, 0, 1));
const ANSWERS = {
  '/models': { items: [registeredModel(VERSIONS)] },
  '/models/credit-risk': registeredModel(VERSIONS),
  '/models/credit-risk/versions': { items: VERSIONS },
};

it('lists the models with their aliases and what their latest version measured', async () => {
  const page = renderAt('/models', ANSWERS);
  const row = within(await page.findByRole('table', { name: 'Models' })).getAllByRole('row')[1];
  expect(row?.textContent).toContain('candidate → v4');
  expect(row?.textContent).toContain('champion → v3');
  expect(row?.textContent).toContain('auc 0.7863');
});

it('tells how to get a model when there is none', async () => {
  const page = renderAt('/models', { '/models': { items: [] } });
  expect(await page.findByText('No model is registered yet')).toBeDefined();
});

it('shows the newest version first, and another one on demand', async () => {
  const page = renderAt('/models/credit-risk', ANSWERS);
  expect(await page.findByText('Where version 4 comes from')).toBeDefined();
  fireEvent.click(page.getByRole('link', { name: 'v2' }));
  expect(await page.findByText('Where version 2 comes from')).toBeDefined();
  expect(page.router.state.location.href).toBe('/models/credit-risk?version=2');
});

it('links the lineage', async () => {
  const page = renderAt('/models/credit-risk?version=3', ANSWERS);
  const lineage = within(await page.findByRole('region', { name: 'Lineage' }));
  const { runId, pipelineRunId } = VERSIONS[1]?.lineage ?? {};
  expect(lineage.getAllByRole('link').map((link) => link.getAttribute('href'))).toEqual([
    `/pipeline-runs/${pipelineRunId}`,
    `/runs/${runId}`,
  ]);
  expect(lineage.getByText('input · 1,000 rows')).toBeDefined();
});

it('sorts by a metric', async () => {
  const page = renderAt('/models/credit-risk', ANSWERS);
  const table = await page.findByRole('table', { name: 'Versions of credit-risk' });
  const order = () =>
    within(table)
      .getAllByRole('link')
      .map((link) => link.textContent);
  expect(order()).toEqual(['v4', 'v3', 'v2', 'v1']);
  fireEvent.click(within(table).getByRole('button', { name: 'logLoss' }));
  expect(order()).toEqual(['v1', 'v2', 'v3', 'v4']);
  expect(
    within(table)
      .getByRole('columnheader', { name: /logLoss/ })
      .getAttribute('aria-sort'),
  ).toBe('descending');
});

it('says so when there is no such version', async () => {
  const page = renderAt('/models/credit-risk?version=9', ANSWERS);
  expect(await page.findByText('There is no version 9')).toBeDefined();
});
