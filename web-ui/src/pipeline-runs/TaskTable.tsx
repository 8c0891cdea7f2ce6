import { useInfiniteQuery } from '@tanstack/react-query';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, useState } from 'react';
import type { PipelineRun, Task, TaskCounts } from '../api/types';
import { formatCount, formatItem, plural } from '../ui/format';
import { ProblemNote } from '../ui/ProblemNote';
import { Skeleton } from '../ui/Skeleton';
import { StateBadge } from '../ui/StateBadge';
import { isRunOver, lookOf, TASK_STATE_ORDER } from '../ui/states';
import { Ago, Duration } from '../ui/Time';
import { VirtualBody } from '../ui/VirtualBody';
import { shownState } from './live';
import { type TaskFilter, tasksQuery } from './queries';

const ROW = 34;

interface Props {
  run: PipelineRun;
  filter: TaskFilter;
  selected: string | undefined;
  onFilter: (filter: TaskFilter) => void;
  onSelect: (task: string) => void;
}

/** All tasks of a run as a list, those that failed first; however many there are, only what is looked at is drawn. */
export function TaskTable({ run, filter, selected, onFilter, onSelect }: Props) {
  const live = !isRunOver(run.state);
  const tasks = useInfiniteQuery(tasksQuery(run.id, filter, live));
  // One that changed its state between two pages would be there twice.
  const rows = [
    ...new Map(
      tasks.data?.pages.flatMap((page) => page.items.map((task) => [task.name, task] as const)),
    ).values(),
  ];
  return (
    <section className="tasks" aria-label="Tasks as a list">
      <Filters run={run} filter={filter} onFilter={onFilter} />
      {tasks.error && rows.length === 0 ? (
        <ProblemNote error={tasks.error} onRetry={() => tasks.refetch()} />
      ) : tasks.isPending ? (
        <div className="card-body">
          <Skeleton lines={8} height="1.2rem" />
        </div>
      ) : rows.length === 0 ? (
        <div className="empty">
          <strong>No task matches the filter</strong>
          <button type="button" className="button" onClick={() => onFilter({})}>
            Show all tasks
          </button>
        </div>
      ) : (
        <Rows
          tasks={rows}
          more={tasks.hasNextPage}
          loadMore={() => !tasks.isFetchingNextPage && void tasks.fetchNextPage()}
          selected={selected}
          onSelect={onSelect}
        />
      )}
    </section>
  );
}

function Filters({ run, filter, onFilter }: Pick<Props, 'run' | 'filter' | 'onFilter'>) {
  const counts = filter.group
    ? (run.groups.find((group) => group.name === filter.group)?.counts ?? {})
    : run.counts;
  const shown = TASK_STATE_ORDER.filter((state) => (counts[state] ?? 0) > 0 || state === filter.state);
  const chip = (state: string | undefined, word: string, count: number | undefined) => (
    <button
      key={word}
      type="button"
      className="chip"
      data-tone={state && lookOf(state).tone}
      aria-pressed={filter.state === state}
      onClick={() => onFilter({ ...filter, state })}
    >
      {word} {count !== undefined && <span className="num">{formatCount(count)}</span>}
    </button>
  );
  return (
    <div className="task-filters">
      <fieldset>
        <legend className="sr-only">State</legend>
        {chip(undefined, 'All', filter.level ? undefined : total(counts))}
        {shown.map((state) => chip(state, lookOf(state).word, filter.level ? undefined : counts[state]))}
      </fieldset>
      {filter.level !== undefined && (
        <button
          type="button"
          className="chip"
          aria-pressed="true"
          onClick={() => onFilter({ ...filter, level: undefined })}
        >
          Level {filter.level} <span aria-hidden="true">✕</span>
          <span className="sr-only">: show all levels</span>
        </button>
      )}
      {run.groups.length > 0 && (
        <label>
          <span className="sr-only">Instances of</span>
          <select
            className="select"
            value={filter.group ?? ''}
            onChange={(event) => onFilter({ ...filter, group: event.target.value || undefined })}
          >
            <option value="">All tasks</option>
            {run.groups.map((group) => (
              <option key={group.name}>{group.name}</option>
            ))}
          </select>
        </label>
      )}
      <Search text={filter.search} onChange={(search) => onFilter({ ...filter, search })} />
    </div>
  );
}

function total(counts: TaskCounts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** Asks a moment after the last key, not after each. */
function Search({
  text,
  onChange,
}: {
  text: string | undefined;
  onChange: (text: string | undefined) => void;
}) {
  const [typed, setTyped] = useState(text ?? '');
  const change = useRef(onChange);
  change.current = onChange;
  useEffect(() => {
    if (typed === (text ?? '')) return;
    const timer = setTimeout(() => change.current(typed || undefined), 250);
    return () => clearTimeout(timer);
  }, [typed, text]);
  return (
    <label>
      <span className="sr-only">Part of the name</span>
      <input
        type="search"
        className="search"
        placeholder="Part of the name"
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
    </label>
  );
}

function Rows({
  tasks,
  more,
  loadMore,
  selected,
  onSelect,
}: {
  tasks: Task[];
  more: boolean;
  loadMore: () => void;
  selected: string | undefined;
  onSelect: (task: string) => void;
}) {
  const box = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count: tasks.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW,
    overscan: 10,
    getItemKey: (i) => tasks[i]?.name ?? i,
    initialRect: { width: 800, height: 400 },
  });
  return (
    <div className="table-wrap" ref={box}>
      <table className="data tasks-table" aria-label="Tasks" aria-rowcount={more ? -1 : tasks.length + 1}>
        <thead>
          <tr>
            <th scope="col">State</th>
            <th scope="col">Task</th>
            <th scope="col">Why</th>
            <th scope="col">Started</th>
            <th scope="col" className="right">
              Duration
            </th>
          </tr>
        </thead>
        <VirtualBody
          virtualizer={virtualizer}
          columns={5}
          more={more}
          loadMore={loadMore}
          row={(index, key) => {
            const task = tasks[index];
            return (
              task && (
                <Row
                  key={key}
                  task={task}
                  index={index}
                  selected={task.name === selected}
                  onSelect={onSelect}
                />
              )
            );
          }}
        />
      </table>
      {more && (
        <button type="button" className="button quiet" onClick={loadMore}>
          Load more
        </button>
      )}
    </div>
  );
}

function Row({
  task,
  index,
  selected,
  onSelect,
}: {
  task: Task;
  index: number;
  selected: boolean;
  onSelect: (task: string) => void;
}) {
  const failure = task.state === 'FAILED' ? task.attempts.at(-1)?.message : undefined;
  const why = failure ?? task.reason;
  return (
    <tr className="linked" aria-rowindex={index + 2} aria-selected={selected} style={{ height: ROW }}>
      <td>
        <StateBadge state={shownState(task)} />
      </td>
      <td className="truncate">
        <button type="button" className="row-link" onClick={() => onSelect(task.name)}>
          {task.name}
        </button>
        {task.item && <span className="muted"> {formatItem(task.item)}</span>}
        {task.attempts.length > 1 && (
          <span className="muted"> · {plural(task.attempts.length, 'attempt')}</span>
        )}
      </td>
      <td className="muted truncate" title={why}>
        {why}
      </td>
      <td className="muted">{task.startedAt ? <Ago at={task.startedAt} /> : '–'}</td>
      <td className="right">
        <Duration from={task.startedAt} to={task.endedAt} live={lookOf(task.state).active} />
      </td>
    </tr>
  );
}
