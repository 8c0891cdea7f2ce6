import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Json } from '../api/types';
import { formatJson } from '../ui/format';
import { ProblemNote } from '../ui/ProblemNote';
import { Skeleton } from '../ui/Skeleton';
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
