import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { DatasetInput, LatestMetric, TrackedRun } from '../api/types';
import { usePageTitle } from '../app/usePageTitle';
import { groupMetrics } from '../charts/metricGroups';
import { columnsOf, DataTable } from '../ui/DataTable';
import { formatBytes, formatCount, formatNumber, formatParam, plural, shortDigest } from '../ui/format';
import { ProblemNote } from '../ui/ProblemNote';
import { Skeleton } from '../ui/Skeleton';
import { StateBadge } from '../ui/StateBadge';
import { isStatusOver } from '../ui/states';
import { Ago, Duration } from '../ui/Time';
import { ArtifactList } from './ArtifactList';
import { EvaluationCards } from './EvaluationCards';
import { headlineMetrics } from './headline';
import { LogView } from './LogView';
import { MetricCard } from './MetricCard';
import { artifactsQuery, pipelineRunRunsQuery, runQuery, useFollowRun } from './queries';
import './runs.css';

const route = getRouteApi('/runs/$id');

/** One tracked run: what was given, measured and made. */
export function RunPage() {
  const { id } = route.useParams();
  const run = useQuery(runQuery(id));
  useFollowRun(id, run.data !== undefined && !isStatusOver(run.data.status));
  usePageTitle(run.data?.name);

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
          <Skeleton lines={8} height="1.4rem" />
        </div>
      )}
    </main>
  );
}

function RunView({ run }: { run: TrackedRun }) {
  const live = !isStatusOver(run.status);
  const artifacts = useQuery(artifactsQuery(run.id));
  const evaluation = artifacts.data?.find((artifact) => artifact.path === 'evaluation.json');
  const curves = groupMetrics(run.metrics.filter((metric) => metric.points > 1).map((metric) => metric.key));
  const params = Object.entries(run.params).map(([key, value]) => ({ key, value }));
  const tags = Object.entries(run.tags).filter(([key]) => !key.startsWith('mlflow.'));

  return (
    <main className="page">
      <RunHead run={run} />
      {run.message && (
        <div className="problem" role="alert">
          <div className="head">
            <span className="title">It did not finish</span>
          </div>
          <p className="detail">{run.message}</p>
        </div>
      )}
      <div className="run-columns">
        <div className="column">
          {run.pipeline && !run.pipeline.task && (
            <TaskRuns pipelineRunId={run.pipeline.pipelineRunId} parentId={run.id} live={live} />
          )}
          {evaluation && <EvaluationCards runId={run.id} digest={evaluation.digest} />}
          {curves.length > 0 && (
            <section className="curves" aria-label="Metric curves">
              {curves.map((group) => (
                <MetricCard key={group.name} runId={run.id} group={group} />
              ))}
            </section>
          )}
          {run.metrics.length > 0 && <MetricTable metrics={run.metrics} />}
          <section className="card" aria-label="Log">
            <header className="card-head">
              <h2>Log</h2>
            </header>
            <div className="run-log">
              <LogView runId={run.id} live={live} />
            </div>
          </section>
        </div>
        <div className="column side">
          <section className="card">
            <header className="card-head">
              <h2>Params</h2>
              <span className="muted num end">{params.length}</span>
            </header>
            {params.length > 0 ? (
              <ParamTable params={params} />
            ) : (
              <p className="card-body muted">This run was given no params.</p>
            )}
          </section>
          {run.datasets.length > 0 && <Datasets datasets={run.datasets} />}
          <section className="card">
            <header className="card-head">
              <h2>Artifacts</h2>
              <span className="muted num end">{artifacts.data?.length}</span>
            </header>
            {artifacts.data ? (
              <ArtifactList runId={run.id} artifacts={artifacts.data} live={live} />
            ) : (
              <div className="card-body">
                {artifacts.error ? <ProblemNote error={artifacts.error} /> : <Skeleton />}
              </div>
            )}
          </section>
          {run.models.length > 0 && (
            <section className="card">
              <header className="card-head">
                <h2>Logged models</h2>
              </header>
              <ul className="plain-list">
                {run.models.map((model) => (
                  <li key={model.id}>
                    <b>{model.name}</b> <span className="chip">{model.flavor}</span>
                    <span className="muted num end">{formatBytes(model.size)}</span>
                    <code className="muted wide truncate">{model.id}</code>
                  </li>
                ))}
              </ul>
            </section>
          )}
          {tags.length > 0 && (
            <section className="card">
              <header className="card-head">
                <h2>Tags</h2>
              </header>
              <dl className="kv card-body">
                {tags.map(([key, value]) => (
                  <div key={key} style={{ display: 'contents' }}>
                    <dt>{key}</dt>
                    <dd>{value}</dd>
                  </div>
                ))}
              </dl>
            </section>
          )}
        </div>
      </div>
    </main>
  );
}

function RunHead({ run }: { run: TrackedRun }) {
  const source = run.pipeline;
  return (
    <>
      <nav className="crumbs" aria-label="Where this is">
        {source ? (
          <>
            <Link to="/pipeline-runs" search={{ pipeline: source.pipeline }}>
              {source.pipeline}
            </Link>
            <span>/</span>
            <Link
              to="/pipeline-runs/$id"
              params={{ id: source.pipelineRunId }}
              search={{ task: source.task }}
            >
              run <code>{source.pipelineRunId.slice(0, 8)}</code>
              {source.task && ` · ${source.task}`}
            </Link>
          </>
        ) : (
          <span>{run.experiment}</span>
        )}
      </nav>
      <div className="page-head">
        <h1>{run.name}</h1>
        <StateBadge state={run.status} pill />
        <dl className="facts">
          <div>
            <dt>Duration</dt>
            <dd>
              <Duration from={run.startTime} to={run.endTime} live={!isStatusOver(run.status)} />
            </dd>
          </div>
          <div>
            <dt>Started</dt>
            <dd>
              <Ago at={run.startTime} />
            </dd>
          </div>
          <div>
            <dt>Experiment</dt>
            <dd>{run.experiment}</dd>
          </div>
          {source?.attempt !== undefined && source.attempt > 1 && (
            <div>
              <dt>Attempt</dt>
              <dd className="num">{source.attempt}</dd>
            </div>
          )}
          <div>
            <dt>Id</dt>
            <dd>
              <code>{run.id}</code>
            </dd>
          </div>
        </dl>
      </div>
    </>
  );
}

/** Of the run of a whole pipeline run: the runs of its tasks. */
function TaskRuns({
  pipelineRunId,
  parentId,
  live,
}: {
  pipelineRunId: string;
  parentId: string;
  live: boolean;
}) {
  const runs = useQuery(pipelineRunRunsQuery(pipelineRunId, live));
  const children = useMemo(
    () =>
      runs.data
        ?.filter((run) => run.id !== parentId)
        .toSorted((a, b) => (a.startTime < b.startTime ? -1 : 1)),
    [runs.data, parentId],
  );
  return (
    <section className="card">
      <header className="card-head">
        <h2>Runs of the tasks</h2>
        <span className="muted num end">{children?.length}</span>
      </header>
      {children ? (
        <DataTable
          label="Runs of the tasks"
          columns={TASK_RUN_COLUMNS}
          data={children}
          rowId={(run) => run.id}
        />
      ) : (
        <div className="card-body">{runs.error ? <ProblemNote error={runs.error} /> : <Skeleton />}</div>
      )}
    </section>
  );
}

const taskRunColumn = columnsOf<TrackedRun>();
const TASK_RUN_COLUMNS = taskRunColumn.columns([
  taskRunColumn.accessor('name', {
    header: 'Run',
    cell: ({ row }) => (
      <Link to="/runs/$id" params={{ id: row.original.id }}>
        {row.original.name}
      </Link>
    ),
  }),
  taskRunColumn.accessor('status', {
    header: 'Status',
    cell: ({ getValue }) => <StateBadge state={getValue()} />,
  }),
  taskRunColumn.display({
    id: 'duration',
    header: 'Duration',
    cell: ({ row }) => (
      <Duration
        from={row.original.startTime}
        to={row.original.endTime}
        live={!isStatusOver(row.original.status)}
      />
    ),
  }),
  taskRunColumn.display({
    id: 'metrics',
    header: 'Metrics',
    cell: ({ row }) => (
      <span className="num muted">
        {headlineMetrics(row.original.metrics)
          .map((metric) => `${metric.key} ${formatNumber(metric.value)}`)
          .join(' · ')}
      </span>
    ),
  }),
]);

const paramColumn = columnsOf<{ key: string; value: string }>();
const PARAM_COLUMNS = paramColumn.columns([
  paramColumn.accessor('key', {
    header: 'Name',
    cell: ({ getValue }) => <span className="muted">{getValue()}</span>,
  }),
  paramColumn.accessor('value', {
    header: 'Value',
    cell: ({ getValue }) => <code title={getValue()}>{formatParam(getValue())}</code>,
  }),
]);

function ParamTable({ params }: { params: { key: string; value: string }[] }) {
  return <DataTable label="Params" columns={PARAM_COLUMNS} data={params} rowId={(row) => row.key} />;
}

const metricColumn = columnsOf<LatestMetric>();
const METRIC_COLUMNS = metricColumn.columns([
  metricColumn.accessor('key', { header: 'Metric' }),
  metricColumn.accessor('value', {
    header: 'Latest',
    cell: ({ getValue }) => <b>{formatNumber(getValue())}</b>,
  }),
  metricColumn.accessor('min', { header: 'Min', cell: ({ getValue }) => formatNumber(getValue()) }),
  metricColumn.accessor('max', { header: 'Max', cell: ({ getValue }) => formatNumber(getValue()) }),
  metricColumn.accessor('step', { header: 'Step', cell: ({ getValue }) => formatCount(getValue()) }),
  metricColumn.accessor('points', { header: 'Points', cell: ({ getValue }) => formatCount(getValue()) }),
]);

function MetricTable({ metrics }: { metrics: LatestMetric[] }) {
  return (
    <section className="card">
      <header className="card-head">
        <h2>Latest values</h2>
        <span className="muted num end">{metrics.length}</span>
      </header>
      <DataTable
        label="Latest values"
        columns={METRIC_COLUMNS}
        data={metrics}
        right={['value', 'min', 'max', 'step', 'points']}
        rowId={(metric) => metric.key}
      />
    </section>
  );
}

function Datasets({ datasets }: { datasets: DatasetInput[] }) {
  const sorted = useMemo(() => datasets.toSorted((a, b) => (a.role < b.role ? -1 : 1)), [datasets]);
  return (
    <section className="card">
      <header className="card-head">
        <h2>Datasets</h2>
      </header>
      <ul className="plain-list">
        {sorted.map((dataset) => (
          <li key={`${dataset.role}-${dataset.digest}`}>
            <b className="truncate">{dataset.name}</b> <span className="chip">{dataset.role}</span>
            <span className="muted num end">
              {dataset.rows !== undefined ? plural(dataset.rows, 'row') : formatBytes(dataset.size)}
            </span>
            <code className="muted wide" title={dataset.digest}>
              sha256:{shortDigest(dataset.digest)}
            </code>
          </li>
        ))}
      </ul>
    </section>
  );
}
