import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Json, Schedule, Trigger } from '../api/types';
import { formatJson } from '../ui/format';
import { ProblemNote } from '../ui/ProblemNote';
import { Skeleton } from '../ui/Skeleton';
import { PauseButton } from './PauseButton';
import './schedules.css';

/** What the pages of a schedule, a trigger and a backfill have in common: where they are, and what they are while loading. */
export function StartPage({
  title,
  query,
  children,
}: {
  title: string;
  query: { data: unknown; error: unknown; refetch: () => unknown };
  children: ReactNode;
}) {
  return (
    <main className="page">
      <nav className="crumbs" aria-label="Where this is">
        <Link to="/schedules">Schedules and triggers</Link>
      </nav>
      {query.data !== undefined ? (
        children
      ) : query.error ? (
        <>
          <h1>{title}</h1>
          <ProblemNote error={query.error} onRetry={() => query.refetch()} />
        </>
      ) : (
        <div className="card card-body">
          <Skeleton lines={6} height="1.4rem" />
        </div>
      )}
    </main>
  );
}

/** What the page of a schedule and that of a trigger begin with: its name and whether it is paused, and what it starts. */
export function Start({
  kind,
  start: { name, paused, spec },
  facts,
  beside,
}: {
  kind: 'schedules' | 'triggers';
  start: Schedule | Trigger;
  /** Beside the pipeline, which both have. */
  facts: [string, ReactNode][];
  beside: ReactNode;
}) {
  return (
    <>
      <div className="page-head">
        <h1>{name}</h1>
        {paused && <span className="chip">paused</span>}
        {spec.description && <p className="muted">{spec.description}</p>}
        <div className="end">
          <PauseButton kind={kind} name={name} paused={paused} />
        </div>
      </div>
      <div className="start-parts">
        <section className="card" aria-label="What it starts">
          <header className="card-head">
            <h2>What it starts</h2>
          </header>
          <Facts
            facts={[
              ['Pipeline', <PipelineLink key="p" pipeline={spec.pipeline} version={spec.version} />],
              ...facts,
            ]}
          />
        </section>
        {beside}
      </div>
    </>
  );
}

export function PipelineLink({ pipeline, version }: { pipeline: string; version?: number }) {
  return (
    <>
      <Link to="/pipeline-runs" search={{ pipeline }}>
        {pipeline}
      </Link>
      {version !== undefined && <span className="muted"> v{version}</span>}
    </>
  );
}

/** Facts as terms and what they are; those without a value are left out. */
export function Facts({ facts }: { facts: [string, ReactNode][] }) {
  return (
    <dl className="kv card-body">
      {facts
        .filter(([, value]) => value !== undefined && value !== null && value !== false)
        .map(([term, value]) => (
          <div key={term}>
            <dt>{term}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

/** The params of the runs, expressions as they are written. */
export function ParamFacts({ params }: { params: Record<string, Json> | undefined }): ReactNode {
  const entries = Object.entries(params ?? {});
  return (
    <ul className="params">
      {entries.map(([name, value]) => (
        <li key={name} className="chip">
          <span className="muted">{name}</span> <code className="truncate">{formatJson(value)}</code>
        </li>
      ))}
    </ul>
  );
}
