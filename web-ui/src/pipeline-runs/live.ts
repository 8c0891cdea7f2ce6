import type {
  AttemptState,
  Page,
  PipelineRun,
  PipelineRunSummary,
  RunChanges,
  RunState,
  Task,
  TaskCounts,
  TaskState,
} from '../api/types';
import { isTaskOver } from '../ui/states';

export interface RunFilter {
  pipeline?: string;
  state?: RunState;
}

/** Of two sights of one run, the later. */
export function newerRun(known: PipelineRun | undefined, told: PipelineRun): PipelineRun {
  return known && known.id === told.id && known.revision > told.revision ? known : told;
}

export function summaryOf(run: PipelineRun): PipelineRunSummary {
  const tasks: Partial<Record<TaskState, number>> = {};
  for (const task of declaredTasks(run.tasks)) tasks[task.state] = (tasks[task.state] ?? 0) + 1;
  // A document with more tasks than an answer holds.
  if (run.tasks.length === 0) Object.assign(tasks, run.counts);
  const { id, number, pipeline, version, state, message, createdAt, startedAt, endedAt } = run;
  return { id, number, pipeline, version, state, message, tasks, createdAt, startedAt, endedAt };
}

/**
 * The loaded pages after one run changed: it is replaced where it is, taken out where the filter no longer lets it
 * through, and put in its place by age where it is new. One older than all that is loaded waits for its own page.
 */
export function mergeSummary(
  pages: readonly Page<PipelineRunSummary>[],
  run: PipelineRunSummary,
  filter: RunFilter,
): Page<PipelineRunSummary>[] {
  const fits =
    (!filter.pipeline || filter.pipeline === run.pipeline) && (!filter.state || filter.state === run.state);
  let placed = false;
  const next = pages.map((page) => {
    const at = page.items.findIndex((item) => item.id === run.id);
    if (at < 0) return page;
    placed = true;
    const items = [...page.items];
    if (fits) items[at] = run;
    else items.splice(at, 1);
    return { ...page, items };
  });
  if (placed || !fits) return next;
  for (const [p, page] of next.entries()) {
    let at = page.items.findIndex((item) => item.createdAt < run.createdAt);
    const lastPage = p === next.length - 1 && !page.next;
    if (at < 0 && lastPage) at = page.items.length;
    if (at >= 0) {
      next[p] = { ...page, items: page.items.toSpliced(at, 0, run) };
      break;
    }
  }
  return next;
}

/** As many tasks as a run's own answer holds: the server's number. */
export const MOST_TASKS = 500;

/** A run after what the stream told of it; undefined where something in between was missed. */
export function applyChanges(run: PipelineRun, changes: RunChanges): PipelineRun | undefined {
  if (changes.revision <= run.revision) return run;
  if (changes.since > run.revision) return undefined;
  const { since, tasks: changed, ...head } = changes;
  const complete = run.tasks.length === run.taskCount;
  const byName = new Map(changed.map((task) => [task.name, task]));
  const tasks = run.tasks.map((task) => {
    const found = byName.get(task.name);
    byName.delete(task.name);
    return found ?? task;
  });
  tasks.push(...byName.values());
  // Instances came that this run's own answer may no longer hold.
  if (complete ? tasks.length !== changes.taskCount : byName.size > 0) return undefined;
  // What is left out is not there any more: a run that is tried again has neither message nor end.
  return { ...run, message: undefined, endedAt: undefined, ...head, tasks };
}

/** How many of so many tasks have ended, and how many there are. */
export function progressOf(counts: TaskCounts): { done: number; all: number } {
  let done = 0;
  let all = 0;
  for (const [state, count] of Object.entries(counts)) {
    all += count;
    if (isTaskOver(state as TaskState)) done += count;
  }
  return { done, all };
}

/** What a task is shown as: one that is ready waits for room, or is being launched. */
export function shownState(task: Task): TaskState | AttemptState {
  return task.state === 'READY' && task.attempts.at(-1)?.state === 'LAUNCHING' ? 'LAUNCHING' : task.state;
}

/** The tasks of the document, without the instances of those that run several times. */
export function declaredTasks(tasks: readonly Task[]): Task[] {
  return tasks.filter((task) => task.group === undefined);
}

/** The task whose failure made the run fail: the first in the document that failed itself. */
export function failedTask(run: PipelineRun): Task | undefined {
  return run.tasks.find((task) => task.state === 'FAILED');
}
