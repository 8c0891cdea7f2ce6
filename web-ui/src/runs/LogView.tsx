import { useQuery } from '@tanstack/react-query';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useLayoutEffect, useMemo, useRef, useState } from 'react';
import type { LogLine } from '../api/types';
import { formatClock, formatCount } from '../ui/format';
import { ProblemNote } from '../ui/ProblemNote';
import { Skeleton } from '../ui/Skeleton';
import { plainText } from './logText';
import { logQuery } from './queries';
import './log.css';

const LINE = 20;

/** A run's log: only what is on screen is drawn, and the end is followed until the reader scrolls up. */
export function LogView({ runId, live }: { runId: string; live: boolean }) {
  const log = useQuery({
    ...logQuery(runId),
    refetchInterval: (query) => (live && query.state.error ? 1_500 : false),
  });
  const lines = log.data?.lines;
  if (!lines) {
    if (log.isPending) return <div className="log-empty">{<Skeleton lines={4} />}</div>;
    return live ? (
      <p className="log-empty muted">The log begins when the task does.</p>
    ) : (
      <div className="log-empty">
        <ProblemNote error={log.error} onRetry={() => log.refetch()} />
      </div>
    );
  }
  if (lines.length === 0) {
    return (
      <p className="log-empty muted">{live ? 'Nothing written yet.' : 'Nothing was written to the log.'}</p>
    );
  }
  return <LogLines lines={lines} live={live} />;
}

export function LogLines({ lines, live }: { lines: LogLine[]; live: boolean }) {
  const box = useRef<HTMLDivElement>(null);
  const [following, setFollowing] = useState(true);
  const virtualizer = useVirtualizer({
    count: lines.length,
    getScrollElement: () => box.current,
    estimateSize: () => LINE,
    overscan: 20,
    initialRect: { width: 600, height: 400 },
  });
  const count = lines.length;
  const longest = useMemo(() => lines.reduce((most, line) => Math.max(most, line.text.length), 0), [lines]);
  const first = lines[0]?.number ?? 1;
  const digits = String(lines.at(-1)?.number ?? 1).length;

  useLayoutEffect(() => {
    const element = box.current;
    if (following && element && count > 0) element.scrollTop = element.scrollHeight;
  }, [following, count]);

  function onScroll() {
    const element = box.current;
    if (!element) return;
    setFollowing(element.scrollHeight - element.scrollTop - element.clientHeight < LINE * 2);
  }

  return (
    <div className="log">
      {/* Reachable by keyboard, so that it can be scrolled. */}
      <section
        className="log-lines"
        ref={box}
        onScroll={onScroll}
        tabIndex={0}
        aria-label="Log"
        aria-live="off"
      >
        <div
          style={{
            height: virtualizer.getTotalSize(),
            minWidth: `${Math.min(longest, 4_000) + digits + 14}ch`,
          }}
        >
          {virtualizer.getVirtualItems().map((item) => {
            const line = lines[item.index];
            if (!line) return null;
            return (
              <div
                key={item.key}
                className="line"
                data-stream={line.stream}
                style={{ transform: `translateY(${item.start}px)`, height: LINE }}
              >
                <span className="no" style={{ width: `${digits + 1}ch` }}>
                  {line.number}
                </span>
                <time dateTime={line.at}>{formatClock(line.at)}</time>
                {line.stream === 'stderr' && <span className="sr-only">stderr: </span>}
                <span className="text">{plainText(line.text)}</span>
              </div>
            );
          })}
        </div>
      </section>
      <footer className="log-foot">
        <span className="num">
          {formatCount(lines.at(-1)?.number ?? 0)} lines
          {first > 1 && `, from ${formatCount(first)} on`}
        </span>
        <span className="stderr-key">stderr</span>
        {!following ? (
          <button type="button" className="button" onClick={() => setFollowing(true)}>
            ↓ Jump to the end
          </button>
        ) : (
          live && <span className="muted">Following</span>
        )}
      </footer>
    </div>
  );
}
