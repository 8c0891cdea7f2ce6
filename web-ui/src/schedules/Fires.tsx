import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Fire } from '../api/types';
import { plural } from '../ui/format';
import { ProblemNote } from '../ui/ProblemNote';
import { Skeleton } from '../ui/Skeleton';
import { StateBadge } from '../ui/StateBadge';
import { Ago } from '../ui/Time';
import { firesQuery, type Kind } from './queries';
import { clockOf } from './words';

/** What became of each occasion to start a run: the run, or why there is none. */
export function Fires({
  kind,
  name,
  title,
  empty,
  timeZone,
  live = true,
}: {
  kind: Kind;
  name: string;
  title: string;
  empty: string;
  timeZone?: string;
  live?: boolean;
}) {
  const fires = useInfiniteQuery(firesQuery(kind, name, live));
  const items = fires.data?.pages.flatMap((page) => page.items) ?? [];
  const clock = clockOf(
    items.map((fire) => fire.time),
    timeZone,
  );
  return (
    <section className="card" aria-label={title}>
      <header className="card-head">
        <h2>{title}</h2>
        <span className="muted end">kept for 30 days</span>
      </header>
      {fires.isPending ? (
        <div className="card-body">
          <Skeleton lines={4} />
        </div>
      ) : fires.error && items.length === 0 ? (
        <div className="card-body">
          <ProblemNote error={fires.error} onRetry={() => fires.refetch()} />
        </div>
      ) : items.length === 0 ? (
        <p className="card-body muted">{empty}</p>
      ) : (
        <div className="table-wrap">
          <table className="data" aria-label={title}>
            <thead>
              <tr>
                <th scope="col">For ({timeZone ?? 'UTC'})</th>
                <th scope="col">What came of it</th>
                <th scope="col">Why</th>
                <th scope="col">Settled</th>
              </tr>
            </thead>
            <tbody>
              {items.map((fire) => (
                <tr key={fire.number}>
                  <td className="num">
                    {clock(fire.time)}
                    {fire.until && <> to {clock(fire.until)}</>}
                    {fire.times > 1 && <span className="muted"> · {plural(fire.times, 'time')}</span>}
                  </td>
                  <td>
                    <Outcome fire={fire} />
                  </td>
                  <td className="why">
                    <Why fire={fire} />
                  </td>
                  <td className="muted">{fire.at ? <Ago at={fire.at} /> : '–'}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {fires.hasNextPage && (
        <p className="card-body">
          <button
            type="button"
            className="button"
            disabled={fires.isFetchingNextPage}
            onClick={() => fires.fetchNextPage()}
          >
            {fires.isFetchingNextPage ? 'Loading…' : 'Show earlier'}
          </button>
        </p>
      )}
    </section>
  );
}

/** The state of the run that was started, leading to it; otherwise what became of the occasion. */
export function Outcome({ fire }: { fire: Fire }) {
  if (fire.runId === undefined) return <StateBadge state={fire.state} />;
  if (fire.runState === undefined) return <span className="muted">Started, the run was deleted</span>;
  return (
    <Link to="/pipeline-runs/$id" params={{ id: fire.runId }} className="outcome">
      <StateBadge state={fire.runState} /> <span>run →</span>
    </Link>
  );
}

function Why({ fire }: { fire: Fire }) {
  return (
    <>
      {fire.code && <code className="code">{fire.code}</code>} {fire.reason}
      {fire.errors && fire.errors.length > 0 && (
        <ul>
          {fire.errors.map((error, i) => (
            <li key={i}>
              {error.path && <code>{error.path}: </code>}
              {error.message}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
