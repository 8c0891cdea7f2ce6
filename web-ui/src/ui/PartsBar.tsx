import { formatCount } from './format';
import type { Tone } from './states';

export interface Part {
  word: string;
  tone: Tone;
  count: number;
}

/** How many of something are how far, as one bar in parts; a part without any is left out. */
export function PartsBar({
  parts,
  of = 'tasks',
  total: most,
  done: ended,
}: {
  parts: readonly Part[];
  of?: string;
  /** How many there will be, where that is more than there are by now. */
  total?: number;
  /** How many of them count as done; those that succeeded unless given. */
  done?: number;
}) {
  const shown = parts.filter((part) => part.count > 0);
  const there = shown.reduce((sum, part) => sum + part.count, 0);
  const total = Math.max(there, most ?? 0);
  const done = ended ?? shown.find((part) => part.tone === 'succeeded')?.count ?? 0;
  const words = shown.map((part) => `${formatCount(part.count)} ${part.word}`).join(', ');
  return (
    <span className="task-bar" title={words}>
      <span className="bar" role="img" aria-label={words || `no ${of}`}>
        {shown.map((part) => (
          <i key={part.word} data-tone={part.tone} style={{ flexGrow: part.count }} />
        ))}
        {total > there && <i className="to-come" style={{ flexGrow: total - there }} />}
      </span>
      <span className="num muted">
        {formatCount(done)}/{formatCount(total)}
      </span>
    </span>
  );
}
