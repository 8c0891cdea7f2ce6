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
import type { Page, Pipeline, PipelineRun, PipelineRunSummary, Transition } from '../api/types';
import { runKeys } from '../runs/queries';
import { isRunOver } from '../ui/states';
import { mergeSummary, newerRun, type RunFilter, summaryOf } from './live';

export const pipelineRunKeys = {
  all: ['pipeline-runs'] as const,
  lists: () => [...pipelineRunKeys.all, 'list'] as const,
  list: (filter: RunFilter) => [...pipelineRunKeys.lists(), filter] as const,
  detail: (id: string) => [...pipelineRunKeys.all, 'detail', id] as const,
  history: (id: string) => [...pipelineRunKeys.detail(id), 'history'] as const,
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

export function historyQuery(id: string, revision: number) {
  return queryOptions({
    queryKey: [...pipelineRunKeys.history(id), revision],
    queryFn: ({ signal }) => getAll<Transition>(`/pipeline-runs/${encodeURIComponent(id)}/history`, signal),
    placeholderData: keepPreviousData,
  });
}

/** Keeps one run up to date until it is over. */
export function useFollowPipelineRun(id: string, enabled: boolean): void {
  const client = useQueryClient();
  useEffect(() => {
    if (!enabled) return;
    return follow(apiUrl(`/pipeline-runs/${encodeURIComponent(id)}/events`), {
      on: {
        run: (data) => {
          const run = data as PipelineRun;
          client.setQueryData<PipelineRun>(pipelineRunKeys.detail(id), (known) => newerRun(known, run));
          applySummary(client, summaryOf(run));
          if (isRunOver(run.state)) void client.invalidateQueries({ queryKey: runKeys.ofPipelineRun(id) });
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
