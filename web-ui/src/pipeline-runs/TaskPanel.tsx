import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { Attempt, Json, PipelineRun, Task } from '../api/types';
import { LogView } from '../runs/LogView';
import { runQuery, useFollowRun } from '../runs/queries';
import { formatJson, formatNumber } from '../ui/format';
import { StateBadge } from '../ui/StateBadge';
import { isAttemptOver, isStatusOver, lookOf } from '../ui/states';
import { Duration } from '../ui/Time';
import { Approval } from './Approval';
import { shownState } from './live';

/** All about one task of a run: why it stands where it does, what it gave, and its log as it is written. */
export function TaskPanel({
  run,
  task,
  instances,
  onSelect,
  onClose,
}: {
  run: PipelineRun;
  task: Task;
  /** Of a task that runs several times. */
  instances: Task[] | undefined;
  onSelect: (task: string) => void;
  onClose: () => void;
}) {
  const [chosen, setChosen] = useState<number>();
  const attempt = task.attempts.find((each) => each.number === chosen) ?? task.attempts.at(-1);
  const outputs = Object.entries(task.outputs);
  return (
    <aside className="panel" aria-label={`Task ${task.name}`}>
      <header className="card-head">
        <h2 className="truncate">{task.name}</h2>
        <StateBadge state={shownState(task)} pill />
        <span className="muted">
          <Duration from={task.startedAt} to={task.endedAt} live={lookOf(task.state).active} />
        </span>
        <button type="button" className="button quiet icon end" aria-label="Close the task" onClick={onClose}>
          ✕
        </button>
      </header>
      <div className="panel-body">
        {attempt?.message && attempt.state === 'FAILED' ? (
          <FailureNote attempt={attempt} />
        ) : (
          task.reason && <p className="reason">{task.reason}</p>
        )}
        {task.state === 'WAITING' && <Approval run={run} task={task} />}
        <dl className="kv">
          {task.group && (
            <>
              <dt>Instance of</dt>
              <dd>
                <button type="button" className="link" onClick={() => onSelect(task.group as string)}>
                  {task.group}
                </button>
              </dd>
            </>
          )}
          {Object.entries(task.item ?? {}).map(([axis, value]) => (
            <OutputRow key={axis} name={axis} value={value} />
          ))}
          <dt>Runs</dt>
          <dd>
            <code>{task.kind}</code>
          </dd>
          {task.needs.length > 0 && (
            <>
              <dt>Needs</dt>
              <dd>{task.needs.join(', ')}</dd>
            </>
          )}
          {outputs.map(([name, value]) => (
            <OutputRow key={name} name={name} value={value} />
          ))}
          {attempt && (
            <>
              <dt>Tracked run</dt>
              <dd>
                <Link to="/runs/$id" params={{ id: attempt.trackedRunId }}>
                  Params, curves and artifacts →
                </Link>
              </dd>
            </>
          )}
        </dl>
        {instances && <Instances instances={instances} onSelect={onSelect} />}
        {task.attempts.length > 1 && (
          <fieldset className="attempt-list">
            <legend className="sr-only">Attempts</legend>
            {task.attempts.map((each) => (
              <button
                key={each.id}
                type="button"
                aria-pressed={each === attempt}
                onClick={() => setChosen(each.number)}
                title={each.message}
              >
                <span>Attempt {each.number}</span>
                <StateBadge state={each.state} />
                {each.failure && (
                  <span className="muted">{each.failure === 'USER' ? 'by the task' : 'by the system'}</span>
                )}
                <span className="muted">
                  <Duration from={each.startedAt} to={each.endedAt} live={!isAttemptOver(each.state)} />
                </span>
              </button>
            ))}
          </fieldset>
        )}
      </div>
      <div className="panel-log">
        {instances ? (
          <p className="log-empty muted">Each instance has a log of its own.</p>
        ) : attempt ? (
          <AttemptLog key={attempt.trackedRunId} attempt={attempt} />
        ) : (
          <p className="log-empty muted">This task has not been started, so it has no log.</p>
        )}
      </div>
    </aside>
  );
}

/** Beyond so many, only those that have not succeeded are listed. */
const MOST_INSTANCES = 200;

function Instances({ instances, onSelect }: { instances: Task[]; onSelect: (task: string) => void }) {
  const shown =
    instances.length <= MOST_INSTANCES
      ? instances
      : instances.filter((each) => each.state !== 'SUCCEEDED').slice(0, MOST_INSTANCES);
  return (
    <fieldset className="attempt-list">
      <legend className="sr-only">Instances</legend>
      {shown.length < instances.length && (
        <p className="muted">
          {shown.length} of {instances.length}: those that have not succeeded
        </p>
      )}
      {shown.map((each) => (
        <button key={each.name} type="button" onClick={() => onSelect(each.name)} title={each.reason}>
          <span>{each.name}</span>
          <span className="muted truncate">{each.item && formatJson(each.item)}</span>
          <StateBadge state={shownState(each)} />
          <span className="muted">
            <Duration from={each.startedAt} to={each.endedAt} live={lookOf(each.state).active} />
          </span>
        </button>
      ))}
    </fieldset>
  );
}

/** Why an attempt failed, with the code under which the docs explain it. */
export function FailureNote({ attempt }: { attempt: Attempt }) {
  return (
    <div className="problem">
      <div className="head">
        <span className="title">{attempt.failure === 'SYSTEM' ? 'The system failed it' : 'It failed'}</span>
        {attempt.code && <span className="code">{attempt.code}</span>}
        {attempt.exitCode !== undefined && <span className="muted">exit code {attempt.exitCode}</span>}
      </div>
      <p className="detail">{attempt.message}</p>
    </div>
  );
}

function AttemptLog({ attempt }: { attempt: Attempt }) {
  const over = isAttemptOver(attempt.state);
  // The tracked run appears a moment after the attempt; the stream is opened when it is there.
  const run = useQuery({
    ...runQuery(attempt.trackedRunId),
    refetchInterval: (query) => (!over && query.state.error ? 1_000 : false),
  });
  const live = run.data ? !isStatusOver(run.data.status) : !over;
  useFollowRun(attempt.trackedRunId, run.data !== undefined && live);
  return <LogView runId={attempt.trackedRunId} live={live} />;
}

function OutputRow({ name, value }: { name: string; value: Json }) {
  return (
    <>
      <dt>{name}</dt>
      <dd className="num">{typeof value === 'number' ? formatNumber(value) : formatJson(value)}</dd>
    </>
  );
}
