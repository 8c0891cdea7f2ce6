import { formatCount } from './format';
import type { Tone } from './states';

export interface Part {
  word: string;
  tone: Tone;
  count: number;
}

/** How many of something are how far, as one bar in parts; a part without any is left out. */
export function PartsBar({ parts, of = 'tasks' }: { parts: readonly Part[]; of?: string }) {
  const shown = parts.filter((part) => part.count > 0);
  const total = shown.reduce((sum, part) => sum + part.count, 0);
  const done = shown.find((part) => part.tone === 'succeeded')?.count ?? 0;
  const words = shown.map((part) => `${formatCount(part.count)} ${part.word}`).join(', ');
  return (
    <span className="task-bar" title={words}>
      <span className="bar" role="img" aria-label={words || `no ${of}`}>
        {shown.map((part) => (
          <i key={part.word} data-tone={part.tone} style={{ flexGrow: part.count }} />
        ))}
      </span>
      <span className="num muted">
        {formatCount(done)}/{formatCount(total)}
      </span>
    </span>
  );
}
