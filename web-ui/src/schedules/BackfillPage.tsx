import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { Backfill } from '../api/types';
import { usePageTitle } from '../app/usePageTitle';
import { formatCount, plural } from '../ui/format';
import { ProblemNote } from '../ui/ProblemNote';
import { StateBadge } from '../ui/StateBadge';
import { Ago } from '../ui/Time';
import { BackfillBar, partsOf } from './BackfillBar';
import { Fires } from './Fires';
import { backfillQuery, scheduleQuery, useAct } from './queries';
import { Facts, ParamFacts, PipelineLink, StartPage } from './StartPage';
import { timesInWords } from './words';

const route = getRouteApi('/backfills/$id');

/** One backfill: how far it is, and what came of each of its times. */
export function BackfillPage() {
  const { id } = route.useParams();
  const backfill = useQuery(backfillQuery(id));
  usePageTitle(backfill.data && `Backfill of ${backfill.data.pipeline}`);
  return (
    <StartPage title="Backfill" query={backfill}>
      {backfill.data && <View backfill={backfill.data} />}
    </StartPage>
  );
}

function View({ backfill }: { backfill: Backfill }) {
  const { id, spec, pipeline, state, total, createdAt, endedAt } = backfill;
  const act = useAct<Backfill>('backfills', id);
  // One of a schedule has the schedule's time zone, as long as that is there.
  const schedule = useQuery({
    ...scheduleQuery(spec.schedule ?? ''),
    enabled: spec.schedule !== undefined,
    refetchInterval: false,
  });
  return (
    <>
      <div className="page-head">
        <h1>Backfill of {spec.schedule ?? pipeline}</h1>
        <StateBadge state={state} pill />
        {(state === 'RUNNING' || backfill.running > 0) && (
          <Cancel
            backfill={backfill}
            pending={act.isPending}
            onCancel={(runs) => act.mutate(runs ? 'cancel-with-runs' : 'cancel')}
          />
        )}
      </div>
      {act.error && <ProblemNote error={act.error} />}
      <section className="card" aria-label="Progress">
        <header className="card-head">
          <h2>Progress</h2>
          <span className="muted end">{plural(total, 'time')}</span>
        </header>
        <div className="card-body progress">
          <BackfillBar backfill={backfill} />
          <ul className="params">
            {partsOf(backfill)
              .filter((part) => part.count > 0)
              .map((part) => (
                <li key={part.word} className="state" data-tone={part.tone}>
                  {formatCount(part.count)} {part.word}
                </li>
              ))}
          </ul>
        </div>
        <Facts
          facts={[
            [
              'Schedule',
              spec.schedule && (
                <Link key="s" to="/schedules/$name" params={{ name: spec.schedule }}>
                  {spec.schedule}
                </Link>
              ),
            ],
            ['Pipeline', <PipelineLink key="p" pipeline={pipeline} version={spec.version} />],
            ['Range', `${spec.from} to ${spec.to}`],
            ['When', (spec.cron || spec.every) && timesInWords({ ...spec, pipeline })],
            ['At once', spec.parallel ?? 1],
            ['Order', spec.newestFirst ? 'newest first' : 'oldest first'],
            ['Params', spec.params && <ParamFacts key="a" params={spec.params} />],
            ['Started', <Ago key="c" at={createdAt} />],
            ['Ended', endedAt && <Ago key="e" at={endedAt} />],
          ]}
        />
      </section>
      <Fires
        kind="backfills"
        name={id}
        title="Times"
        empty="The range holds none of its times."
        timeZone={spec.timeZone ?? schedule.data?.spec.timeZone}
        live={state === 'RUNNING'}
      />
    </>
  );
}

/** Cancels a backfill, with its runs if that is chosen; one that was cancelled without them can still cancel them. */
function Cancel({
  backfill: { state, running },
  pending,
  onCancel,
}: {
  backfill: Backfill;
  pending: boolean;
  onCancel: (runs: boolean) => void;
}) {
  const [runs, setRuns] = useState(false);
  if (state !== 'RUNNING') {
    return (
      <div className="end">
        <button type="button" className="button" disabled={pending} onClick={() => onCancel(true)}>
          Cancel {plural(running, 'run')} under way
        </button>
      </div>
    );
  }
  return (
    <div className="end cancel">
      <label>
        <input type="checkbox" checked={runs} onChange={(event) => setRuns(event.target.checked)} /> also
        cancel its runs that are under way
      </label>
      <button
        type="button"
        className="button"
        disabled={pending}
        title={
          runs ? 'Start nothing further, and stop what runs' : 'Start nothing further; what runs goes on'
        }
        onClick={() => onCancel(runs)}
      >
        Cancel
      </button>
    </div>
  );
}
