import type { TaskCounts } from '../api/types';
import { PartsBar } from '../ui/PartsBar';
import { lookOf, TASK_STATE_ORDER } from '../ui/states';

/** How many tasks are in which state, as one bar in parts. */
export function TaskBar({ tasks, of }: { tasks: TaskCounts; of?: string }) {
  const parts = TASK_STATE_ORDER.map((state) => {
    const look = lookOf(state);
    return { word: look.word.toLowerCase(), tone: look.tone, count: tasks[state] ?? 0 };
  });
  // A trial that was stopped early did what it was to do.
  const done = (tasks.SUCCEEDED ?? 0) + (tasks.PRUNED ?? 0);
  return <PartsBar parts={parts} of={of} done={done} />;
}
