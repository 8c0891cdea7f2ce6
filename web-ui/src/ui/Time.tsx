import { useNow } from './clock';
import { formatAgo, formatDuration, formatTicking, formatTime, formatUntil } from './format';

/** How long something took, or takes: it ticks while there is no end. */
export function Duration({ from, to, live = true }: { from?: string; to?: string; live?: boolean }) {
  const ticking = from !== undefined && to === undefined && live;
  const now = useNow(ticking);
  if (!from) return <span className="muted">–</span>;
  const start = Date.parse(from);
  if (to) return <span className="num">{formatDuration(Date.parse(to) - start)}</span>;
  if (!live) return <span className="muted">–</span>;
  return <span className="num">{formatTicking(now - start)}</span>;
}

/** How long ago, with the exact time on hover. */
export function Ago({ at }: { at: string }) {
  const now = useNow();
  return (
    <time className="num" dateTime={at} title={formatTime(at)}>
      {formatAgo(Date.parse(at), now)}
    </time>
  );
}

/** How long until then, with the exact time on hover. */
export function Until({ at }: { at: string }) {
  const now = useNow();
  return (
    <time className="num" dateTime={at} title={formatTime(at)}>
      {formatUntil(Date.parse(at), now)}
    </time>
  );
}
