import { useSyncExternalStore } from 'react';

/**
 * Whether the server can be reached. A failed request or a broken stream is only a hint; what counts is the
 * probe of `/server`, repeated with growing pauses until it succeeds.
 */
export type Connection = 'online' | 'away';

let state: Connection = 'online';
let probing = false;
const listeners = new Set<() => void>();
const returns = new Set<() => void>();

export function useConnection(): Connection {
  return useSyncExternalStore(subscribe, () => state);
}

/** Calls back each time the server is there again after it was away. */
export function onReturn(callback: () => void): () => void {
  returns.add(callback);
  return () => returns.delete(callback);
}

export function reportUnreachable(): void {
  if (probing) return;
  probing = true;
  void probe(0);
}

/** The pause before the next try: 0.5 s, 1 s, 2 s … 10 s, spread so that many pages do not come at once. */
export function backoff(attempt: number, random: () => number = Math.random): number {
  return Math.min(10_000, 500 * 2 ** attempt) * (0.75 + random() / 2);
}

async function probe(attempt: number): Promise<void> {
  const there = await reachable();
  set(there ? 'online' : 'away');
  if (there) {
    probing = false;
    return;
  }
  setTimeout(() => void probe(attempt + 1), backoff(attempt));
}

async function reachable(): Promise<boolean> {
  try {
    const response = await fetch('/api/v1/server', { cache: 'no-store', signal: AbortSignal.timeout(5_000) });
    return response.ok;
  } catch {
    return false;
  }
}

function set(next: Connection): void {
  if (next === state) return;
  state = next;
  for (const listener of listeners) listener();
  if (next === 'online') for (const callback of returns) callback();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
