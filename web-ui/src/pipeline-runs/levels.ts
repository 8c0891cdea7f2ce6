import type { RunOverview, TaskCounts, TaskState } from '../api/types';

/** One column of the picture: a level, or several where there are more than fit. */
export interface Column {
  /** As the filter takes it: `3` or `3-5`. */
  level: string;
  counts: TaskCounts;
  tasks: number;
}

/** The levels as at most `most` columns, each of equally many levels. */
export function columnsOf(levels: RunOverview['levels'], most: number): Column[] {
  const each = Math.max(1, Math.ceil(levels.length / most));
  const columns: Column[] = [];
  for (let from = 0; from < levels.length; from += each) {
    const part = levels.slice(from, from + each);
    const counts: TaskCounts = {};
    let tasks = 0;
    for (const level of part) {
      for (const [state, count] of Object.entries(level.counts) as [TaskState, number][]) {
        counts[state] = (counts[state] ?? 0) + count;
        tasks += count;
      }
    }
    const to = from + part.length - 1;
    columns.push({ level: from === to ? String(from) : `${from}-${to}`, counts, tasks });
  }
  return columns;
}
