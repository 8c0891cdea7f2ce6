import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { get, put, remove } from '../api/client';
import { getAll } from '../api/pages';
import type { Pool, PoolUses } from '../api/types';

/** How often the pages look who has what: the server tells of runs as they happen, not of pools. */
const LOOK = 2_000;

export const poolKeys = {
  all: ['pools'] as const,
  list: () => [...poolKeys.all, 'list'] as const,
  uses: (name: string) => [...poolKeys.all, 'uses', name] as const,
};

function path(name: string): string {
  return `/pools/${encodeURIComponent(name)}`;
}

export function poolsQuery() {
  return queryOptions({
    queryKey: poolKeys.list(),
    queryFn: ({ signal }) => getAll<Pool>('/pools', signal),
    refetchInterval: LOOK,
  });
}

/** So many who have slots, and so many who wait, are named. */
export const MOST_USES = 20;

export function usesQuery(name: string) {
  return queryOptions({
    queryKey: poolKeys.uses(name),
    queryFn: ({ signal }) => get<PoolUses>(`${path(name)}/uses`, { limit: MOST_USES }, signal),
    refetchInterval: LOOK,
  });
}

export interface WantedPool {
  name: string;
  slots: number | null;
  description?: string;
}

export function useSetPool() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ name, slots, description }: WantedPool) => put<Pool>(path(name), { slots, description }),
    onSuccess: () => client.invalidateQueries({ queryKey: poolKeys.all }),
  });
}

export function useDeletePool() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ name, force }: { name: string; force: boolean }) =>
      remove(path(name), { force: force ? 'true' : undefined }),
    onSuccess: () => client.invalidateQueries({ queryKey: poolKeys.list() }),
  });
}
