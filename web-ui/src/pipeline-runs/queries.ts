import {
  infiniteQueryOptions,
  keepPreviousData,
  type QueryClient,
  queryOptions,
  useQueryClient,
} from '@tanstack/react-query';
import { useEffect } from 'react';
import { apiUrl, get } from '../api/client';
import { getAll } from '../api/pages';
import { follow } from '../api/sse';
import type {
  Page,
  Pipeline,
  PipelineRun,
  PipelineRunSummary,
  RunChanges,
  RunOverview,
  Task,
  Transition,
} from '../api/types';
import { runKeys } from '../runs/queries';
import { isRunOver } from '../ui/states';
import { applyChanges, mergeSummary, newerRun, type RunFilter, summaryOf } from './live';

export const pipelineRunKeys = {
  all: ['pipeline-runs'] as const,
  lists: () => [...pipelineRunKeys.all, 'list'] as const,
  list: (filter: RunFilter) => [...pipelineRunKeys.lists(), filter] as const,
  detail: (id: string) => [...pipelineRunKeys.all, 'detail', id] as const,
  history: (id: string) => [...pipelineRunKeys.detail(id), 'history'] as const,
  tasks: (id: string) => [...pipelineRunKeys.detail(id), 'tasks'] as const,
  task: (id: string, task: string) => [...pipelineRunKeys.tasks(id), task] as const,
  overview: (id: string) => [...pipelineRunKeys.tasks(id), 'of', 'overview'] as const,
};

export function pipelineRunsQuery(filter: RunFilter) {
  return infiniteQueryOptions({
    queryKey: pipelineRunKeys.list(filter),
    queryFn: ({ pageParam, signal }) =>
      get<Page<PipelineRunSummary>>('/pipeline-runs', { ...filter, limit: 50, after: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
  });
}

export function pipelinesQuery() {
  return queryOptions({
    queryKey: ['pipelines'],
    queryFn: ({ signal }) => getAll<Pipeline>('/pipelines', signal),
  });
}

export function pipelineRunQuery(id: string) {
  return queryOptions({
    queryKey: pipelineRunKeys.detail(id),
    queryFn: async ({ client, signal }) => {
      const run = await get<PipelineRun>(`/pipeline-runs/${encodeURIComponent(id)}`, {}, signal);
      // The stream may have been faster than this answer.
      return newerRun(client.getQueryData<PipelineRun>(pipelineRunKeys.detail(id)), run);
    },
  });
}

/** How often what is counted or sorted over all tasks is read anew while a run goes on. */
const PACE = 1_500;

/** A list that somebody has paged far into is left alone. */
const MOST_PAGES_ANEW = 3;

function anew(live: boolean) {
  return (query: { state: { data?: { pages: unknown[] } } }) =>
    live && (query.state.data?.pages.length ?? 0) <= MOST_PAGES_ANEW ? PACE : false;
}

/** What happened, newest first. */
export function historyQuery(id: string, live: boolean) {
  return infiniteQueryOptions({
    queryKey: pipelineRunKeys.history(id),
    queryFn: ({ pageParam, signal }) =>
      get<Page<Transition>>(
        `/pipeline-runs/${encodeURIComponent(id)}/history`,
        { newestFirst: 'true', limit: 100, after: pageParam },
        signal,
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    refetchInterval: anew(live),
  });
}

/** Which tasks a table shows; all that is undefined is not asked for. */
export interface TaskFilter {
  group?: string;
  /** States with commas between them. */
  state?: string;
  search?: string;
  /** One level of the overview, or several: `3-5`. */
  level?: string;
}

/** A run's tasks, failed ones first. */
export function tasksQuery(id: string, filter: TaskFilter, live: boolean, limit = 100) {
  return infiniteQueryOptions({
    queryKey: [...pipelineRunKeys.tasks(id), 'of', filter, limit] as const,
    queryFn: ({ pageParam, signal }) =>
      get<Page<Task>>(
        `/pipeline-runs/${encodeURIComponent(id)}/tasks`,
        { ...filter, order: 'urgent', leaves: 'true', limit, after: pageParam },
        signal,
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
    refetchInterval: anew(live),
  });
}

/** One task that the run's own answer does not hold. */
export function taskQuery(id: string, task: string, live: boolean) {
  return queryOptions({
    queryKey: pipelineRunKeys.task(id, task),
    queryFn: ({ signal }) =>
      get<Task>(`/pipeline-runs/${encodeURIComponent(id)}/tasks/${encodeURIComponent(task)}`, {}, signal),
    refetchInterval: live ? PACE : false,
  });
}

export function overviewQuery(id: string, live: boolean) {
  return queryOptions({
    queryKey: pipelineRunKeys.overview(id),
    queryFn: ({ signal }) =>
      get<RunOverview>(`/pipeline-runs/${encodeURIComponent(id)}/overview`, {}, signal),
    refetchInterval: live ? 2 * PACE : false,
  });
}

/** A document of more tasks than an answer holds, and than a drawing could show. */
export function isHuge(run: PipelineRun): boolean {
  return run.tasks.length === 0 && run.taskCount > 0;
}

/** What a run's page shows first, each part as soon as it is known to be needed. */
export async function loadPipelineRun(
  client: QueryClient,
  id: string,
  list: boolean,
  filter: TaskFilter,
): Promise<void> {
  // First the run: lists that are older than the end of a run would not be read anew.
  const run = await client.ensureQueryData(pipelineRunQuery(id)).catch(() => undefined);
  if (!run) return;
  if (isHuge(run)) void client.prefetchQuery(overviewQuery(id, false));
  if (isHuge(run) || list) void client.prefetchInfiniteQuery(tasksQuery(id, filter, false));
}

/** Keeps one run up to date until it is over. */
export function useFollowPipelineRun(id: string, enabled: boolean): void {
  const client = useQueryClient();
  useEffect(() => {
    if (!enabled) return;
    const key = pipelineRunKeys.detail(id);
    const tell = (run: PipelineRun) => {
      client.setQueryData<PipelineRun>(key, (known) => newerRun(known, run));
      applySummary(client, summaryOf(run));
      if (!isRunOver(run.state)) return;
      void client.invalidateQueries({ queryKey: runKeys.ofPipelineRun(id) });
      void client.invalidateQueries({ queryKey: pipelineRunKeys.tasks(id) });
      void client.invalidateQueries({ queryKey: pipelineRunKeys.history(id) });
    };
    return follow(apiUrl(`/pipeline-runs/${encodeURIComponent(id)}/events`, { changes: 'true' }), {
      on: {
        run: (data) => tell(data as PipelineRun),
        changes: (data) => {
          const known = client.getQueryData<PipelineRun>(key);
          const run = known && applyChanges(known, data as RunChanges);
          if (run) tell(run);
          else void client.invalidateQueries({ queryKey: key, exact: true }, { cancelRefetch: false });
        },
      },
    });
  }, [client, id, enabled]);
}

/** Keeps the list of runs up to date. */
export function useFollowPipelineRuns(): void {
  const client = useQueryClient();
  useEffect(
    () =>
      follow(apiUrl('/pipeline-runs/events'), {
        on: { run: (data) => applySummary(client, data as PipelineRunSummary) },
        onOpen: (first) => {
          if (!first) void client.invalidateQueries({ queryKey: pipelineRunKeys.lists() });
        },
      }),
    [client],
  );
}

function applySummary(client: QueryClient, summary: PipelineRunSummary): void {
  for (const [key, data] of client.getQueriesData<{
    pages: Page<PipelineRunSummary>[];
    pageParams: unknown[];
  }>({
    queryKey: pipelineRunKeys.lists(),
  })) {
    if (!data) continue;
    const filter = key.at(-1) as RunFilter;
    client.setQueryData(key, { ...data, pages: mergeSummary(data.pages, summary, filter) });
  }
}
