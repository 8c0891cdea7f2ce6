import { fireEvent, within } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Json, StudyTrial } from '../api/types';
import { renderAt } from '../app/render.fake';
import { rangeInWords } from './Importance';
import { pace, type Sight, studyKeys } from './queries';
import { CHURN, EMPTY, LARGE, sightAt, TRADE_OFF } from './study.fake';
import { type Order, sorted } from './trialOrder';
import { methodInWords, objectiveInWords, settingsInWords, toYaml, trialParts, triedTrials } from './words';

const MADE = Date.UTC(2026, 0, 1, 12);
const MIDDLE = sightAt(CHURN, MADE, MADE + 60 * CHURN.each);
const OVER = sightAt(CHURN, MADE, MADE + 1e9);

// Nothing has a height here, and a table draws as many rows as fit.
beforeEach(() => {
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(500);
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** What the server answers of a study at a path. */
function answers(path: string, { study, trials, result, curves }: Sight): Record<string, unknown> {
  return {
    [path]: study,
    [`${path}/trials`]: { items: trials.toReversed().map(inNoOrder) },
    [`${path}/result`]: {
      ...result,
      best: result.best && inNoOrder(result.best),
      front: result.front.map(inNoOrder),
    },
    [`${path}/curves`]: { curves },
  };
}

/** The server has a trial's params in another order than the space's. */
function inNoOrder(trial: StudyTrial): StudyTrial {
  return { ...trial, params: Object.fromEntries(Object.entries(trial.params).reverse()) };
}

describe('the list', () => {
  it('says what a study is and how to make one while there is none', async () => {
    const page = renderAt('/studies', { '/studies': { items: [] } });
    await page.findByText('There is no study yet');
    expect(page.getByText(/curl -X PUT .*\/api\/v1\/studies\/first/)).toBeDefined();
  });

  it('shows what each searches, how far it is, and the best', async () => {
    const two = sightAt(TRADE_OFF, MADE, MADE + 1e9);
    const page = renderAt('/studies', { '/studies': { items: [MIDDLE.study, two.study] } });
    const row = within(await page.findByRole('row', { name: /churn/ }));
    expect(row.getByText('Running')).toBeDefined();
    expect(row.getByText('maximize auc')).toBeDefined();
    expect(row.getByText(`${triedTrials(MIDDLE.study.trials)}/120`)).toBeDefined();
    expect(row.getByRole('img').getAttribute('aria-label')).toMatch(
      /^\d+ complete, \d+ stopped early, \d+ failed, 3 running, \d+ paused$/,
    );
    expect(row.getByText(String(MIDDLE.study.bestValues[0]))).toBeDefined();
    expect(row.getByRole('link').getAttribute('href')).toBe('/studies/churn');
    expect(within(page.getByRole('row', { name: /size-or/ })).getByText('nsga2')).toBeDefined();
  });
});

describe('a study', () => {
  it('begins with the best trial and its params to take along', async () => {
    const copied = vi.fn((_: string) => Promise.resolve());
    vi.stubGlobal('navigator', { ...navigator, clipboard: { writeText: copied } });
    const page = renderAt('/studies/churn', answers('/studies/churn', OVER));
    const best = within(await page.findByRole('region', { name: 'Best trial' }));
    const { params = {}, runId } = OVER.result.best ?? {};
    expect(best.getByText(String(OVER.study.bestValues[0]))).toBeDefined();
    fireEvent.click(best.getByRole('button', { name: 'Copy the params as YAML' }));
    fireEvent.click(best.getByRole('button', { name: 'Copy the params as JSON' }));
    expect(copied.mock.calls).toEqual([[toYaml(params)], [JSON.stringify(params)]]);
    expect(best.getByRole('link', { name: /Tracked run/ }).getAttribute('href')).toBe(`/runs/${runId}`);
    vi.unstubAllGlobals();
  });

  it('tells those who cannot see them what its pictures show', async () => {
    const page = renderAt('/studies/churn', answers('/studies/churn', OVER));
    const label = (name: RegExp) => page.getByRole('img', { name }).getAttribute('aria-label');
    await page.findByRole('region', { name: 'What trials reached' });
    const { number } = OVER.result.best as StudyTrial;
    expect(label(/^auc of 120 trials/)).toContain(`The best is trial ${number} with`);
    expect(label(/trials as lines over/)).toContain('lr, layers, units, booster, rateDrop, auc');
    expect(label(/on the way/)).toMatch(/\d+ were stopped early, \d+ are paused/);
    expect(within(page.getByRole('region', { name: 'What matters' })).getByText('47 %')).toBeDefined();
  });

  it('a trial is chosen in the table, stays in sight, and stands in the address', async () => {
    const page = renderAt('/studies/churn', answers('/studies/churn', OVER));
    const failed = OVER.trials.findLast((trial) => trial.state === 'FAILED') as StudyTrial;
    const table = within(await page.findByRole('table', { name: 'All trials' }));
    const first = () => table.getAllByRole('row')[1]?.textContent;
    expect(first()).toMatch(/^119/);
    fireEvent.click(table.getByRole('button', { name: 'auc' }));
    expect(first()).toMatch(new RegExp(`^★ ${OVER.result.best?.number}`));
    fireEvent.click(table.getByRole('button', { name: 'Trial' }));
    fireEvent.click(table.getByRole('button', { name: 'Trial ↓' }));
    expect(first()).toMatch(/^0/);
    fireEvent.click(table.getByRole('button', { name: 'Trial ↑' }));
    fireEvent.click(table.getByRole('button', { name: 'Trial 119' }));
    await vi.waitFor(() => expect(page.router.state.location.href).toBe('/studies/churn?trial=119'));
    const chosen = within(await page.findByRole('region', { name: 'Trial 119' }));
    fireEvent.click(chosen.getByRole('button', { name: 'The trial before' }));
    await page.findByRole('region', { name: 'Trial 118' });
    await page.router.navigate({
      to: '/studies/$name',
      params: { name: 'churn' },
      search: { trial: failed.number },
    });
    const other = await page.findByRole('region', { name: `Trial ${failed.number}` });
    expect(other.textContent).toContain('The loss is not a number.');
    fireEvent.click(within(other).getByRole('button', { name: 'Close the trial' }));
    await vi.waitFor(() => expect(page.router.state.location.href).toBe('/studies/churn'));
  });

  it('a trial is chosen in a picture by the keyboard', async () => {
    const page = renderAt('/studies/churn', answers('/studies/churn', OVER));
    const history = await page.findByRole('slider', { name: 'Trial in: auc (higher is better)' });
    fireEvent.keyDown(history, { key: 'End' });
    await vi.waitFor(() =>
      expect(history.getAttribute('aria-valuetext')).toMatch(/^Trial 119: auc 0\.\d+, /),
    );
    fireEvent.keyDown(history, { key: 'Escape' });
    await vi.waitFor(() => expect(history.getAttribute('aria-valuetext')).toBe('none'));
  });

  it('of a thousand trials draws a few rows and a path for each shade', async () => {
    const page = renderAt('/studies/large', answers('/studies/large', sightAt(LARGE, MADE, MADE + 1e9)));
    const table = await page.findByRole('table', { name: 'All trials' });
    expect(table.getAttribute('aria-rowcount')).toBe('1001');
    const rows = within(table).getAllByRole('row').length;
    expect(rows).toBeGreaterThan(10);
    expect(rows).toBeLessThan(60);
    const lines = page.getByRole('img', { name: /trials as lines over/ });
    expect(lines.querySelectorAll('path').length).toBeLessThan(20);
    expect(lines.querySelectorAll('.axis').length).toBe(21);
  });

  it('with several objectives shows the front, over any two of them', async () => {
    const plan = {
      ...TRADE_OFF,
      objectives: [...TRADE_OFF.objectives, { name: 'memory' }],
    };
    const page = renderAt('/studies/x', answers('/studies/x', sightAt(plan, MADE, MADE + 1e9)));
    const front = within(await page.findByRole('region', { name: 'Trade-offs' }));
    expect(front.getByRole('img').getAttribute('aria-label')).toMatch(
      /^\d+ of \d+ trials are on the Pareto front/,
    );
    fireEvent.change(front.getByLabelText('Across'), { target: { value: '1' } });
    expect((front.getByLabelText('Upwards') as HTMLSelectElement).value).toBe('0');
    expect(front.getByText('latency (lower is better)')).toBeDefined();
    expect(page.queryByRole('region', { name: 'Best trial' })).toBeNull();
    fireEvent.click(
      within(page.getByRole('group', { name: 'Objective' })).getByRole('button', { name: 'memory' }),
    );
    await page.findByText('memory (lower is better)');
  });

  it('without a trial says so', async () => {
    const page = renderAt('/studies/just-made', answers('/studies/just-made', sightAt(EMPTY, MADE, MADE)));
    await page.findByText('No trial has been asked for yet');
    expect(page.queryByRole('table')).toBeNull();
  });

  it('that is not there is told of', async () => {
    const page = renderAt('/studies/nope', {}, 'STUDY_NOT_FOUND');
    expect((await page.findByRole('alert')).textContent).toContain('STUDY_NOT_FOUND');
  });

  it('is stopped by its button', async () => {
    const page = renderAt('/studies/churn', {
      ...answers('/studies/churn', MIDDLE),
      '/studies/churn/stop': MIDDLE.study,
    });
    fireEvent.click(await page.findByRole('button', { name: 'Stop' }));
    await vi.waitFor(() => expect(page.asked).toContain('/api/v1/studies/churn/stop'));
  });

  it('of a pipeline’s task has the same page, with the way back and to the trial’s task', async () => {
    const path = '/pipeline-runs/r/tasks/tune/study';
    const page = renderAt('/pipeline-runs/r/studies/tune?trial=7', answers(path, OVER));
    const chosen = await page.findByRole('region', { name: 'Trial 7' });
    const link = within(chosen).getByRole('link', { name: 'Task tune[7]' });
    expect(decodeURIComponent(link.getAttribute('href') ?? '')).toBe('/pipeline-runs/r?task=tune[7]');
    expect(page.getByRole('link', { name: 'The run' }).getAttribute('href')).toBe(
      '/pipeline-runs/r?task=tune',
    );
    expect(page.queryByRole('button', { name: 'Stop' })).toBeNull();
  });

  it('takes what trials log for what they reached only where it is the objective', async () => {
    const stopped = OVER.trials.find((trial) => trial.state === 'PRUNED') as StudyTrial;
    const loss = { ...OVER, study: { ...OVER.study, spec: { ...OVER.study.spec, metric: 'loss' } } };
    const shown = async (sight: Sight) => {
      const page = renderAt(`/studies/x?trial=${stopped.number}`, answers('/studies/x', sight));
      const history = within(await page.findByRole('region', { name: 'What trials reached' }));
      const words = history.getByRole('slider').getAttribute('aria-valuetext');
      const chosen = page.getByRole('region', { name: `Trial ${stopped.number}` }).textContent;
      page.unmount();
      return { words, chosen };
    };
    const same = await shown(OVER);
    expect(same.words).toMatch(/: auc 0\.\d+, stopped early$/);
    expect(same.chosen).toMatch(/auc 0\.\d+ at step \d/);
    const other = await shown(loss);
    expect(other.words).toBe(`Trial ${stopped.number}, stopped early`);
    expect(other.chosen).toMatch(/loss 0\.\d+ at step \d/);
  });
});

describe('how often it is looked at', () => {
  it('reads all of it anew only where something has changed', async () => {
    const page = renderAt('/studies/churn', answers('/studies/churn', OVER));
    await page.findByRole('region', { name: 'Best trial' });
    await page.router.options.context.queryClient.refetchQueries({ queryKey: studyKeys.all });
    expect(page.asked).toEqual([
      '/api/v1/studies/churn',
      '/api/v1/studies/churn/trials?limit=1000',
      '/api/v1/studies/churn/result',
      '/api/v1/studies/churn/curves',
      '/api/v1/studies/churn',
    ]);
  });

  it.each<[string, Sight | undefined, number | false]>([
    ['not at all while nothing is known', undefined, false],
    ['often while it is small', MIDDLE, 2_240],
    ['no more when it has ended', OVER, false],
    [
      'while one still runs that was to stop',
      { ...OVER, study: { ...OVER.study, state: 'STOPPED', trials: { RUNNING: 1 } } },
      2_480,
    ],
  ])('%s', (_, sight, ms) => expect(pace(sight)).toBe(ms));
});

describe('the order of trials', () => {
  const base = OVER.trials[0] as StudyTrial;
  const trials: StudyTrial[] = [
    { ...base, number: 0, state: 'COMPLETE', values: [3], params: { lr: 0.1, kind: 'b' } },
    { ...base, number: 1, state: 'RUNNING', values: [], params: { lr: 0.01 }, endedAt: undefined },
    { ...base, number: 2, state: 'PRUNED', values: ['NaN'], params: { lr: 1e-3, kind: 'a' } },
    { ...base, number: 3, state: 'COMPLETE', values: [10], params: { lr: 0.5, kind: 7 } },
  ];
  it.each<[string, boolean, number[]]>([
    ['number', true, [3, 2, 1, 0]],
    ['state', false, [0, 3, 2, 1]],
    ['value:0', false, [0, 3, 1, 2]],
    ['value:0', true, [3, 0, 1, 2]],
    ['duration', true, [0, 2, 3, 1]],
    ['param:lr', false, [2, 1, 0, 3]],
    ['param:kind', false, [3, 2, 0, 1]],
    ['param:kind', true, [0, 2, 3, 1]],
    ['param:none', false, [0, 1, 2, 3]],
  ])('by %s, descending %s', (by, descending, numbers) => {
    const order: Order = { by, descending };
    expect(sorted(trials, order).map((trial) => trial.number)).toEqual(numbers);
  });
});

describe('params as YAML', () => {
  it.each<[Json, string]>([
    [3, '3'],
    [0.1, '0.1'],
    [1e-7, '1.0e-7'],
    [1.5e-7, '1.5e-7'],
    [-1e-9, '-1.0e-9'],
    [1e21, '1.0e+21'],
    [true, 'true'],
    [null, 'null'],
    ['gbtree', 'gbtree'],
    ['a b', '"a b"'],
    ['no', '"no"'],
    ['Null', '"Null"'],
    ['1e3', '"1e3"'],
    ['', '""'],
    ['x: y', '"x: y"'],
    ['li\nne', '"li\\nne"'],
  ])('%j', (value, text) => expect(toYaml({ p: value })).toBe(`p: ${text}\n`));
  it('each on a line of its own, names too', () =>
    expect(toYaml({ a: 1, 'b c': 'd', on: 2 })).toBe('a: 1\n"b c": d\n"on": 2\n'));
});

describe('words', () => {
  it.each([
    [undefined, 'tpe', ''],
    ['random', 'random', ''],
    [{ type: 'asha', min: 1, eta: null }, 'asha', 'min 1'],
  ])('of a method: %j', (method, word, settings) => {
    expect(methodInWords(method, 'tpe')).toBe(word);
    expect(settingsInWords(method)).toBe(settings);
  });
  it('of objectives', () => {
    expect(objectiveInWords({ name: 'auc', direction: 'maximize' })).toBe('maximize auc');
    expect(objectiveInWords({ name: 'loss' })).toBe('minimize loss');
  });
  it('of trials leave none out, and call none that waits a person’s', () => {
    const parts = trialParts({ COMPLETE: 1, WAITING: 2, PAUSED: 3 });
    expect(parts.filter((part) => part.count > 0).map((part) => `${part.count} ${part.word}`)).toEqual([
      '1 complete',
      '3 paused',
      '2 queued',
    ]);
  });
  it.each([
    [{ type: 'double', low: 1e-5, high: 0.1, log: true } as const, '1.00e-5 to 0.1, in logarithms'],
    [{ type: 'int', low: 8, high: 256, step: 8 } as const, '8 to 256, by 8'],
    [{ values: ['a', 1], when: { b: ['x', 'y'] } }, 'one of a, 1; only where b is x or y'],
  ])('of a param: %j', (parameter, words) => expect(rangeInWords(parameter)).toBe(words));
});
