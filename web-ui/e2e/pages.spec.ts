import { expect, type Page, test } from '@playwright/test';

/** These run before the fake server: what they look for stands in `fake-server/world.ts`. */
test.skip(process.env.PIPEWRIGHT_E2E_URL !== undefined, 'the fake runs are not on a real server');

const errors = new WeakMap<Page, string[]>();

test.beforeEach(({ page }) => {
  const seen: string[] = [];
  errors.set(page, seen);
  page.on('pageerror', (error) => seen.push(error.message));
});

test.afterEach(({ page }) => expect(errors.get(page)).toEqual([]));

test('the list shows runs in all states, pages on, and keeps its filter in the address', async ({ page }) => {
  await page.goto('/');
  await expect(page).toHaveURL(/\/pipeline-runs$/);
  const rows = page.getByRole('table', { name: 'Pipeline runs' }).getByRole('row');
  await expect(rows.filter({ hasText: 'Running' }).first()).toBeVisible();
  await expect(
    rows
      .filter({ hasText: 'TARGET' })
      .or(rows.filter({ hasText: 'Failed' }))
      .first(),
  ).toBeVisible();
  // Only what is on screen is drawn, however much is loaded.
  await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight));
  await expect(page.getByRole('button', { name: 'Load more' })).toBeVisible();
  expect(await rows.count()).toBeLessThan(70);
  await page.getByLabel('State').selectOption('FAILED');
  await expect(page).toHaveURL(/state=FAILED/);
  await expect(rows.filter({ hasText: 'Succeeded' })).toHaveCount(0);
  await page.reload();
  await expect(page.getByLabel('State')).toHaveValue('FAILED');
  await rows.filter({ hasText: 'credit_rsik' }).first().getByRole('link').click();
  await expect(page.getByRole('alert')).toContainText('Task train failed');
  await expect(page.getByRole('alert')).toContainText('TARGET_NOT_A_COLUMN');
});

test('a run is watched live from its first task to its last', async ({ page }, info) => {
  await page.goto(`/pipeline-runs/quick-${info.workerIndex}-${info.retry}`);
  const task = (name: string) => page.getByRole('button', { name: `Task ${name}:` });
  await expect(task('split')).toBeVisible();
  await expect(page.locator('.react-flow__edge')).toHaveCount(6);
  await expect(task('train')).toContainText('Running');
  await task('train').click();
  await expect(page).toHaveURL(/task=train/);
  const panel = page.getByRole('complementary', { name: 'Task train' });
  await expect(panel.getByText('Read train.csv')).toBeVisible();
  await expect(panel.locator('[data-stream=stderr]').first()).toContainText('foreign_worker');
  await expect(task('train')).toContainText('validation-auc');
  await expect(panel.getByText(/Task train succeeded/)).toBeVisible();
  await expect(task('report')).toContainText('Succeeded');
  await expect(page.getByRole('banner').or(page.locator('.run-head')).getByText('Succeeded')).toBeVisible();
  await page.getByText('History').click();
  await expect(page.locator('.transitions li').first()).toContainText('Succeeded');
});

test('a task is chosen and left by keyboard alone', async ({ page }) => {
  await page.goto('/pipeline-runs/done');
  const evaluate = page.getByRole('button', { name: 'Task evaluate:' });
  await evaluate.focus();
  await page.keyboard.press('Enter');
  const panel = page.getByRole('complementary', { name: 'Task evaluate' });
  await expect(panel).toContainText('0.7863');
  await page.keyboard.press('Escape');
  await expect(panel).toHaveCount(0);
});

test('the curves of a running training grow', async ({ page }) => {
  await page.goto('/pipeline-runs/live?task=train');
  await page.getByRole('link', { name: /Params, curves/ }).click();
  const card = page.getByRole('region', { name: 'logloss', exact: true });
  await expect(card.locator('canvas')).toBeVisible();
  const step = async () => Number(/step (\d+)/.exec((await card.textContent()) ?? '')?.[1]);
  const before = await step();
  await expect.poll(step).toBeGreaterThan(before + 5);
  await card.getByRole('button', { name: 'Log scale' }).click();
  await expect(card.locator('canvas')).toBeVisible();
  // The curve's own colours, not only the grid: the canvas can read the tokens.
  await expect.poll(() => card.locator('canvas').evaluate(colors)).toBeGreaterThan(2);
});

test('an evaluation is shown as pictures, and its file can be downloaded', async ({ page }) => {
  await page.goto('/pipeline-runs/done?task=evaluate');
  await page.getByRole('link', { name: /Params, curves/ }).click();
  await expect(page.getByRole('img', { name: /ROC curve/ })).toBeVisible();
  await expect(page.getByRole('img', { name: /153 of 200 rows/ })).toBeVisible();
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'evaluation.json' }).click();
  expect((await download).suggestedFilename()).toBe('evaluation.json');
});

test('a regression is shown as predicted over actual', async ({ page }) => {
  await page.goto('/pipeline-runs/abalone?task=evaluate');
  await page.getByRole('link', { name: /Params, curves/ }).click();
  await expect(page.getByRole('img', { name: /Predicted over actual values of 800 rows/ })).toBeVisible();
});

test('a model shows its versions and leads back to the run that made it', async ({ page }) => {
  await page.goto('/models');
  await page.getByRole('link', { name: 'credit-risk' }).click();
  await page.getByRole('link', { name: 'v3', exact: true }).click();
  await expect(page).toHaveURL(/version=3/);
  await expect(page.getByRole('row', { selected: true })).toContainText('champion');
  await page.getByRole('region', { name: 'Lineage' }).getByRole('link', { name: 'train' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('train');
});

test('a log of ten thousand lines opens at its end', async ({ page }) => {
  await page.goto('/pipeline-runs/long-log?task=train');
  const log = page.getByRole('region', { name: 'Log' });
  await expect(log.getByText(/Task train succeeded/)).toBeVisible();
  expect(await log.locator('.line').count()).toBeLessThan(120);
  await log.evaluate((element) => element.scrollTo(0, 0));
  await expect(log.getByText('Task train (pipewright/automl@v1) starts')).toBeVisible();
  await page.getByRole('button', { name: 'Jump to the end' }).click();
  await expect(log.getByText(/Task train succeeded/)).toBeVisible();
});

test('a graph of two hundred tasks stays usable', async ({ page }) => {
  await page.goto('/pipeline-runs/wide');
  await expect(page.getByRole('button', { name: /^Task task-/ })).toHaveCount(200);
  await page.goto('/pipeline-runs/wide?task=task-042');
  await expect(page.getByRole('complementary', { name: 'Task task-042' })).toBeVisible();
});

test('a graph of too many tasks to be drawn is shown by levels and as a list', async ({ page }) => {
  await page.goto('/pipeline-runs/huge');
  const list = page.getByRole('table', { name: 'Tasks' });
  await expect(list).toBeVisible();
  expect(await list.getByRole('row').count()).toBeLessThan(60);
  await page.getByRole('button', { name: /^Level 3:/ }).click();
  await expect(page).toHaveURL(/level=3$/);
  await expect(list.getByRole('button', { name: 'task-075', exact: true })).toBeVisible();
  await page.getByRole('searchbox').fill('task-080');
  await expect(list.getByRole('row')).toHaveCount(2);
  await list.getByRole('button', { name: 'task-080' }).click();
  await expect(page.getByRole('complementary', { name: 'Task task-080' })).toBeVisible();
});

test('what starts runs leads to its pages, and is paused by the keyboard', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('link', { name: 'Schedules' }).click();
  await page.getByRole('link', { name: 'nightly' }).first().click();
  await expect(page.getByRole('region', { name: 'Next times' }).getByRole('listitem')).toHaveCount(10);
  await page.getByRole('button', { name: 'Pause nightly' }).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: /nightly/ })).toBeVisible();
  await page.getByRole('link', { name: 'Schedules and triggers' }).click();
  await page.getByRole('link', { name: 'push' }).click();
  await expect(page.getByRole('region', { name: 'Where to send' })).toContainText(
    '/api/v1/triggers/push/hook',
  );
});

test('a pool leads to the tasks that have it, and is refused to be deleted while they do', async ({
  page,
}) => {
  await page.goto('/');
  await page.getByRole('link', { name: 'Pools' }).click();
  await page.getByRole('link', { name: 'licence' }).click();
  await expect(page).toHaveURL(/pool=licence$/);
  await page.getByRole('button', { name: 'Delete licence' }).click();
  await expect(page.getByRole('alert')).toContainText('POOL_IN_USE');
  await page.getByRole('button', { name: 'Keep it' }).click();
  await expect(page.getByRole('alert')).toHaveCount(0);
  await page.getByRole('table', { name: 'Has slots' }).getByRole('link', { name: 'train' }).click();
  await expect(page.getByRole('complementary', { name: 'Task train' })).toBeVisible();
});

test('a study grows while it is looked at, and its trials are chosen in pictures and table', async ({
  page,
}) => {
  await page.goto('/');
  await page.getByRole('link', { name: 'Studies' }).click();
  await page
    .getByRole('table', { name: 'Studies' })
    .getByRole('link', { name: 'churn', exact: true })
    .click();
  const history = page.getByRole('region', { name: 'What trials reached' });
  const trials = async () =>
    Number(/of (\d+) trials/.exec((await history.getByRole('img').getAttribute('aria-label')) ?? '')?.[1]);
  await expect(history.getByRole('img')).toBeVisible();
  const before = await trials();
  await expect.poll(trials).toBeGreaterThan(before);
  // By the keyboard in one picture, and it is marked in all.
  await history.getByRole('slider').focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowRight');
  const chosen = page.getByRole('region', { name: /^Trial \d+$/ });
  await expect(chosen).toBeVisible();
  await expect(page).toHaveURL(/trial=\d+$/);
  await expect(page.locator('.curve.chosen, .ring.chosen')).toHaveCount(3);
  // By the pointer, which says what it is at first.
  const lines = page.getByRole('region', { name: 'Params of the trials' });
  await lines.getByRole('slider').scrollIntoViewIfNeeded();
  await lines.getByRole('slider').hover({ position: { x: 60, y: 200 } });
  await expect(lines.locator('.tip')).toContainText(/Trial \d+/);
  const hovered = /Trial (\d+)/.exec((await lines.locator('.tip b').first().textContent()) ?? '')?.[1];
  await lines.getByRole('slider').click({ position: { x: 60, y: 200 } });
  await expect(page).toHaveURL(new RegExp(`trial=${hovered}$`));
  await page.getByRole('button', { name: 'Close the trial' }).click();
  await expect(chosen).toHaveCount(0);
  await page.getByRole('button', { name: 'auc', exact: true }).click();
  await expect(page.getByRole('table', { name: 'All trials' }).getByRole('row').nth(1)).toContainText('★');
});

test('a study of a thousand trials and twenty params draws what is looked at only', async ({ page }) => {
  await page.goto('/studies/large');
  const table = page.getByRole('table', { name: 'All trials' });
  await expect(table).toBeVisible();
  expect(await table.getByRole('row').count()).toBeLessThan(60);
  expect(await page.locator('.study-picture svg path').count()).toBeLessThan(80);
});

test('the study of a pipeline’s task is reached from the task, and leads back to a trial’s', async ({
  page,
}) => {
  await page.goto('/pipeline-runs/tuned?task=tune');
  await page.getByRole('link', { name: /^Study:/ }).click();
  await expect(page).toHaveURL(/\/studies\/tune$/);
  await page
    .getByRole('region', { name: 'Best trial' })
    .getByRole('link', { name: /^Task tune/ })
    .click();
  const panel = page.getByRole('complementary', { name: /^Task tune\[\d+\]$/ });
  await panel.getByRole('link', { name: /^Study:/ }).click();
  await expect(page.getByRole('region', { name: /^Trial \d+$/ })).toBeVisible();
});

for (const theme of ['light', 'dark'] as const) {
  test(`the ${theme} theme follows the system, and the button overrules it`, async ({ browser, baseURL }) => {
    const context = await browser.newContext({ colorScheme: theme, baseURL });
    const page = await context.newPage();
    const brightness = () =>
      page.evaluate(() =>
        Number(/\d+/.exec(getComputedStyle(document.documentElement).backgroundColor)?.[0]),
      );
    await page.goto('/pipeline-runs');
    await expect(page.getByRole('heading', { name: 'Pipeline runs' })).toBeVisible();
    const isDark = async () => (await brightness()) < 100;
    expect(await isDark()).toBe(theme === 'dark');
    await page.getByRole('button', { name: /^Theme: as the system/ }).click();
    expect(await isDark()).toBe(false);
    await page.getByRole('button', { name: /^Theme: light/ }).click();
    expect(await isDark()).toBe(true);
    await page.reload();
    expect(await isDark()).toBe(true);
    await context.close();
  });
}

test('a server that is away is told of, and the page goes on when it is back', async ({ page }) => {
  await page.goto('/pipeline-runs');
  await expect(page.getByRole('table', { name: 'Pipeline runs' })).toBeVisible();
  await page.route('**/api/**', (route) => route.abort());
  await page.getByRole('link', { name: 'Models' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'reconnecting' })).toBeVisible();
  await expect(page.getByRole('alert')).toContainText('SERVER_UNREACHABLE');
  await page.unroute('**/api/**');
  await expect(page.getByRole('link', { name: 'credit-risk' })).toBeVisible();
  await expect(page.getByText('reconnecting')).toHaveCount(0);
});

test('what is not there is told of', async ({ page }) => {
  await page.goto('/pipeline-runs/nope');
  await expect(page.getByRole('alert')).toContainText('PIPELINE_RUN_NOT_FOUND');
  await page.goto('/runs/nope');
  await expect(page.getByRole('alert')).toContainText('RUN_NOT_FOUND');
  await page.goto('/models/nope');
  await expect(page.getByRole('alert')).toContainText('MODEL_NOT_FOUND');
  await page.goto('/studies/nope');
  await expect(page.getByRole('alert')).toContainText('STUDY_NOT_FOUND');
  await page.goto('/no/such/page');
  await expect(page.getByText('There is no page at this address')).toBeVisible();
});

for (const width of [400, 900]) {
  test(`no page is wider than a window of ${width}`, async ({ page }) => {
    await page.setViewportSize({ width, height: 800 });
    for (const path of [
      '/pipeline-runs',
      '/pipeline-runs/gated?task=train',
      '/pipeline-runs/huge',
      '/schedules',
      '/schedules/nightly',
      '/triggers/push',
      '/backfills/any',
      '/pools?pool=licence',
      '/studies',
      '/studies/churn?trial=7',
      '/studies/size-or-quality',
      '/studies/large',
      '/pipeline-runs/tuned/studies/tune',
      '/models',
      '/models/credit-risk',
    ]) {
      await page.goto(path);
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
      await page.waitForLoadState('load');
      expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBeLessThanOrEqual(
        width,
      );
    }
  });
}

/** How many strong colours a canvas shows. */
function colors(canvas: SVGElement | HTMLElement): number {
  const { width, height } = canvas as HTMLCanvasElement;
  const pixels = (canvas as HTMLCanvasElement).getContext('2d')?.getImageData(0, 0, width, height).data ?? [];
  const seen = new Set<string>();
  for (let i = 0; i < pixels.length; i += 4) {
    const [r = 0, g = 0, b = 0, a = 0] = [pixels[i], pixels[i + 1], pixels[i + 2], pixels[i + 3]];
    if (a > 200 && Math.max(r, g, b) - Math.min(r, g, b) > 90) seen.add(`${r >> 5} ${g >> 5} ${b >> 5}`);
  }
  return seen.size;
}
