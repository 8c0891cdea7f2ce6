import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { defineConfig } from '@playwright/test';

/** The tests use the browser that is installed: nothing is downloaded. */
const executablePath = findChromium();

// Set to test the pages of a real server; the fake one is then not started.
const external = process.env.PIPEWRIGHT_E2E_URL;
const port = Number(process.env.PIPEWRIGHT_E2E_PORT ?? 4573);

export default defineConfig({
  testDir: '.',
  outputDir: '../test-results',
  fullyParallel: true,
  workers: 2,
  forbidOnly: process.env.CI !== undefined,
  reporter: 'list',
  timeout: 30_000,
  expect: { timeout: 10_000 },
  use: {
    baseURL: external ?? `http://127.0.0.1:${port}`,
    viewport: { width: 1440, height: 900 },
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
  webServer: external
    ? undefined
    : {
        command: `npx vite build --logLevel warn && npx vite preview --config e2e/vite.config.ts --port ${port} --strictPort`,
        cwd: new URL('..', import.meta.url).pathname,
        url: `http://127.0.0.1:${port}/`,
        timeout: 120_000,
        reuseExistingServer: false,
      },
});

function findChromium(): string {
  const named = process.env.CHROMIUM;
  if (named) {
    if (existsSync(named)) return named;
    throw new Error(`CHROMIUM names ${named}, and there is no such file. Correct or unset it.`);
  }
  const folders = (process.env.PATH ?? '').split(delimiter);
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  const found = [
    '/usr/bin/chromium',
    ...names.flatMap((name) => folders.map((folder) => join(folder, name))),
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  ].find((path) => existsSync(path));
  if (found) return found;
  throw new Error(
    'No Chromium was found. Install it (apt-get install chromium) or set CHROMIUM to its path.',
  );
}
