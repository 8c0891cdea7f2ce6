import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Backfill, Fire, Schedule, Trigger } from '../api/types';
import { usePageTitle } from '../app/usePageTitle';
import { Command } from '../ui/Command';
import { ProblemNote } from '../ui/ProblemNote';
import { Skeleton } from '../ui/Skeleton';
import { StateBadge } from '../ui/StateBadge';
import { Ago, Until } from '../ui/Time';
import { BackfillBar } from './BackfillBar';
import { Outcome } from './Fires';
import { PauseButton } from './PauseButton';
import { backfillsQuery, schedulesQuery, triggersQuery } from './queries';
import { PipelineLink } from './StartPage';
import { occasionInWords, timesInWords } from './words';
import './schedules.css';

/** All that starts runs by itself. */
export function SchedulesPage() {
  usePageTitle('Schedules and triggers');
  return (
    <main className="page">
      <div className="page-head">
        <h1>Schedules and triggers</h1>
      </div>
      <Schedules />
      <Triggers />
      <Backfills />
    </main>
  );
}

function Schedules() {
  const schedules = useQuery(schedulesQuery());
  return (
    <Part
      title="Schedules"
      query={schedules}
      count={schedules.data?.length}
      empty={
        <>
          <strong>Nothing is scheduled</strong>
          <p>A schedule starts runs of a pipeline by the clock. Make one from a file, or in one line:</p>
          <Command label="the command" text="./pipewright schedules apply nightly.yaml" />
          <Command
            label="the line"
            text="./pipewright schedules apply nightly --pipeline NAME --cron '30 2 * * MON-FRI'"
          />
        </>
      }
    >
      <Head columns={['Name', 'Pipeline', 'When', 'Next', 'Last', '']} />
      <tbody>
        {schedules.data?.map((schedule) => {
          const { name, spec, paused, next } = schedule;
          return (
            <StartRow key={name} kind="schedules" start={schedule}>
              <td title={spec.cron}>
                {timesInWords(spec)}
                {spec.cron && <span className="muted"> · {spec.timeZone ?? 'UTC'}</span>}
              </td>
              <td>
                {paused ? (
                  <span className="chip">paused</span>
                ) : next[0] ? (
                  <Until at={next[0]} />
                ) : (
                  <span className="muted">ended</span>
                )}
              </td>
            </StartRow>
          );
        })}
      </tbody>
    </Part>
  );
}

function Triggers() {
  const triggers = useQuery(triggersQuery());
  return (
    <Part
      title="Triggers"
      query={triggers}
      count={triggers.data?.length}
      empty={
        <>
          <strong>Nothing triggers a run</strong>
          <p>A trigger starts runs on a message, such as a push, or when a model, dataset or run changes:</p>
          <Command label="the command" text="./pipewright triggers apply push.yaml --secret-file secret" />
        </>
      }
    >
      <Head columns={['Name', 'Pipeline', 'On', 'State', 'Last', '']} />
      <tbody>
        {triggers.data?.map((trigger) => (
          <StartRow key={trigger.name} kind="triggers" start={trigger}>
            <td>{occasionInWords(trigger.spec)}</td>
            <td>
              {trigger.paused ? <span className="chip">paused</span> : <span className="muted">listens</span>}
            </td>
          </StartRow>
        ))}
      </tbody>
    </Part>
  );
}

/** A schedule or a trigger; what only one of them has stands in the middle. */
function StartRow({
  kind,
  start: { name, spec, paused, last },
  children,
}: {
  kind: 'schedules' | 'triggers';
  start: Schedule | Trigger;
  children: ReactNode;
}) {
  return (
    <tr>
      <td>
        <Link to={`/${kind}/$name`} params={{ name }} className="name">
          {name}
        </Link>
      </td>
      <td>
        <PipelineLink pipeline={spec.pipeline} version={spec.version} />
      </td>
      {children}
      <td>
        <Last fire={last} />
      </td>
      <td className="right">
        <PauseButton kind={kind} name={name} paused={paused} />
      </td>
    </tr>
  );
}

function Backfills() {
  const backfills = useQuery(backfillsQuery());
  return (
    <Part
      title="Backfills"
      query={backfills}
      count={backfills.data?.items.length}
      empty={
        <>
          <strong>No time was made up for</strong>
          <p>A backfill starts the runs of a schedule for times that have passed:</p>
          <Command
            label="the command"
            text="./pipewright backfill start nightly --from 2026-01-01 --to 2026-01-31"
          />
        </>
      }
    >
      <Head columns={['Of', 'Pipeline', 'Range', 'State', 'Progress', 'Started']} />
      <tbody>
        {backfills.data?.items.map((backfill) => (
          <BackfillRow key={backfill.id} backfill={backfill} />
        ))}
      </tbody>
    </Part>
  );
}

function BackfillRow({ backfill }: { backfill: Backfill }) {
  const { id, spec, pipeline, state, createdAt } = backfill;
  return (
    <tr>
      <td>
        <Link to="/backfills/$id" params={{ id }} className="name">
          {spec.schedule ?? id.slice(-8)}
        </Link>
      </td>
      <td>
        <PipelineLink pipeline={pipeline} version={spec.version} />
      </td>
      <td className="num">
        {spec.from} to {spec.to}
      </td>
      <td>
        <StateBadge state={state} />
      </td>
      <td>
        <BackfillBar backfill={backfill} />
      </td>
      <td className="muted">
        <Ago at={createdAt} />
      </td>
    </tr>
  );
}

/** What came of it the last time. */
function Last({ fire }: { fire: Fire | undefined }) {
  if (!fire) return <span className="muted">never</span>;
  return (
    <span title={fire.reason}>
      <Outcome fire={fire} /> {fire.at && <span className="muted">{<Ago at={fire.at} />}</span>}
    </span>
  );
}

function Head({ columns }: { columns: string[] }) {
  return (
    <thead>
      <tr>
        {columns.map((column) => (
          <th key={column} scope="col">
            {column || <span className="sr-only">What to do</span>}
          </th>
        ))}
      </tr>
    </thead>
  );
}

function Part({
  title,
  query,
  count,
  empty,
  children,
}: {
  title: string;
  query: { error: unknown; refetch: () => unknown };
  count: number | undefined;
  empty: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className="card" aria-label={title}>
      <header className="card-head">
        <h2>{title}</h2>
      </header>
      {count === undefined ? (
        <div className="card-body">
          {query.error ? (
            <ProblemNote error={query.error} onRetry={() => query.refetch()} />
          ) : (
            <Skeleton lines={3} height="1.4rem" />
          )}
        </div>
      ) : count === 0 ? (
        <div className="empty">{empty}</div>
      ) : (
        <div className="table-wrap">
          <table className="data starts" aria-label={title}>
            {children}
          </table>
        </div>
      )}
    </section>
  );
}
