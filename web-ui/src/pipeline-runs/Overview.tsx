import { useQuery } from '@tanstack/react-query';
import type { PipelineRun, RunOverview } from '../api/types';
import { formatCount, formatDuration, plural } from '../ui/format';
import { ProblemNote } from '../ui/ProblemNote';
import { Skeleton } from '../ui/Skeleton';
import { isRunOver, lookOf, TASK_STATE_ORDER } from '../ui/states';
import { columnsOf } from './levels';
import { overviewQuery } from './queries';

const MOST_COLUMNS = 120;
const MOST_STEPS = 60;
/** More names than this cannot be read in one line. */
const MOST_NAMED = 12;

/** A graph of more tasks than can be drawn: how many there are on each level, how far they are, and what took longest. */
export function Overview({
  run,
  level,
  onLevel,
  onSelect,
}: {
  run: PipelineRun;
  level: string | undefined;
  onLevel: (level: string | undefined) => void;
  onSelect: (task: string) => void;
}) {
  const overview = useQuery(overviewQuery(run.id, !isRunOver(run.state)));
  return (
    <section className="overview" aria-label="The graph by levels">
      {overview.data ? (
        <>
          <Picture overview={overview.data} level={level} onLevel={onLevel} />
          <CriticalPath path={overview.data.criticalPath} onSelect={onSelect} />
        </>
      ) : overview.error ? (
        <ProblemNote error={overview.error} onRetry={() => overview.refetch()} />
      ) : (
        <Skeleton lines={5} height="1.4rem" />
      )}
    </section>
  );
}

function Picture({
  overview,
  level,
  onLevel,
}: {
  overview: RunOverview;
  level: string | undefined;
  onLevel: (level: string | undefined) => void;
}) {
  const columns = columnsOf(overview.levels, MOST_COLUMNS);
  const highest = Math.max(1, ...columns.map((column) => column.tasks));
  return (
    <figure>
      <figcaption className="muted">
        {plural(overview.levels.length, 'level')}, the first at the left; the most tasks on one:{' '}
        {formatCount(highest)}
      </figcaption>
      <div className="levels">
        {columns.map((column) => {
          const parts = TASK_STATE_ORDER.flatMap((state) => {
            const count = column.counts[state] ?? 0;
            return count > 0 ? [{ state, count, look: lookOf(state) }] : [];
          });
          const words = parts.map((part) => `${formatCount(part.count)} ${part.look.word.toLowerCase()}`);
          const label = `Level ${column.level}: ${words.join(', ')}`;
          return (
            <button
              key={column.level}
              type="button"
              aria-pressed={column.level === level}
              aria-label={label}
              title={label}
              onClick={() => onLevel(column.level === level ? undefined : column.level)}
            >
              <span style={{ height: `${Math.max(3, (100 * column.tasks) / highest)}%` }}>
                {parts.map((part) => (
                  <i key={part.state} data-tone={part.look.tone} style={{ flexGrow: part.count }} />
                ))}
              </span>
            </button>
          );
        })}
      </div>
    </figure>
  );
}

function CriticalPath({
  path,
  onSelect,
}: {
  path: RunOverview['criticalPath'];
  onSelect: (task: string) => void;
}) {
  const first = path[0];
  const last = path.at(-1);
  if (!first?.startedAt || !last?.endedAt) return null;
  const took = (step: RunOverview['criticalPath'][number]) =>
    step.startedAt && step.endedAt ? Date.parse(step.endedAt) - Date.parse(step.startedAt) : 0;
  const longest = path.toSorted((a, b) => took(b) - took(a)).slice(0, MOST_STEPS);
  const shown = path.filter((step) => longest.includes(step));
  return (
    <figure>
      <figcaption className="muted">
        Critical path: {plural(path.length, 'task')},{' '}
        {formatDuration(Date.parse(last.endedAt) - Date.parse(first.startedAt))}
        {shown.length < path.length && `; the ${shown.length} that took longest`}
      </figcaption>
      <div className="critical-path">
        {shown.map((step) => (
          <button
            key={step.task}
            type="button"
            data-tone={lookOf(step.state).tone}
            style={{ flexGrow: Math.max(1, took(step)) }}
            aria-label={`Task ${step.task}: ${formatDuration(took(step))}`}
            title={`${step.task}: ${formatDuration(took(step))}`}
            onClick={() => onSelect(step.task)}
          >
            {shown.length <= MOST_NAMED && <span className="truncate">{step.task}</span>}
          </button>
        ))}
      </div>
    </figure>
  );
}
