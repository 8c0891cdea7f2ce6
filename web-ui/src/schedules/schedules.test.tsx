import { fireEvent, within } from '@testing-library/react';
import { describe, expect, it, vi } from 'vitest';
import type { Backfill } from '../api/types';
import { renderAt } from '../app/render.fake';
import { creditPlan, pipelineRunAt } from '../pipeline-runs/pipelineRun.fake';
import { formatUntil } from '../ui/format';
import { aBackfill, aSchedule, aTrigger, firesAt, nextTimes, onChampion } from './schedule.fake';
import { clockOf, formatInZone, intervalInWords, occasionInWords, signing, timesInWords } from './words';

const NOW = Date.now();
const NIGHTLY = aSchedule(NOW);
const BACKFILL = aBackfill(NOW);
const LISTS = {
  '/schedules': {
    items: [NIGHTLY, aSchedule(NOW, { name: 'hourly', paused: true, next: [], last: undefined })],
  },
  '/triggers': { items: [aTrigger(NOW), onChampion(NOW)] },
  '/backfills': { items: [BACKFILL] },
};

describe('in words', () => {
  it.each([
    ['30 2 * * MON-FRI', 'At 02:30, Monday through Friday'],
    ['*/15 * * * *', 'Every 15 minutes'],
    ['0 6 L * *', 'At 06:00, on the last day of the month'],
    ['0 9 * * MON#1', 'At 09:00, on the first Monday of the month'],
    ['0 0 * * 0', 'At 00:00, only on Sunday'],
    ['@hourly', 'Every hour'],
    ['what is this', 'what is this'],
  ])('cron %s', (cron, words) => expect(timesInWords({ pipeline: 'p', cron })).toBe(words));

  it.each([
    ['1h', 'Every hour'],
    ['90s', 'Every 90 seconds'],
    ['7d', 'Every 7 days'],
  ])('every %s', (every, words) => expect(timesInWords({ pipeline: 'p', every })).toBe(words));

  it('an interval it does not know stays as it is', () => expect(intervalInWords('P1D')).toBe('P1D'));

  it.each([
    [{ hook: { kind: 'github' } }, 'a message from GitHub'],
    [{ on: { event: 'model-version' } }, 'a new version of any model'],
    [{ on: { event: 'model-alias', name: 'm', alias: 'champion' } }, 'alias champion of model m is set'],
    [{ on: { event: 'dataset-version', name: 'd' } }, 'new data in dataset d'],
    [
      { on: { event: 'run-ended', name: 'churn', state: 'FAILED' } },
      'a run of pipeline churn ends as failed',
    ],
    [{ on: { event: 'run-ended' } }, 'a run of any pipeline ends'],
  ])('%o', (spec, words) => expect(occasionInWords({ pipeline: 'p', ...spec })).toBe(words));

  it.each([
    ['2026-03-02T01:30:00Z', 'Europe/Berlin', 'Mon, 2 Mar 2026, 02:30'],
    ['2026-03-02T01:30:05Z', undefined, 'Mon, 2 Mar 2026, 01:30'],
    ['2026-03-02T01:30:00Z', 'No/Where', '2026-03-02T01:30:00Z'],
  ])('%s in %s', (at, zone, words) => expect(formatInZone(at, zone)).toBe(words));

  it('several times have seconds where one of them has', () => {
    const times = ['2026-03-02T01:30:00Z', '2026-03-02T01:30:05Z'];
    expect(times.map(clockOf(times, undefined))).toEqual([
      'Mon, 2 Mar 2026, 01:30:00',
      'Mon, 2 Mar 2026, 01:30:05',
    ]);
  });

  it.each([
    [-5_000, 'now'],
    [40_000, 'in 40 s'],
    [300_000, 'in 5 min'],
    [5 * 3_600_000, 'in 5 h'],
    [50 * 3_600_000, 'in 2 d'],
  ])('%d ms from now', (ms, words) => expect(formatUntil(NOW + ms, NOW)).toBe(words));

  it('how to sign names the address', () =>
    expect(signing('generic', 'http://here/hook').command).toContain('http://here/hook'));
});

describe('the list', () => {
  it('shows schedules, triggers and backfills with when, what and how it went', async () => {
    const page = renderAt('/schedules', LISTS);
    const schedules = within(await page.findByRole('table', { name: 'Schedules' })).getAllByRole('row');
    expect(schedules[1]?.textContent).toContain('At 02:30, Monday through Friday · Europe/Berlin');
    expect(schedules[1]?.textContent).toMatch(/in \d+ h/);
    expect(schedules[1]?.textContent).toContain('Succeeded');
    expect(schedules[2]?.textContent).toContain('paused');
    expect(schedules[2]?.textContent).toContain('never');
    const triggers = within(await page.findByRole('table', { name: 'Triggers' })).getAllByRole('row');
    expect(triggers[1]?.textContent).toContain('a signed message');
    expect(triggers[2]?.textContent).toContain('alias champion of model credit-risk is set');
    const backfills = within(await page.findByRole('table', { name: 'Backfills' }));
    expect(
      backfills.getByRole('img', {
        name: '6 succeeded, 1 failed, 2 skipped, 4 running, 9 waiting',
      }),
    ).toBeDefined();
  });

  it('pauses and resumes by the buttons', async () => {
    const page = renderAt('/schedules', {
      ...LISTS,
      '/schedules/nightly/pause': { ...NIGHTLY, paused: true },
      '/triggers/on-champion/resume': { ...onChampion(NOW), paused: false },
    });
    fireEvent.click(await page.findByRole('button', { name: 'Pause nightly' }));
    fireEvent.click(await page.findByRole('button', { name: 'Resume on-champion' }));
    await vi.waitFor(() => {
      expect(page.asked).toContain('/api/v1/schedules/nightly/pause');
      expect(page.asked).toContain('/api/v1/triggers/on-champion/resume');
    });
  });

  it('says with which command one is made, and copies it', async () => {
    const copied: string[] = [];
    vi.stubGlobal('navigator', {
      clipboard: { writeText: (text: string) => Promise.resolve(copied.push(text)) },
    });
    const none = { items: [] };
    const page = renderAt('/schedules', { '/schedules': none, '/triggers': none, '/backfills': none });
    await page.findByText('Nothing is scheduled');
    await page.findByText('Nothing triggers a run');
    await page.findByText('No time was made up for');
    fireEvent.click(page.getAllByRole('button', { name: 'Copy the command' })[0] as HTMLElement);
    await page.findByText('Copied');
    expect(copied).toEqual(['./pipewright schedules apply nightly.yaml']);
    vi.unstubAllGlobals();
  });
});

it('one schedule tells its next times and why some were skipped', async () => {
  const page = renderAt('/schedules/nightly', {
    '/schedules/nightly': NIGHTLY,
    '/schedules/nightly/next': { times: nextTimes(NIGHTLY) },
    '/schedules/nightly/history': { items: firesAt(NOW) },
  });
  const next = within(await page.findByRole('region', { name: 'Next times' }));
  expect(await next.findAllByRole('listitem')).toHaveLength(10);
  const rows = within(await page.findByRole('table', { name: 'History' })).getAllByRole('row');
  expect(rows[1]?.textContent).toContain('Succeeded');
  expect(rows[2]?.textContent).toContain('3 times');
  expect(rows[2]?.textContent).toContain('No server ran');
  expect(rows[3]?.textContent).toContain('PARAMS_INVALID');
  expect(rows[3]?.textContent).toContain('there is no param "dya"');
});

it('a hook tells where to send and how to sign', async () => {
  const page = renderAt('/triggers/push', {
    '/triggers/push': aTrigger(NOW),
    '/triggers/push/history': { items: [] },
  });
  const hook = within(await page.findByRole('region', { name: 'Where to send' }));
  expect(hook.getByText(`${location.origin}/api/v1/triggers/push/hook`)).toBeDefined();
  expect(hook.getByText(/openssl dgst/)).toBeDefined();
  expect(await page.findByText('No message with a right signature has come yet.')).toBeDefined();
});

describe('a backfill is cancelled from its page', () => {
  const answers = (told: Backfill) => ({
    [`/backfills/${BACKFILL.id}`]: BACKFILL,
    [`/backfills/${BACKFILL.id}/history`]: { items: firesAt(NOW) },
    [`/backfills/${BACKFILL.id}/cancel`]: told,
  });

  it('and its runs go on, which can be changed later', async () => {
    const page = renderAt(`/backfills/${BACKFILL.id}`, answers(aBackfill(NOW, { state: 'CANCELLED' })));
    fireEvent.click(await page.findByRole('button', { name: 'Cancel' }));
    expect(await page.findByText('Cancelled')).toBeDefined();
    expect(page.asked).toContain(`/api/v1/backfills/${BACKFILL.id}/cancel`);
    expect(page.queryByRole('button', { name: 'Cancel' })).toBeNull();
    fireEvent.click(page.getByRole('button', { name: 'Cancel 4 runs under way' }));
    await vi.waitFor(() => expect(page.asked).toContain(`/api/v1/backfills/${BACKFILL.id}/cancel?runs=true`));
  });

  it('with its runs if that is chosen', async () => {
    const told = aBackfill(NOW, { state: 'CANCELLED', running: 0 });
    const page = renderAt(`/backfills/${BACKFILL.id}`, answers(told));
    fireEvent.click(await page.findByLabelText(/also cancel its runs/));
    fireEvent.click(page.getByRole('button', { name: 'Cancel' }));
    expect(await page.findByText('Cancelled')).toBeDefined();
    expect(page.asked).toContain(`/api/v1/backfills/${BACKFILL.id}/cancel?runs=true`);
    expect(page.queryByRole('button', { name: /Cancel/ })).toBeNull();
  });
});

it('one that is not there is a problem', async () => {
  const page = renderAt('/schedules/none', {});
  expect((await page.findByRole('alert')).textContent).toContain('NOT_FOUND');
});

it.each([
  [{ by: 'schedule', schedule: 'nightly' }, '/schedules/nightly'],
  [{ by: 'backfill', backfill: 'b1' }, '/backfills/b1'],
  [{ by: 'hook', trigger: 'push' }, '/triggers/push'],
  [{ by: 'rerun', run: 'r1' }, '/pipeline-runs/r1'],
])('a run tells what started it: %o', async (origin, address) => {
  const run = { ...pipelineRunAt(creditPlan('r'), NOW - 60_000, NOW), origin };
  const page = renderAt('/pipeline-runs/r', { '/pipeline-runs/r': run, '/runs': { items: [] } });
  const started = (await page.findByText('Started by')).parentElement as HTMLElement;
  expect(within(started).getByRole('link').getAttribute('href')).toBe(address);
});
