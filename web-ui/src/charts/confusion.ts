/** One field of a confusion matrix. */
export interface ConfusionCell {
  actual: string;
  predicted: string;
  row: number;
  column: number;
  count: number;
  /** Of all rows that are really of this class, the part predicted so; 0 for a class without rows. */
  share: number;
  correct: boolean;
}

export function confusionCells(
  classes: readonly string[],
  counts: readonly (readonly number[])[],
): ConfusionCell[] {
  return classes.flatMap((actual, row) => {
    const line = counts[row] ?? [];
    const total = line.reduce((sum, count) => sum + count, 0);
    return classes.map((predicted, column) => {
      const count = line[column] ?? 0;
      return {
        actual,
        predicted,
        row,
        column,
        count,
        share: total ? count / total : 0,
        correct: row === column,
      };
    });
  });
}

/** How strongly a field is coloured, 0 to 1: the square root lets small shares still be seen. */
export function heat(share: number): number {
  return Math.sqrt(Math.min(1, Math.max(0, share)));
}

export function formatShare(share: number): string {
  const percent = share * 100;
  if (percent === 0 || percent === 100) return `${percent} %`;
  return `${percent < 1 ? '< 1' : percent > 99 ? '> 99' : Math.round(percent)} %`;
}
