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
 * `EventSource` gives up for good on an HTTP error, so reconnecting, with back-off, is done here.
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
  let closed = false;

  function close() {
    closed = true;
    clearTimeout(timer);
    source?.close();
  }

  function connect() {
    const current = open(url);
    source = current;
    current.onopen = () => {
      failures = 0;
      onOpen?.(first);
      first = false;
    };
    current.onerror = () => {
      current.close();
      if (closed) return;
      reportUnreachable();
      timer = setTimeout(connect, backoff(failures++));
    };
    for (const [name, handle] of Object.entries(on)) {
      current.addEventListener(name, (event) => {
        if (!closed) handle(JSON.parse((event as MessageEvent<string>).data || 'null'));
      });
    }
    // A stream whose subject is over ends itself; without this the browser would open it again and again.
    current.addEventListener('end', close);
  }

  connect();
  return close;
}
