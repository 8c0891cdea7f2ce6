import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { fakeServer } from './fake-server/fakeServer';

/** The pages before the fake server: `npm run dev:fake`, and what the browser tests open. */
export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  plugins: [react(), fakeServer()],
  server: { host: '127.0.0.1' },
  preview: { host: '127.0.0.1' },
});
