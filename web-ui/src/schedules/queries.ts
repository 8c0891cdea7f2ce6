import {
  infiniteQueryOptions,
  type QueryClient,
  queryOptions,
  useMutation,
  useQueryClient,
} from '@tanstack/react-query';
import { get, post } from '../api/client';
import { getAll } from '../api/pages';
import type { Backfill, Fire, Page, Schedule, Trigger } from '../api/types';

/** How often a page looks what has been started: the server tells of runs as they happen, not of occasions. */
const LOOK = 3_000;

export type Kind = 'schedules' | 'triggers' | 'backfills';

export const startKeys = {
  list: (kind: Kind) => [kind, 'list'] as const,
  detail: (kind: Kind, name: string) => [kind, 'detail', name] as const,
  history: (kind: Kind, name: string) => [kind, 'history', name] as const,
  next: (name: string) => ['schedules', 'next', name] as const,
};

function path(kind: Kind, name: string): string {
  return `/${kind}/${encodeURIComponent(name)}`;
}

export function schedulesQuery() {
  return queryOptions({
    queryKey: startKeys.list('schedules'),
    queryFn: ({ signal }) => getAll<Schedule>('/schedules', signal),
    refetchInterval: LOOK,
  });
}

export function triggersQuery() {
  return queryOptions({
    queryKey: startKeys.list('triggers'),
    queryFn: ({ signal }) => getAll<Trigger>('/triggers', signal),
    refetchInterval: LOOK,
  });
}

/** The newest ones: older ones have ended long ago. */
export function backfillsQuery() {
  return queryOptions({
    queryKey: startKeys.list('backfills'),
    queryFn: ({ signal }) => get<Page<Backfill>>('/backfills', { limit: 50 }, signal),
    refetchInterval: LOOK,
  });
}

export function scheduleQuery(name: string) {
  return queryOptions({
    queryKey: startKeys.detail('schedules', name),
    queryFn: ({ signal }) => get<Schedule>(path('schedules', name), {}, signal),
    refetchInterval: LOOK,
  });
}

export function nextQuery(name: string) {
  return queryOptions({
    queryKey: startKeys.next(name),
    queryFn: ({ signal }) =>
      get<{ times: string[] }>(`${path('schedules', name)}/next`, { limit: 10 }, signal),
    refetchInterval: LOOK,
  });
}

export function triggerQuery(name: string) {
  return queryOptions({
    queryKey: startKeys.detail('triggers', name),
    queryFn: ({ signal }) => get<Trigger>(path('triggers', name), {}, signal),
    refetchInterval: LOOK,
  });
}

export function backfillQuery(id: string) {
  return queryOptions({
    queryKey: startKeys.detail('backfills', id),
    queryFn: ({ signal }) => get<Backfill>(path('backfills', id), {}, signal),
    // Its runs may go on after it was cancelled.
    refetchInterval: (query) =>
      query.state.data?.state === 'RUNNING' || (query.state.data?.running ?? 0) > 0 ? LOOK : false,
  });
}

/** What came of it, newest first. */
export function firesQuery(kind: Kind, name: string, live = true) {
  return infiniteQueryOptions({
    queryKey: startKeys.history(kind, name),
    queryFn: ({ pageParam, signal }) =>
      get<Page<Fire>>(`${path(kind, name)}/history`, { limit: 50, after: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    refetchInterval: (query) => (live && (query.state.data?.pages.length ?? 0) < 3 ? LOOK : false),
  });
}

/** Pauses, resumes or cancels, and shows what the server made of it at once. */
export function useAct<T>(kind: Kind, name: string) {
  const client: QueryClient = useQueryClient();
  return useMutation({
    mutationFn: (action: 'pause' | 'resume' | 'cancel' | 'cancel-with-runs') =>
      action === 'cancel-with-runs'
        ? post<T>(`${path(kind, name)}/cancel`, undefined, { runs: 'true' })
        : post<T>(`${path(kind, name)}/${action}`),
    onSuccess: (told) => {
      client.setQueryData(startKeys.detail(kind, name), told);
      return Promise.all([
        client.invalidateQueries({ queryKey: startKeys.list(kind) }),
        client.invalidateQueries({ queryKey: startKeys.history(kind, name) }),
      ]);
    },
  });
}
