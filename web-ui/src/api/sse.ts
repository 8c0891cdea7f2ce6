import { backoff, reportUnreachable } from './connection';

/** What a stream tells. `on` has a callback for each event name; its data is parsed JSON. */
export interface StreamHandlers {
  on: Record<string, (data: unknown) => void>;
  /** The stream is open, for the first time or again: what happened before is not told. */
  onOpen?: (first: boolean) => void;
}

export type EventSourceLike = Pick<EventSource, 'addEventListener' | 'close' | 'onopen' | 'onerror'>;

/**
 * Follows a server-sent event stream until `event: end` or until the returned function is called.
 * `EventSource` gives up for good on an HTTP error, so reconnecting, with back-off, is done here. A tab that is not
 * looked at lets its stream go: a browser holds six connections to a server at most, for all its tabs together.
 */
export function follow(
  url: string,
  { on, onOpen }: StreamHandlers,
  open: (url: string) => EventSourceLike = (address) => new EventSource(address),
): () => void {
  let source: EventSourceLike | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let first = true;

  function pause() {
    clearTimeout(timer);
    source?.close();
    source = undefined;
  }

  function close() {
    document.removeEventListener('visibilitychange', onVisibility);
    pause();
  }

  function onVisibility() {
    if (document.hidden) pause();
    else if (!source) connect();
  }

  function connect() {
    clearTimeout(timer);
    const current = open(url);
    source = current;
    current.onopen = () => {
      failures = 0;
      onOpen?.(first);
      first = false;
    };
    current.onerror = () => {
      current.close();
      if (source !== current) return;
      reportUnreachable();
      timer = setTimeout(connect, backoff(failures++));
    };
    for (const [name, handle] of Object.entries(on)) {
      current.addEventListener(name, (event) => {
        if (source === current) handle(JSON.parse((event as MessageEvent<string>).data || 'null'));
      });
    }
    // A stream whose subject is over ends itself; without this the browser would open it again and again.
    current.addEventListener('end', close);
  }

  document.addEventListener('visibilitychange', onVisibility);
  if (!document.hidden) connect();
  return close;
}
