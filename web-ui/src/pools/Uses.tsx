import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Pool, PoolUse } from '../api/types';
import { formatCount, plural } from '../ui/format';
import { ProblemNote } from '../ui/ProblemNote';
import { Skeleton } from '../ui/Skeleton';
import { Ago } from '../ui/Time';
import { usesQuery } from './queries';

/** Who has slots of a pool, and who waits for it, the next one first. */
export function Uses({ pool: { name, taken, waiting } }: { pool: Pool }) {
  const uses = useQuery(usesQuery(name));
  if (!uses.data) {
    return (
      <div className="card-body">
        {uses.error ? (
          <ProblemNote error={uses.error} onRetry={() => uses.refetch()} />
        ) : (
          <Skeleton lines={3} />
        )}
      </div>
    );
  }
  const { holders, waiters } = uses.data;
  const named = holders.reduce((sum, use) => sum + use.slots, 0);
  return (
    <div className="pool-uses">
      <UseTable
        title="Has slots"
        uses={holders}
        empty="Nobody: all of it is free."
        more={taken > named ? `and ${plural(taken - named, 'slot')} more` : undefined}
      />
      <UseTable
        title="Waits"
        uses={waiters}
        empty="Nobody."
        more={waiting > waiters.length ? `and ${formatCount(waiting - waiters.length)} more` : undefined}
      />
    </div>
  );
}

function UseTable({
  title,
  uses,
  empty,
  more,
}: {
  title: string;
  uses: PoolUse[];
  empty: string;
  more: string | undefined;
}) {
  return (
    <div>
      <h3>{title}</h3>
      {uses.length === 0 ? (
        <p className="muted">{empty}</p>
      ) : (
        <div className="table-wrap">
          <table className="data" aria-label={title}>
            <thead>
              <tr>
                <th scope="col">Run</th>
                <th scope="col">Task</th>
                <th scope="col" className="right">
                  Slots
                </th>
                <th scope="col">Since</th>
              </tr>
            </thead>
            <tbody>
              {uses.map((use) => (
                <tr key={`${use.runId} ${use.task}`}>
                  <td>
                    <Link to="/pipeline-runs/$id" params={{ id: use.runId }}>
                      {use.pipeline} <span className="num">#{use.run}</span>
                    </Link>
                  </td>
                  <td>
                    <Link to="/pipeline-runs/$id" params={{ id: use.runId }} search={{ task: use.task }}>
                      {use.task}
                    </Link>
                  </td>
                  <td className="right num">{formatCount(use.slots)}</td>
                  <td className="muted">
                    <Ago at={use.since} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {more && <p className="muted">{more}</p>}
    </div>
  );
}
