import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import type { PipelineRunSummary } from '../api/types';
import { usePageTitle } from '../app/usePageTitle';
import { StartsOf } from '../schedules/StartsOf';
import { ProblemNote } from '../ui/ProblemNote';
import { Skeleton } from '../ui/Skeleton';
import { StateBadge } from '../ui/StateBadge';
import { isRunOver, lookOf, RUN_STATES } from '../ui/states';
import { Ago, Duration } from '../ui/Time';
import { VirtualBody } from '../ui/VirtualBody';
import { pipelineRunsQuery, pipelinesQuery, useFollowPipelineRuns } from './queries';
import { TaskBar } from './TaskBar';
import './pipeline-runs.css';

const route = getRouteApi('/pipeline-runs');
const ROW = 45;

/** All pipeline runs, newest first; what is filtered stands in the address. */
export function PipelineRunsPage() {
  const filter = route.useSearch();
  const navigate = route.useNavigate();
  const runs = useInfiniteQuery(pipelineRunsQuery(filter));
  const pipelines = useQuery(pipelinesQuery());
  useFollowPipelineRuns();
  usePageTitle('Pipeline runs');

  const items = runs.data?.pages.flatMap((page) => page.items) ?? [];
  const filtered = filter.pipeline !== undefined || filter.state !== undefined;
  const names = new Set(pipelines.data?.map((pipeline) => pipeline.name));
  if (filter.pipeline) names.add(filter.pipeline);

  return (
    <main className="page">
      <div className="page-head">
        <h1>Pipeline runs</h1>
        {filter.pipeline && <StartsOf pipeline={filter.pipeline} />}
        <div className="end filters">
          <label>
            <span className="sr-only">Pipeline</span>
            <select
              className="select"
              value={filter.pipeline ?? ''}
              onChange={(event) =>
                navigate({
                  search: (old) => ({ ...old, pipeline: event.target.value || undefined }),
                  replace: true,
                })
              }
            >
              <option value="">All pipelines</option>
              {[...names].sort().map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
          <label>
            <span className="sr-only">State</span>
            <select
              className="select"
              value={filter.state ?? ''}
              onChange={(event) =>
                navigate({
                  search: (old) => ({
                    ...old,
                    state: RUN_STATES.find((state) => state === event.target.value),
                  }),
                  replace: true,
                })
              }
            >
              <option value="">All states</option>
              {RUN_STATES.map((state) => (
                <option key={state} value={state}>
                  {lookOf(state).word}
                </option>
              ))}
            </select>
          </label>
        </div>
      </div>
      {runs.error && items.length === 0 ? (
        <ProblemNote error={runs.error} onRetry={() => runs.refetch()} />
      ) : (
        <section className="card">
          {runs.isPending ? (
            <div className="card-body">
              <Skeleton lines={8} height="1.4rem" />
            </div>
          ) : items.length === 0 ? (
            filtered ? (
              <div className="empty">
                <strong>No run matches the filter</strong>
                <Link to="/pipeline-runs" className="button">
                  Show all runs
                </Link>
              </div>
            ) : (
              <div className="empty">
                <strong>Nothing has run yet</strong>
                <p>Run the example pipeline: it trains a model and shows up here at once.</p>
                <code className="command">./pipewright demo</code>
              </div>
            )
          ) : (
            <RunTable
              runs={items}
              more={runs.hasNextPage}
              loadMore={() => !runs.isFetchingNextPage && void runs.fetchNextPage()}
            />
          )}
        </section>
      )}
      {runs.hasNextPage && (
        <button
          type="button"
          className="button more"
          disabled={runs.isFetchingNextPage}
          onClick={() => runs.fetchNextPage()}
        >
          {runs.isFetchingNextPage ? 'Loading…' : 'Load more'}
        </button>
      )}
    </main>
  );
}

function RunTable({
  runs,
  more,
  loadMore,
}: {
  runs: PipelineRunSummary[];
  more: boolean;
  loadMore: () => void;
}) {
  const virtualizer = useWindowVirtualizer({
    count: runs.length,
    estimateSize: () => ROW,
    overscan: 12,
    scrollMargin: 170,
    getItemKey: (i) => runs[i]?.id ?? i,
  });
  return (
    <div className="table-wrap">
      <table className="data runs" aria-label="Pipeline runs" aria-rowcount={more ? -1 : runs.length + 1}>
        <thead>
          <tr>
            <th scope="col">State</th>
            <th scope="col">Pipeline</th>
            <th scope="col">Tasks</th>
            <th scope="col">Started</th>
            <th scope="col" className="right">
              Duration
            </th>
          </tr>
        </thead>
        <VirtualBody
          virtualizer={virtualizer}
          columns={5}
          more={more}
          loadMore={loadMore}
          row={(index, key) => {
            const run = runs[index];
            return run && <RunRow key={key} run={run} index={index} />;
          }}
        />
      </table>
    </div>
  );
}

function RunRow({ run, index }: { run: PipelineRunSummary; index: number }) {
  return (
    <tr className="linked" aria-rowindex={index + 2} style={{ height: ROW }}>
      <td>
        <StateBadge state={run.state} />
      </td>
      <td className="name">
        <Link to="/pipeline-runs/$id" params={{ id: run.id }} className="row-link">
          {run.pipeline}
        </Link>{' '}
        <span className="muted num">
          #{run.number} · v{run.version}
        </span>
        {run.message && <div className="message truncate">{run.message}</div>}
      </td>
      <td>
        <TaskBar tasks={run.tasks} />
      </td>
      <td className="muted">
        <Ago at={run.startedAt ?? run.createdAt} />
      </td>
      <td className="right">
        <Duration from={run.startedAt} to={run.endedAt} live={!isRunOver(run.state)} />
      </td>
    </tr>
  );
}
