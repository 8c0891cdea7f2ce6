import { hex } from '../api/seed.fake';
import type { Backfill, Fire, Schedule, Trigger } from '../api/types';

const DAY = 86_400_000;

function iso(at: number): string {
  return new Date(at).toISOString();
}

/** A schedule of every night, whose next time is in five hours. */
export function aSchedule(now: number, more: Partial<Schedule> = {}): Schedule {
  const next = Math.ceil(now / 3_600_000) * 3_600_000 + 5 * 3_600_000;
  return {
    name: 'nightly',
    spec: {
      pipeline: 'credit-risk',
      version: 3,
      description: 'Trains on the day before',
      cron: '30 2 * * MON-FRI',
      timeZone: 'Europe/Berlin',
      params: { day: `\${{ schedule.date }}` },
      startDeadline: '2h',
      catchUp: 'none',
    },
    paused: false,
    next: Array.from({ length: 5 }, (_, i) => iso(next + i * DAY)),
    last: firesAt(now)[0],
    createdAt: iso(now - 90 * DAY),
    updatedAt: iso(now - 3 * DAY),
    ...more,
  };
}

export function nextTimes(schedule: Schedule): string[] {
  const first = Date.parse(schedule.next[0] ?? schedule.updatedAt);
  return Array.from({ length: 10 }, (_, i) => iso(first + i * DAY));
}

/** One of each sort: a run that succeeded, several times passed over, one refused. */
export function firesAt(now: number): Fire[] {
  return [
    {
      number: 9,
      time: iso(now - 0.4 * DAY),
      times: 1,
      state: 'STARTED',
      runId: 'done',
      runState: 'SUCCEEDED',
      at: iso(now - 0.4 * DAY),
    },
    {
      number: 8,
      time: iso(now - 4.4 * DAY),
      until: iso(now - 1.4 * DAY),
      times: 3,
      state: 'SKIPPED',
      reason: 'No server ran; the newest of the times was started.',
      at: iso(now - 1.3 * DAY),
    },
    {
      number: 7,
      time: iso(now - 5.4 * DAY),
      times: 1,
      state: 'REFUSED',
      code: 'PARAMS_INVALID',
      reason: 'The params do not fit.',
      errors: [{ code: 'UNKNOWN_PARAM', path: 'params.dya', message: 'there is no param "dya"' }],
      at: iso(now - 5.4 * DAY),
    },
  ];
}

export function aTrigger(now: number, more: Partial<Trigger> = {}): Trigger {
  return {
    name: 'push',
    spec: {
      pipeline: 'credit-risk',
      when: `\${{ body.ref == 'refs/heads/main' }}`,
      params: { commit: `\${{ body.after }}` },
      hook: { kind: 'generic', tolerance: '5m' },
    },
    paused: false,
    hookPath: '/api/v1/triggers/push/hook',
    last: firesAt(now)[1],
    createdAt: iso(now - 30 * DAY),
    updatedAt: iso(now - 30 * DAY),
    ...more,
  };
}

export function onChampion(now: number): Trigger {
  return {
    ...aTrigger(now),
    name: 'on-champion',
    spec: { pipeline: 'churn', on: { event: 'model-alias', name: 'credit-risk', alias: 'champion' } },
    paused: true,
    hookPath: undefined,
    last: undefined,
  };
}

export function aBackfill(now: number, more: Partial<Backfill> = {}): Backfill {
  return {
    id: `${hex('backfill', 8)}-0000-7000-8000-${hex('backfill', 12)}`,
    spec: { schedule: 'nightly', from: '2026-01-01', to: '2026-01-31', parallel: 4 },
    pipeline: 'credit-risk',
    state: 'RUNNING',
    total: 22,
    waiting: 9,
    running: 4,
    succeeded: 6,
    failed: 1,
    skipped: 2,
    refused: 0,
    createdAt: iso(now - 600_000),
    ...more,
  };
}
