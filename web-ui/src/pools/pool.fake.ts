import type { Pool, PoolUses } from '../api/types';

/** A pool that is full, one with room, and one that was made smaller while it was in use. */
export const POOLS: Pool[] = [
  { name: 'database', slots: 20, taken: 3, waiting: 0 },
  { name: 'gpu', slots: 1, taken: 2, waiting: 1, description: 'the card in the corner' },
  { name: 'licence', slots: 3, taken: 3, waiting: 24, description: 'of the solver' },
];

export function usesAt(now: number): PoolUses {
  const use = (run: string, number: number, task: string, slots: number, ago: number) => ({
    runId: run,
    run: number,
    pipeline: 'credit-risk',
    task,
    slots,
    since: new Date(now - ago).toISOString(),
  });
  return {
    holders: [use('live', 41, 'train', 2, 300_000), use('wide', 42, 'task-003', 1, 60_000)],
    waiters: Array.from({ length: 20 }, (_, i) => use('wide', 42, `task-${104 + i}`, 1, 50_000 - i)),
  };
}
