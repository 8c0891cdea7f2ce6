import { useQueries } from '@tanstack/react-query';
import { lazy, Suspense, useMemo, useRef, useState } from 'react';
import type { MetricGroup } from '../charts/metricGroups';
import { ProblemNote } from '../ui/ProblemNote';
import { useOnScreen } from '../ui/useOnScreen';
import { metricQuery } from './queries';

const MetricChart = lazy(() => import('../charts/MetricChart'));

/** The curves of one group of metrics, fetched when the card comes into view. */
export function MetricCard({ runId, group }: { runId: string; group: MetricGroup }) {
  const card = useRef<HTMLElement>(null);
  const seen = useOnScreen(card);
  const [log, setLog] = useState(false);
  const histories = useQueries({
    queries: group.members.map((member) => ({ ...metricQuery(runId, member.key), enabled: seen })),
    combine: (results) => ({
      data: results.map((result) => result.data),
      error: results.find((result) => result.error)?.error,
    }),
  });
  const { data } = histories;
  const labels = group.members.map((member) => member.label).join('\n');
  const lines = useMemo(
    () => labels.split('\n').map((label, i) => ({ label, history: data[i] })),
    [data, labels],
  );
  const positive = data.every((history) => history?.values.every((value) => Number(value) > 0) ?? false);

  return (
    <section className="card metric-card" ref={card} aria-label={group.name}>
      <header className="card-head">
        <h2 className="truncate">{group.name}</h2>
        {positive && (
          <button type="button" className="button quiet end" aria-pressed={log} onClick={() => setLog(!log)}>
            Log scale
          </button>
        )}
      </header>
      {data.some((history) => history !== undefined) ? (
        <Suspense fallback={<div className="plot" />}>
          <MetricChart lines={lines} log={log && positive} />
        </Suspense>
      ) : histories.error ? (
        <div className="card-body">
          <ProblemNote error={histories.error} />
        </div>
      ) : (
        <div className="plot">
          <span className="skeleton" style={{ height: 190, margin: '0.5rem' }} />
        </div>
      )}
    </section>
  );
}
