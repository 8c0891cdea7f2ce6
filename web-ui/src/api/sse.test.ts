import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { backoff } from './connection';
import { type EventSourceLike, follow, type StreamHandlers } from './sse';

class FakeSource implements EventSourceLike {
  onopen: EventSource['onopen'] = null;
  onerror: EventSource['onerror'] = null;
  closed = false;
  readonly listeners = new Map<string, ((event: MessageEvent<string>) => void)[]>();

  addEventListener(name: string, listener: unknown): void {
    const list = this.listeners.get(name) ?? [];
    this.listeners.set(name, [...list, listener as (event: MessageEvent<string>) => void]);
  }

  close(): void {
    this.closed = true;
  }

  open(): void {
    this.onopen?.call(this as unknown as EventSource, new Event('open'));
  }

  fail(): void {
    this.onerror?.call(this as unknown as EventSource, new Event('error'));
  }

  send(name: string, data: string): void {
    for (const listener of this.listeners.get(name) ?? []) listener({ data } as MessageEvent<string>);
  }
}

describe('following a stream', () => {
  let sources: FakeSource[];
  let stops: (() => void)[];
  const following = (handlers: StreamHandlers) => {
    const stop = follow('/x', handlers, open);
    stops.push(stop);
    return stop;
  };
  const last = () => sources.at(-1) as FakeSource;
  const open = () => {
    sources.push(new FakeSource());
    return last();
  };

  beforeEach(() => {
    sources = [];
    stops = [];
    vi.useFakeTimers();
    vi.stubGlobal('fetch', () => Promise.resolve(new Response('{}')));
  });

  afterEach(() => {
    for (const stop of stops) stop();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it('tells each event by its name', () => {
    const told: unknown[] = [];
    following({ on: { run: (data) => told.push(data), logs: (data) => told.push(data) } });
    last().send('run', '{"id":"a"}');
    last().send('logs', '{"lines":[]}');
    last().send('other', '1');
    expect(told).toEqual([{ id: 'a' }, { lines: [] }]);
  });

  it('opens it again after a break, and says so', () => {
    const opened: boolean[] = [];
    following({ on: {}, onOpen: (first) => opened.push(first) });
    last().open();
    last().fail();
    expect(last().closed).toBe(true);
    vi.advanceTimersByTime(2_000);
    expect(sources).toHaveLength(2);
    last().open();
    expect(opened).toEqual([true, false]);
  });

  it('ends with the event that says so', () => {
    const told: string[] = [];
    following({ on: { end: () => told.push('end'), run: () => told.push('run') } });
    last().send('end', '{}');
    last().fail();
    last().send('run', '{}');
    vi.advanceTimersByTime(60_000);
    expect(told).toEqual(['end']);
    expect(last().closed).toBe(true);
    expect(sources).toHaveLength(1);
  });

  it('lets go while nobody looks, and goes on when somebody does', () => {
    let hidden = false;
    vi.spyOn(document, 'hidden', 'get').mockImplementation(() => hidden);
    const look = (away: boolean) => {
      hidden = away;
      document.dispatchEvent(new Event('visibilitychange'));
    };
    const opened: boolean[] = [];
    const stop = following({ on: {}, onOpen: (first) => opened.push(first) });
    last().open();
    look(true);
    expect(last().closed).toBe(true);
    look(false);
    look(false);
    expect(sources).toHaveLength(2);
    last().open();
    expect(opened).toEqual([true, false]);
    stop();
    look(true);
    look(false);
    expect(sources).toHaveLength(2);
    vi.restoreAllMocks();
  });

  it('stops when it is told to, also while it waits', () => {
    const stop = following({ on: {} });
    last().fail();
    stop();
    vi.advanceTimersByTime(60_000);
    expect(sources).toHaveLength(1);
  });
});

it.each([
  [0, 500],
  [1, 1_000],
  [3, 4_000],
  [9, 10_000],
])('waits longer each time: try %d about %d ms', (attempt, ms) => {
  expect(backoff(attempt, () => 0.5)).toBe(ms);
  expect(backoff(attempt, () => 0)).toBe(ms * 0.75);
});
