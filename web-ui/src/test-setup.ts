import { cleanup } from '@testing-library/react';
import { afterEach, vi } from 'vitest';

/** Tests of components stream nothing: what a stream does is tested by itself. */
class SilentSource {
  addEventListener(): void {}
  close(): void {}
}

vi.stubGlobal('EventSource', SilentSource);
window.scrollTo = () => {};

afterEach(cleanup);
