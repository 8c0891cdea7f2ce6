import { fireEvent, within } from '@testing-library/react';
import { expect, it, vi } from 'vitest';
import { ApiError } from '../api/client';
import type { Problem } from '../api/types';
import { renderAt } from '../app/render.fake';
import { messagesOf } from './PoolForm';
import { POOLS, usesAt } from './pool.fake';

const NOW = Date.UTC(2026, 0, 1, 12);
const ANSWERS = { '/pools': { items: POOLS }, '/pools/licence/uses': usesAt(NOW) };

it('says what a pool is and how to make one while there is none', async () => {
  const page = renderAt('/pools', { '/pools': { items: [] } });
  await page.findByText('There is no pool yet');
  expect(page.getByText('./pipewright pools set licence 2')).toBeDefined();
  fireEvent.click(page.getByRole('button', { name: 'New pool' }));
  expect(page.getByRole('form', { name: 'A new pool' })).toBeDefined();
});

it('shows how full each pool is, and how many wait', async () => {
  const page = renderAt('/pools', ANSWERS);
  const bar = async (name: string) =>
    within(await page.findByRole('region', { name: `Pool ${name}` })).getByRole('img');
  expect((await bar('database')).getAttribute('aria-label')).toBe('3 taken, 17 free');
  expect((await bar('gpu')).getAttribute('aria-label')).toBe('2 taken');
  expect((await bar('licence')).getAttribute('aria-label')).toBe('3 taken');
  const licence = page.getByRole('region', { name: 'Pool licence' }).textContent;
  expect(licence).toContain('3 of 3 taken');
  expect(licence).toContain('24 waiting');
});

it('names who has slots and who waits, with links to the run and the task', async () => {
  const page = renderAt('/pools', ANSWERS);
  fireEvent.click(await page.findByRole('link', { name: /licence/ }));
  const has = within(await page.findByRole('table', { name: 'Has slots' }));
  expect(page.router.state.location.search).toEqual({ pool: 'licence' });
  expect(has.getByRole('link', { name: 'credit-risk #41' }).getAttribute('href')).toBe('/pipeline-runs/live');
  expect(has.getByRole('link', { name: 'train' }).getAttribute('href')).toBe(
    '/pipeline-runs/live?task=train',
  );
  expect(within(page.getByRole('table', { name: 'Waits' })).getAllByRole('row')).toHaveLength(21);
  expect(page.getByText('and 4 more')).toBeDefined();
  fireEvent.click(page.getByRole('link', { name: /licence/ }));
  await vi.waitFor(() => expect(page.queryByRole('table')).toBeNull());
});

it('makes a pool, and does not change one that is there', async () => {
  const page = renderAt('/pools', { ...ANSWERS, '/pools/disk': { ...POOLS[0], name: 'disk' } });
  fireEvent.click(await page.findByRole('button', { name: 'New pool' }));
  const form = within(page.getByRole('form', { name: 'A new pool' }));
  fireEvent.change(form.getByLabelText('Name'), { target: { value: 'gpu' } });
  expect(form.getByRole('alert').textContent).toContain('There is a pool “gpu” already');
  fireEvent.click(form.getByRole('button', { name: 'Make' }));
  fireEvent.change(form.getByLabelText('Name'), { target: { value: 'disk' } });
  fireEvent.click(form.getByRole('button', { name: 'Make' }));
  await vi.waitFor(() => expect(page.router.state.location.search).toEqual({ pool: 'disk' }));
  expect(page.asked).toContain('/api/v1/pools/disk');
  expect(page.asked).not.toContain('/api/v1/pools/gpu');
});

it('a pool that is needed is deleted only when that is said again', async () => {
  const page = renderAt('/pools', ANSWERS, 'POOL_IN_USE');
  fireEvent.click(await page.findByRole('button', { name: 'Delete licence' }));
  expect((await page.findByRole('alert')).textContent).toContain('POOL_IN_USE');
  fireEvent.click(page.getByRole('button', { name: 'Delete licence all the same' }));
  await vi.waitFor(() => expect(page.asked).toContain('/api/v1/pools/licence?force=true'));
});

it.each<[string, Problem['errors'], object, boolean]>([
  [
    'stands at its field, with what to do',
    [{ code: 'C', path: 'slots', message: 'There are none.' }],
    { slots: 'There are none. Give one.' },
    true,
  ],
  ['of no field stands below the form', [{ code: 'C', path: 'else', message: 'M' }], {}, false],
  ['without single errors stands below the form', undefined, {}, false],
])('what is refused %s', (_, errors, fields, all) => {
  const error = new ApiError({
    type: 't',
    code: 'BAD_REQUEST',
    title: 'T',
    status: 400,
    detail: 'D',
    remedy: 'Give one.',
    errors,
  });
  expect(messagesOf(error)).toEqual({ fields, rest: all ? null : error });
});
