import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { ApiError } from '../api/client';
import type { Attempt, Json, PipelineRun, Task, TaskCounts } from '../api/types';
import { LogView } from '../runs/LogView';
import { runQuery, useFollowRun } from '../runs/queries';
import { formatCount, formatItem, formatJson, formatNumber, isTrial, itemValues } from '../ui/format';
import { StateBadge } from '../ui/StateBadge';
import { isAttemptOver, isRunOver, isStatusOver, lookOf } from '../ui/states';
import { Duration } from '../ui/Time';
import { Approval } from './Approval';
import { progressOf, shownState } from './live';
import { tasksQuery } from './queries';
import { TaskBar } from './TaskBar';

/** All about one task of a run: why it stands where it does, what it gave, and its log as it is written. */
export function TaskPanel({
  run,
  task,
  instances,
  onInstances,
  onSelect,
  onClose,
}: {
  run: PipelineRun;
  task: Task;
  /** Of a task that runs several times. */
  instances: TaskCounts | undefined;
  /** Shows all of them in the table. */
  onInstances: () => void;
  onSelect: (task: string) => void;
  onClose: () => void;
}) {
  const [chosen, setChosen] = useState<number>();
  const attempt = task.attempts.find((each) => each.number === chosen) ?? task.attempts.at(-1);
  const tracked = useTrackedRun(attempt);
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
                {isTrial(task.item) && (
                  <>
                    {' '}
                    · <StudyLink run={run} task={task.group} trial={trialNumber(task)} />
                  </>
                )}
              </dd>
            </>
          )}
          {Object.entries(itemValues(task.item ?? {})).map(([axis, value]) => (
            <OutputRow key={axis} name={axis} value={value} />
          ))}
          <dt>Runs</dt>
          <dd>
            <code>{task.kind}</code>
          </dd>
          {task.needs.length > 0 && (
            <>
              <dt>Needs</dt>
              <dd>
                <Needs needs={task.needs} onSelect={onSelect} />
              </dd>
            </>
          )}
          {outputs.map(([name, value]) => (
            <OutputRow key={name} name={name} value={value} />
          ))}
          {attempt && tracked.there && (
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
        {instances && (
          <Instances run={run} group={task.name} counts={instances} onAll={onInstances} onSelect={onSelect} />
        )}
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
          <AttemptLog key={attempt.trackedRunId} attempt={attempt} tracked={tracked} />
        ) : (
          <p className="log-empty muted">This task has not been started, so it has no log.</p>
        )}
      </div>
    </aside>
  );
}

/** So many needs are named, and so many instances are listed: the first ones to look at. */
const SHOWN = 20;

function Needs({ needs, onSelect }: { needs: string[]; onSelect: (task: string) => void }) {
  return (
    <span className="needs">
      {needs.slice(0, SHOWN).map((need) => (
        <button key={need} type="button" className="link" onClick={() => onSelect(need)}>
          {need}
        </button>
      ))}
      {needs.length > SHOWN && <span className="muted">and {formatCount(needs.length - SHOWN)} more</span>}
    </span>
  );
}

/** To the pictures of all trials. */
function StudyLink({ run, task, trial }: { run: PipelineRun; task: string; trial?: number }) {
  return (
    <Link to="/pipeline-runs/$id/studies/$task" params={{ id: run.id, task }} search={{ trial }}>
      Study: best params, history and curves →
    </Link>
  );
}

/** 3 of `tune[3]`. */
function trialNumber(task: Task): number {
  return Number(/\[(\d+)\]$/.exec(task.name)?.[1]);
}

function Instances({
  run,
  group,
  counts,
  onAll,
  onSelect,
}: {
  run: PipelineRun;
  group: string;
  counts: TaskCounts;
  onAll: () => void;
  onSelect: (task: string) => void;
}) {
  const page = useInfiniteQuery(tasksQuery(run.id, { group }, !isRunOver(run.state), SHOWN));
  const { all } = progressOf(counts);
  const instances = page.data?.pages[0]?.items ?? [];
  return (
    <>
      <TaskBar tasks={counts} of="instances" />
      {isTrial(instances[0]?.item) && (
        <p>
          <StudyLink run={run} task={group} />
        </p>
      )}
      <fieldset className="attempt-list">
        <legend className="sr-only">Instances</legend>
        {instances.map((each) => (
          <button key={each.name} type="button" onClick={() => onSelect(each.name)} title={each.reason}>
            <span>{each.name}</span>
            <span className="muted truncate">{each.item && formatItem(each.item)}</span>
            <StateBadge state={shownState(each)} />
            <span className="muted">
              <Duration from={each.startedAt} to={each.endedAt} live={lookOf(each.state).active} />
            </span>
          </button>
        ))}
      </fieldset>
      {all > instances.length && (
        <button type="button" className="button" onClick={onAll}>
          Show all {formatCount(all)} instances
        </button>
      )}
    </>
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

interface Tracked {
  there: boolean;
  /** A task that has nothing to record has no tracked run. */
  none: boolean;
  live: boolean;
}

/** Whether an attempt has a tracked run: it appears a moment after the attempt. */
function useTrackedRun(attempt: Attempt | undefined): Tracked {
  const over = attempt !== undefined && isAttemptOver(attempt.state);
  const run = useQuery({
    ...runQuery(attempt?.trackedRunId ?? ''),
    enabled: attempt !== undefined,
    refetchInterval: (query) => (!over && query.state.error ? 1_000 : false),
  });
  return {
    there: run.data !== undefined,
    none: over && run.error instanceof ApiError && run.error.problem.code === 'RUN_NOT_FOUND',
    live: run.data ? !isStatusOver(run.data.status) : !over,
  };
}

function AttemptLog({ attempt, tracked }: { attempt: Attempt; tracked: Tracked }) {
  useFollowRun(attempt.trackedRunId, tracked.there && tracked.live);
  if (tracked.none) {
    return <p className="log-empty muted">It recorded nothing: no log, no params, no metrics.</p>;
  }
  return <LogView runId={attempt.trackedRunId} live={tracked.live} />;
}

function OutputRow({ name, value }: { name: string; value: Json }) {
  return (
    <>
      <dt>{name}</dt>
      <dd className="num">{typeof value === 'number' ? formatNumber(value) : formatJson(value)}</dd>
    </>
  );
}
