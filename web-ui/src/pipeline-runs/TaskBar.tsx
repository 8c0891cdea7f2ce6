import type { TaskCounts } from '../api/types';
import { formatCount } from '../ui/format';
import { lookOf, TASK_STATE_ORDER } from '../ui/states';

/** How many tasks are in which state, as one bar in parts. */
export function TaskBar({ tasks, of = 'tasks' }: { tasks: TaskCounts; of?: string }) {
  const parts = TASK_STATE_ORDER.flatMap((state) => {
    const count = tasks[state] ?? 0;
    return count > 0 ? [{ state, count, look: lookOf(state) }] : [];
  });
  const total = parts.reduce((sum, part) => sum + part.count, 0);
  const done = tasks.SUCCEEDED ?? 0;
  const words = parts.map((part) => `${formatCount(part.count)} ${part.look.word.toLowerCase()}`).join(', ');
  return (
    <span className="task-bar" title={words}>
      <span className="bar" role="img" aria-label={words || `no ${of}`}>
        {parts.map((part) => (
          <i key={part.state} data-tone={part.look.tone} style={{ flexGrow: part.count }} />
        ))}
      </span>
      <span className="num muted">
        {formatCount(done)}/{formatCount(total)}
      </span>
    </span>
  );
}
