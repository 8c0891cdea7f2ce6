import { expect, test } from '@playwright/test';

// Against a server that has run the demo once; e2e/real.sh starts one.
test.skip(!process.env.PIPEWRIGHT_E2E_URL, 'needs a real server: e2e/real.sh');
test.describe.configure({ mode: 'serial' });

const TASKS = ['split', 'train', 'evaluate', 'register', 'report'];

test.beforeEach(({ page }) => {
  page.on('pageerror', (error) => {
    throw error;
  });
});

test('a run is followed live from its start to its model', async ({ page, request }) => {
  const latest = await (await request.get('/api/v1/pipeline-runs?limit=1')).json();
  const done = await (await request.get(`/api/v1/pipeline-runs/${latest.items[0].id}`)).json();
  const started = await request.post(`/api/v1/pipelines/${done.pipeline}/runs`, {
    data: { params: { ...done.params, seed: 7 } },
  });
  expect(started.status()).toBe(201);
  const run = await started.json();

  await page.goto(`/pipeline-runs/${run.id}?task=train`);
  for (const task of TASKS) {
    await expect(page.locator('.react-flow__node', { hasText: task }).first()).toBeVisible();
  }
  // Without a reload: the state arrives by itself.
  await expect(page.getByText('Running').first()).toBeVisible();
  await expect(page.locator('header, main').getByText('Succeeded').first()).toBeVisible({ timeout: 60_000 });
  for (const task of TASKS) {
    await expect(page.locator('.react-flow__node', { hasText: task }).first()).toContainText('Succeeded', {
      timeout: 60_000,
    });
  }
  await expect(page.getByText('target').first()).toBeVisible();
});

test('a tracked run shows its curves, params and artifacts', async ({ page, request }) => {
  const latest = await (await request.get('/api/v1/pipeline-runs?limit=1')).json();
  const run = await (await request.get(`/api/v1/pipeline-runs/${latest.items[0].id}`)).json();
  const trackedRun = (name: string) =>
    run.tasks.find((task: { name: string }) => task.name === name).attempts.at(-1).trackedRunId;

  await page.goto(`/runs/${trackedRun('train')}`);
  await expect(page.getByText('Finished').first()).toBeVisible();
  await expect(page.locator('.uplot').first()).toBeVisible();
  await expect(page.getByText('max_depth')).toBeVisible();
  await expect(page.getByText('model.ubj')).toBeVisible();

  await page.goto(`/runs/${trackedRun('evaluate')}`);
  await expect(page.getByText('Confusion matrix').first()).toBeVisible();
  await expect(page.getByText('ROC').first()).toBeVisible();
  const download = page.waitForEvent('download');
  await page.locator('a[href*="evaluation.json"][href*="download"]').first().click();
  expect((await download).suggestedFilename()).toBe('evaluation.json');
});

test('the catalog leads from the model back to its run and data', async ({ page }) => {
  await page.goto('/models');
  await page.getByRole('link', { name: 'loan-default' }).first().click();
  await expect(page.getByText('train.csv').first()).toBeVisible();
  await page.getByRole('link', { name: /train/ }).first().click();
  await expect(page).toHaveURL(/\/runs\//);
});

test('a schedule is seen to start a run, and is paused', async ({ page, request }) => {
  const source = 'name: tick\ntasks:\n  a: { uses: pipewright/noop@v1 }\n';
  expect((await request.post('/api/v1/pipelines', { data: { source } })).ok()).toBe(true);
  const spec = { pipeline: 'tick', every: '2s' };
  expect((await request.put('/api/v1/schedules/tick', { data: spec })).status()).toBe(201);

  await page.goto('/schedules');
  const row = page.getByRole('row', { name: /tick/ });
  await expect(row).toContainText('Every 2 seconds');
  await expect(row).toContainText('Succeeded', { timeout: 30_000 });
  await row.getByRole('button', { name: 'Pause tick' }).click();
  await expect(row.getByText('paused')).toBeVisible();
  expect((await (await request.get('/api/v1/schedules/tick')).json()).paused).toBe(true);

  await row.getByRole('link', { name: 'tick' }).first().click();
  await page
    .getByRole('table', { name: 'History' })
    .getByRole('link', { name: /Succeeded/ })
    .first()
    .click();
  await expect(page.getByText('Started by')).toBeVisible();
  await page.locator('header').getByRole('link', { name: 'tick', exact: true }).last().click();
  await expect(page).toHaveURL(/\/schedules\/tick$/);
});

test('a study is watched while a worker asks for its trials, and a trial leads to its run', async ({
  page,
  request,
}) => {
  const study = '/api/v1/studies/watched';
  const spec = {
    space: {
      lr: { type: 'double', low: 1e-5, high: 0.1, log: true },
      depth: { type: 'int', low: 2, high: 9 },
    },
    objectives: [{ name: 'auc', direction: 'maximize' }],
    maxTrials: 12,
  };
  expect((await request.put(study, { data: spec })).status()).toBe(201);
  const run = async (count: number) => {
    for (let i = 0; i < count; i++) {
      const { trial } = await (await request.post(`${study}/ask`, { data: { worker: 'me' } })).json();
      const at = `${study}/trials/${trial.number}`;
      await request.post(`${at}/report`, { data: { step: 1, value: trial.params.depth / 20 } });
      expect((await request.post(`${at}/tell`, { data: { values: [trial.params.depth / 10] } })).ok()).toBe(
        true,
      );
    }
  };
  await page.goto('/studies');
  await page.getByRole('link', { name: 'watched' }).click();
  await expect(page.getByText('No trial has been asked for yet')).toBeVisible();
  await run(6);
  await expect(page.getByRole('img', { name: /^auc of 6 trials/ })).toBeVisible({ timeout: 15_000 });
  await run(6);
  await expect(page.locator('main').getByText('Ended').first()).toBeVisible({ timeout: 15_000 });
  await expect(page.getByRole('region', { name: 'What matters' }).getByRole('listitem')).toHaveCount(2);
  await page
    .getByRole('region', { name: 'Best trial' })
    .getByRole('link', { name: /Tracked run/ })
    .click();
  await expect(page.getByText('depth').first()).toBeVisible();
});

test('an address that leads nowhere says so', async ({ page }) => {
  await page.goto('/pipeline-runs/00000000-0000-0000-0000-000000000000');
  await expect(page.getByText('PIPELINE_RUN_NOT_FOUND')).toBeVisible();
});
