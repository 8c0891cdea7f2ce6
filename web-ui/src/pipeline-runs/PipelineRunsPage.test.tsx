import { fireEvent } from '@testing-library/react';
import { expect, it } from 'vitest';
import { renderAt } from '../app/render.fake';

const PIPELINES = { items: [{ name: 'credit-risk' }, { name: 'churn' }] };

it('tells what to run when nothing has run yet', async () => {
  const page = renderAt('/', { '/pipeline-runs': { items: [] }, '/pipelines': { items: [] } });
  expect(await page.findByText('Nothing has run yet')).toBeDefined();
  expect(page.getByText('./pipewright demo')).toBeDefined();
});

it('keeps its filter in the address, and asks the server with it', async () => {
  const page = renderAt('/pipeline-runs', { '/pipeline-runs': { items: [] }, '/pipelines': PIPELINES });
  await page.findByText('Nothing has run yet');
  await page.findByRole('option', { name: 'churn' });
  fireEvent.change(page.getByLabelText('Pipeline'), { target: { value: 'churn' } });
  expect(await page.findByText('No run matches the filter')).toBeDefined();
  fireEvent.change(page.getByLabelText('State'), { target: { value: 'FAILED' } });
  await page.findByText('No run matches the filter');
  expect(page.router.state.location.search).toEqual({ pipeline: 'churn', state: 'FAILED' });
  expect(page.asked).toContain('/api/v1/pipeline-runs?pipeline=churn&state=FAILED&limit=50');
});

it('says what is wrong, and what to do, when the list fails', async () => {
  const page = renderAt('/pipeline-runs', { '/pipelines': PIPELINES });
  const alert = await page.findByRole('alert');
  expect(alert.textContent).toContain('NOT_FOUND');
  expect(alert.textContent).toContain('Nothing at /api/v1/pipeline-runs');
  expect(alert.textContent).toContain('Look elsewhere.');
});

it('has a page for an address that is none', async () => {
  const page = renderAt('/no/such/page', {});
  expect(await page.findByText('There is no page at this address')).toBeDefined();
});
