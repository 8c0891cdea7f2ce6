import { queryOptions, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { ApiError, apiUrl, encodePath, get } from '../api/client';
import { getAll } from '../api/pages';
import { follow } from '../api/sse';
import type { Artifact, LogLine, LogPage, MetricHistory, MetricSeries, Page, TrackedRun } from '../api/types';
import { appendPoints } from '../charts/series';
import { isEvaluation } from './evaluation';
import { appendLines, applySeries, EMPTY_LOG, type Log } from './live';

export const runKeys = {
  all: ['runs'] as const,
  detail: (id: string) => [...runKeys.all, 'detail', id] as const,
  ofPipelineRun: (id: string) => [...runKeys.all, 'of-pipeline-run', id] as const,
  metrics: (id: string) => [...runKeys.all, 'metrics', id] as const,
  metric: (id: string, key: string) => [...runKeys.metrics(id), key] as const,
  artifacts: (id: string) => [...runKeys.all, 'artifacts', id] as const,
  evaluation: (id: string, digest: string) => [...runKeys.all, 'evaluation', id, digest] as const,
  log: (id: string) => [...runKeys.all, 'log', id] as const,
};

export function runPath(id: string): string {
  return `/runs/${encodeURIComponent(id)}`;
}

export function artifactUrl(runId: string, path: string): string {
  return apiUrl(`${runPath(runId)}/artifacts/${encodePath(path)}`, { download: 1 });
}

export function runQuery(id: string) {
  return queryOptions({
    queryKey: runKeys.detail(id),
    queryFn: ({ signal }) => get<TrackedRun>(runPath(id), {}, signal),
  });
}

/** How often numbers are read anew that tasks log, and how often while no task runs: the last ones may come late. */
const PACE = 1_500;
const IDLE_PACE = 15_000;

/** The runs that a pipeline run's tasks log into. */
export function pipelineRunRunsQuery(id: string, live: boolean, busy = live) {
  return queryOptions({
    queryKey: runKeys.ofPipelineRun(id),
    queryFn: async ({ signal }) => {
      const page = await get<Page<TrackedRun>>('/runs', { pipelineRun: id, limit: 200 }, signal);
      return page.items;
    },
    refetchInterval: live && (busy ? PACE : IDLE_PACE),
  });
}

/** About as many points as a chart has pixels: more cannot be seen. */
const POINTS = 800;

export function metricQuery(id: string, key: string) {
  return queryOptions({
    queryKey: runKeys.metric(id, key),
    queryFn: async ({ client, signal }) => {
      const history = await get<MetricHistory>(
        `${runPath(id)}/metrics/${encodeURIComponent(key)}`,
        { points: POINTS },
        signal,
      );
      // Points that the stream told while this was on its way.
      const known = client.getQueryData<MetricHistory>(runKeys.metric(id, key));
      return known ? appendPoints(history, known) : history;
    },
    structuralSharing: false,
  });
}

export function artifactsQuery(id: string) {
  return queryOptions({
    queryKey: runKeys.artifacts(id),
    queryFn: ({ signal }) => getAll<Artifact>(`${runPath(id)}/artifacts`, signal),
  });
}

export function evaluationQuery(id: string, digest: string) {
  return queryOptions({
    queryKey: runKeys.evaluation(id, digest),
    queryFn: async ({ signal }) => {
      const body = await get<unknown>(`${runPath(id)}/artifacts/evaluation.json`, {}, signal);
      return isEvaluation(body) ? body : null;
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** Reads the log on from where the cache ends, page after page; what is read shows at once. */
export function logQuery(id: string) {
  return queryOptions({
    queryKey: runKeys.log(id),
    queryFn: async ({ client, signal, queryKey }) => {
      for (;;) {
        const known = client.getQueryData<Log>(queryKey) ?? EMPTY_LOG;
        const page = await get<LogPage>(`${runPath(id)}/logs`, { after: known.next, limit: 2_000 }, signal);
        const { log } = appendLines(client.getQueryData<Log>(queryKey) ?? EMPTY_LOG, page.lines);
        if (log.next === known.next || page.lines.length === 0) return log;
        client.setQueryData(queryKey, log);
      }
    },
    structuralSharing: false,
    retry: (count, error) => !(error instanceof ApiError && error.status === 404) && count < 2,
  });
}

/** Keeps one tracked run, its curves and its log up to date until it is over. */
export function useFollowRun(id: string, enabled: boolean): void {
  const client = useQueryClient();
  useEffect(() => {
    if (!enabled) return;
    return follow(apiUrl(`${runPath(id)}/events`), {
      on: {
        run: (data) => {
          client.setQueryData(runKeys.detail(id), data as TrackedRun);
          void client.invalidateQueries({ queryKey: runKeys.artifacts(id) });
        },
        metrics: (data) => {
          const { series } = data as { series: MetricSeries[] };
          client.setQueryData<TrackedRun>(runKeys.detail(id), (run) => run && applySeries(run, series));
          for (const one of series) {
            const key = runKeys.metric(id, one.key);
            const history = client.setQueryData<MetricHistory>(
              key,
              (known) => known && appendPoints(known, one),
            );
            // Far more points than pixels: let the server thin them out again.
            if (history && history.values.length > 4 * POINTS)
              void client.invalidateQueries({ queryKey: key });
          }
        },
        logs: (data) => {
          const { lines } = data as { lines: LogLine[] };
          const known = client.getQueryData<Log>(runKeys.log(id));
          if (!known) return;
          const { log, gap } = appendLines(known, lines);
          client.setQueryData(runKeys.log(id), log);
          if (gap) void client.invalidateQueries({ queryKey: runKeys.log(id) }, { cancelRefetch: false });
        },
        end: () => refetch(),
      },
      // What was told between the last answer and the opening of the stream is only in the answers.
      onOpen: () => refetch(),
    });

    function refetch() {
      void client.invalidateQueries({ queryKey: runKeys.detail(id) });
      void client.invalidateQueries({ queryKey: runKeys.metrics(id) });
      void client.invalidateQueries({ queryKey: runKeys.artifacts(id) });
      void client.invalidateQueries({ queryKey: runKeys.log(id) });
    }
  }, [client, id, enabled]);
}
