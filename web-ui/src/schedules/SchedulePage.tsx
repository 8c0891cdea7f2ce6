import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { Schedule } from '../api/types';
import { usePageTitle } from '../app/usePageTitle';
import { Command } from '../ui/Command';
import { Skeleton } from '../ui/Skeleton';
import { Until } from '../ui/Time';
import { Fires } from './Fires';
import { nextQuery, scheduleQuery } from './queries';
import { ParamFacts, Start, StartPage } from './StartPage';
import { clockOf, intervalInWords, timesInWords } from './words';

const route = getRouteApi('/schedules/$name');

const CATCH_UP: Record<string, string> = {
  none: 'a run for the newest of the times that passed while no server ran',
  all: 'a run for each of the times that passed while no server ran',
  skip: 'no run for a time that is past the start deadline',
};

/** One schedule: when it starts what, the next times, and what came of those before. */
export function SchedulePage() {
  const { name } = route.useParams();
  const schedule = useQuery(scheduleQuery(name));
  usePageTitle(name);
  return (
    <StartPage title={name} query={schedule}>
      {schedule.data && <View schedule={schedule.data} />}
    </StartPage>
  );
}

function View({ schedule }: { schedule: Schedule }) {
  const { name, spec } = schedule;
  return (
    <>
      <Start
        kind="schedules"
        start={schedule}
        facts={[
          ['When', timesInWords(spec)],
          ['Cron', spec.cron && <code>{spec.cron}</code>],
          ['Time zone', spec.cron && (spec.timeZone ?? 'UTC')],
          ['From', spec.start],
          ['Until', spec.end],
          ['Params', spec.params && <ParamFacts params={spec.params} />],
          ['Catch up', spec.catchUp && (CATCH_UP[spec.catchUp] ?? spec.catchUp)],
          ['Starts within', spec.startDeadline && intervalInWords(spec.startDeadline)],
          ['Jitter', spec.jitter && `up to ${intervalInWords(spec.jitter)}`],
          ['Priority', spec.priority],
        ]}
        beside={<Next schedule={schedule} />}
      />
      <Fires
        kind="schedules"
        name={name}
        title="History"
        empty="None of its times has come yet."
        timeZone={spec.timeZone}
      />
      <p className="muted">For times that have passed:</p>
      <Command
        label="the command"
        text={`./pipewright backfill start ${name} --from YYYY-MM-DD --to YYYY-MM-DD`}
      />
    </>
  );
}

function Next({ schedule: { name, spec, paused } }: { schedule: Schedule }) {
  const next = useQuery(nextQuery(name));
  const clock = clockOf(next.data?.times ?? [], spec.timeZone);
  return (
    <section className="card" aria-label="Next times">
      <header className="card-head">
        <h2>Next times</h2>
        <span className="muted end">{spec.timeZone ?? 'UTC'}</span>
      </header>
      <div className="card-body">
        {paused && <p className="muted">Paused: these are what they would be.</p>}
        {!next.data ? (
          <Skeleton lines={5} />
        ) : next.data.times.length === 0 ? (
          <p className="muted">None: it has ended.</p>
        ) : (
          <ol className="next-times">
            {next.data.times.map((at) => (
              <li key={at}>
                <time dateTime={at} className="num">
                  {clock(at)}
                </time>
                <span className="muted">
                  <Until at={at} />
                </span>
              </li>
            ))}
          </ol>
        )}
      </div>
    </section>
  );
}
