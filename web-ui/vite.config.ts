import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

const server = process.env.PIPEWRIGHT_URL ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [react()],
  // The design tokens use light-dark() as it is; these are the first browsers that know it.
  build: { target: ['chrome123', 'firefox120', 'safari17.5'], chunkSizeWarningLimit: 700 },
  server: { host: '127.0.0.1', proxy: { '/api': server, '/q': server } },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.{ts,tsx}'],
    testTimeout: 30_000,
    setupFiles: ['src/test-setup.ts'],
  },
});
