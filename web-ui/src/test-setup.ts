import { cleanup, configure } from '@testing-library/react';
import { afterEach, vi } from 'vitest';

/** Tests of components stream nothing: what a stream does is tested by itself. */
class SilentSource {
  addEventListener(): void {}
  close(): void {}
}

// The first test to show a page loads its code, which takes a while on a busy machine.
configure({ asyncUtilTimeout: 15_000 });

vi.stubGlobal('EventSource', SilentSource);
window.scrollTo = () => {};

afterEach(cleanup);
