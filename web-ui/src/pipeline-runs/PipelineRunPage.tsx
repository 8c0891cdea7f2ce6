import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { lazy, Suspense, useCallback, useEffect, useMemo, useState } from 'react';
import type { LatestMetric, PipelineRun, TrackedRun } from '../api/types';
import { usePageTitle } from '../app/usePageTitle';
import { fitting, headlineMetrics } from '../runs/headline';
import { pipelineRunRunsQuery } from '../runs/queries';
import { formatClock, formatJson, plural } from '../ui/format';
import { ProblemNote } from '../ui/ProblemNote';
import { Skeleton } from '../ui/Skeleton';
import { StateBadge } from '../ui/StateBadge';
import { isRunOver, lookOf } from '../ui/states';
import { Ago, Duration } from '../ui/Time';
import { declaredTasks, failedTask, MOST_TASKS } from './live';
import { Origin } from './Origin';
import { Overview } from './Overview';
import {
  historyQuery,
  isHuge,
  pipelineRunQuery,
  type TaskFilter,
  taskQuery,
  tasksQuery,
  useFollowPipelineRun,
} from './queries';
import { RunActions } from './RunActions';
import { TaskBar } from './TaskBar';
import { TaskPanel } from './TaskPanel';
import { TaskTable } from './TaskTable';
import './pipeline-runs.css';

// Most of this page's code, which a list does without.
const PipelineGraph = lazy(() => import('./PipelineGraph').then((m) => ({ default: m.PipelineGraph })));

const route = getRouteApi('/pipeline-runs/$id');

/** One pipeline run as its graph, live. */
export function PipelineRunPage() {
  const { id } = route.useParams();
  const run = useQuery(pipelineRunQuery(id));
  useFollowPipelineRun(id, run.data !== undefined && !isRunOver(run.data.state));
  usePageTitle(run.data && `${lookOf(run.data.state).word}: ${run.data.pipeline}`);

  if (run.data) return <RunView run={run.data} />;
  return (
    <main className="page">
      {run.error ? (
        <>
          <nav className="crumbs" aria-label="Where this is">
            <Link to="/pipeline-runs">Pipeline runs</Link>
          </nav>
          <ProblemNote error={run.error} onRetry={() => run.refetch()} />
        </>
      ) : (
        <div className="card card-body">
          <Skeleton lines={6} height="1.6rem" />
        </div>
      )}
    </main>
  );
}

function RunView({ run }: { run: PipelineRun }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const live = !isRunOver(run.state);
  const busy = (run.counts.RUNNING ?? 0) > 0;
  // Numbers of thousands of tasks are nothing that a graph could show.
  const tracked = useQuery({
    ...pipelineRunRunsQuery(run.id, live, busy),
    enabled: run.taskCount <= MOST_TASKS,
  });
  const metrics = useMemo(() => metricsByTask(run, tracked.data), [run, tracked.data]);
  const declared = useMemo(() => declaredTasks(run.tasks), [run.tasks]);
  const instances = useMemo(
    () => new Map(run.groups.map((group) => [group.name, group.counts])),
    [run.groups],
  );
  const known = run.tasks.find((task) => task.name === search.task);
  const elsewhere = useQuery({
    ...taskQuery(run.id, search.task ?? '', live),
    enabled: search.task !== undefined && known === undefined,
  });
  const selected = known ?? (search.task === undefined ? undefined : elsewhere.data);
  const inGraph = selected?.group ?? selected?.name;
  const huge = isHuge(run);
  const { task: _, view, ...filter } = search;
  const show = useCallback(
    (what: Partial<typeof search>) =>
      void navigate({ search: (old) => ({ ...old, ...what }), replace: true, resetScroll: false }),
    [navigate],
  );
  const onSelect = useCallback((task: string | undefined) => show({ task }), [show]);
  const onFilter = ({ group, state, search, level }: TaskFilter) => show({ group, state, search, level });

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => event.key === 'Escape' && onSelect(undefined);
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [onSelect]);

  return (
    <main className="run-page">
      <RunHead run={run} onSelect={onSelect} />
      <div className="run-main" data-panel={selected !== undefined}>
        <div className="run-sight">
          {huge ? (
            <Overview
              run={run}
              level={search.level}
              onLevel={(level) => show({ level })}
              onSelect={onSelect}
            />
          ) : (
            <div className="views" role="toolbar" aria-label="How the tasks are shown">
              <button
                type="button"
                className="button quiet"
                aria-pressed={view !== 'tasks'}
                onClick={() => show({ view: undefined })}
              >
                Graph
              </button>
              <button
                type="button"
                className="button quiet"
                aria-pressed={view === 'tasks'}
                onClick={() => show({ view: 'tasks' })}
              >
                List
              </button>
              <TaskBar tasks={run.counts} />
            </div>
          )}
          {huge || view === 'tasks' ? (
            <TaskTable
              run={run}
              filter={filter}
              selected={search.task}
              onFilter={onFilter}
              onSelect={onSelect}
            />
          ) : (
            <Suspense fallback={<Skeleton lines={6} height="1.6rem" />}>
              <PipelineGraph
                tasks={declared}
                instances={instances}
                metrics={metrics}
                selected={inGraph}
                onSelect={onSelect}
              />
            </Suspense>
          )}
        </div>
        {selected && (
          <TaskPanel
            key={selected.name}
            run={run}
            task={selected}
            instances={instances.get(selected.name)}
            onInstances={() => show({ view: 'tasks', group: selected.name, state: undefined })}
            onSelect={onSelect}
            onClose={() => onSelect(undefined)}
          />
        )}
      </div>
      <History run={run} />
    </main>
  );
}

function RunHead({ run, onSelect }: { run: PipelineRun; onSelect: (task: string) => void }) {
  const params = Object.entries(run.params);
  const known = run.state === 'FAILED' ? failedTask(run) : undefined;
  // Of a large run, the instance or task that failed is not in its own answer.
  const found = useInfiniteQuery({
    ...tasksQuery(run.id, { state: 'FAILED' }, false, 1),
    enabled: run.state === 'FAILED' && run.tasks.length < run.taskCount,
  });
  const failed = found.data?.pages[0]?.items[0] ?? known;
  const failure = failed?.attempts.at(-1);
  return (
    <header className="run-head">
      <nav className="crumbs" aria-label="Where this is">
        <Link to="/pipeline-runs">Pipeline runs</Link>
        <span>/</span>
        <Link to="/pipeline-runs" search={{ pipeline: run.pipeline }}>
          {run.pipeline}
        </Link>
      </nav>
      <div className="page-head">
        <h1>
          {run.pipeline}{' '}
          <span className="version num">
            #{run.number} · v{run.version}
          </span>
        </h1>
        <StateBadge state={run.state} pill />
        {run.paused && !isRunOver(run.state) && <span className="chip">paused</span>}
        <dl className="facts">
          <div>
            <dt>Duration</dt>
            <dd>
              <Duration from={run.startedAt} to={run.endedAt} live={!isRunOver(run.state)} />
            </dd>
          </div>
          <div>
            <dt>Started</dt>
            <dd>
              <Ago at={run.startedAt ?? run.createdAt} />
            </dd>
          </div>
          <Origin run={run} />
          <div>
            <dt>Run</dt>
            <dd>
              <Link
                to="/runs/$id"
                params={{ id: run.trackedRunId }}
                title="The tracked run of the whole pipeline run"
              >
                <code>{run.id.slice(0, 8)}</code>
              </Link>
            </dd>
          </div>
        </dl>
        <RunActions run={run} />
      </div>
      {params.length > 0 && (
        <ul className="params" aria-label="Params">
          {params.map(([name, value]) => (
            <li key={name} className="chip" title={`${name} = ${JSON.stringify(value)}`}>
              <span className="muted">{name}</span>
              <span className="truncate">{formatJson(value)}</span>
            </li>
          ))}
        </ul>
      )}
      {run.state === 'FAILED' && (
        <div className="problem" role="alert">
          <div className="head">
            <span className="title">
              {failed ? (
                <>
                  Task{' '}
                  <button type="button" className="link" onClick={() => onSelect(failed.name)}>
                    {failed.name}
                  </button>{' '}
                  failed
                  {failed.attempts.length > 1 && ` after ${plural(failed.attempts.length, 'attempt')}`}
                </>
              ) : (
                'The run failed'
              )}
            </span>
            {failure?.code && <span className="code">{failure.code}</span>}
          </div>
          <p className="detail">{failure?.message ?? failed?.reason ?? run.message}</p>
        </div>
      )}
    </header>
  );
}

function History({ run }: { run: PipelineRun }) {
  const [open, setOpen] = useState(false);
  return (
    <details className="history" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>History</summary>
      {open && <Transitions run={run} />}
    </details>
  );
}

function Transitions({ run }: { run: PipelineRun }) {
  const history = useInfiniteQuery(historyQuery(run.id, !isRunOver(run.state)));
  if (history.error && !history.data) return <ProblemNote error={history.error} />;
  if (!history.data) return <Skeleton lines={3} />;
  const entries = history.data.pages.flatMap((page) => page.items);
  return (
    <ol className="transitions">
      {entries.map((entry, i) => (
        <li key={`${entry.revision}-${i}`}>
          <time className="num muted" dateTime={entry.at}>
            {formatClock(entry.at)}
          </time>
          <span className="who truncate">
            {entry.task ?? 'Run'}
            {entry.attempt !== undefined && <span className="muted"> attempt {entry.attempt}</span>}
          </span>
          <span>
            {entry.from && <span className="muted">{lookOf(entry.from).word} → </span>}
            <StateBadge state={entry.to} />
          </span>
          <span className="muted">{entry.reason}</span>
        </li>
      ))}
      {history.hasNextPage && (
        <li>
          <button
            type="button"
            className="button quiet"
            disabled={history.isFetchingNextPage}
            onClick={() => history.fetchNextPage()}
          >
            Show earlier
          </button>
        </li>
      )}
    </ol>
  );
}

/** What stands on each task of the graph: the metrics of its newest attempt's run. */
function metricsByTask(run: PipelineRun, tracked: TrackedRun[] | undefined): Map<string, LatestMetric[]> {
  const runs = new Map(tracked?.map((each) => [each.id, each]));
  return new Map(
    run.tasks.flatMap((task) => {
      const attempt = task.attempts.at(-1);
      const found = attempt && runs.get(attempt.trackedRunId);
      return found ? [[task.name, fitting(headlineMetrics(found.metrics))] as const] : [];
    }),
  );
}
