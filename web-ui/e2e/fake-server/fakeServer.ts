import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Connect, Plugin } from 'vite';
import type { LogLine, MetricHistory, Problem, RunOverview, Task } from '../../src/api/types';
import { modelVersions, registeredModel } from '../../src/models/model.fake';
import { historyAt, tasksAt } from '../../src/pipeline-runs/pipelineRun.fake';
import { POOLS, usesAt } from '../../src/pools/pool.fake';
import {
  artifactsOf,
  evaluationOf,
  logOf,
  roundsBy,
  TRAINING_KEYS,
  trackedRunOf,
  trainingCurve,
} from '../../src/runs/run.fake';
import {
  aBackfill,
  aSchedule,
  aTrigger,
  firesAt,
  nextTimes,
  onChampion,
} from '../../src/schedules/schedule.fake';
import type { Sight } from '../../src/studies/queries';
import { World } from './world';

/** Answers `/api/v1` out of seeded fakes, streams included; goes with `vite` and with `vite preview`. */
export function fakeServer(): Plugin {
  const world = new World();
  const handle: Connect.NextHandleFunction = (request, response, next) => {
    const url = new URL(request.url ?? '/', 'http://fake');
    if (!url.pathname.startsWith('/api/')) return next();
    if (!url.pathname.startsWith('/api/v1/')) return problem(response, 'NOT_FOUND', 404, url.pathname);
    answer(world, url, request, response);
  };
  return {
    name: 'pipewright-fake-server',
    configureServer: (server) => void server.middlewares.use(handle),
    configurePreviewServer: (server) => void server.middlewares.use(handle),
  };
}

function answer(world: World, url: URL, request: IncomingMessage, response: ServerResponse): void {
  const parts = url.pathname
    .slice('/api/v1/'.length)
    .split('/')
    .map((part) => decodeURIComponent(part));
  const query = url.searchParams;
  const [resource, id = '', sub, ...rest] = parts;
  const ask = [resource, id && ':id', sub].filter(Boolean).join('/');
  const now = Date.now();

  if (resource === 'pipeline-runs' && id === 'events') {
    return stream(request, response, changes(world));
  }
  switch (ask) {
    case 'server':
      return json(response, {
        version: '0.1.0',
        roles: ['orchestrator', 'tracker'],
        home: '~/.pipewright',
        pid: 1,
      });
    case 'pipelines': {
      const names = [...new Set(world.summaries(now).map((run) => run.pipeline))];
      const at = new Date(now).toISOString();
      return json(response, {
        items: names.map((name) => ({ name, latestVersion: 3, createdAt: at, updatedAt: at })),
      });
    }
    case 'pipeline-runs': {
      const runs = world
        .summaries(now)
        .filter((run) => !query.get('pipeline') || run.pipeline === query.get('pipeline'))
        .filter((run) => !query.get('state') || run.state === query.get('state'));
      return json(
        response,
        page(runs, (run) => run.id, query),
      );
    }
    case 'pipeline-runs/:id':
    case 'pipeline-runs/:id/history':
    case 'pipeline-runs/:id/overview':
    case 'pipeline-runs/:id/tasks':
    case 'pipeline-runs/:id/events': {
      const run = world.run(id, now);
      const fake = world.runs.get(id);
      if (!run || !fake) {
        return problem(
          response,
          'PIPELINE_RUN_NOT_FOUND',
          404,
          `There is no pipeline run with the id "${id}".`,
        );
      }
      const tasks = tasksAt(fake.plan, fake.startedAt, now);
      if (sub === 'history') {
        const history = historyAt(fake.plan, fake.startedAt, now).toReversed();
        return json(
          response,
          page(history, (entry) => String(entry.revision), query),
        );
      }
      if (sub === 'overview') return json(response, overviewOf(tasks));
      if (sub === 'tasks' && rest[1] === 'study') {
        if (id !== 'tuned' || rest[0] !== 'tune') {
          return problem(response, 'STUDY_NOT_FOUND', 404, `There is no task "${rest[0]}" that is a study.`);
        }
        return answerStudy(world.taskStudy(), rest[2], query, response);
      }
      if (sub === 'tasks' && rest[0]) {
        const task = tasks.find((each) => each.name === rest[0]);
        if (!task) return problem(response, 'NOT_FOUND', 404, `There is no task "${rest[0]}".`);
        return json(response, task);
      }
      if (sub === 'tasks') {
        return json(
          response,
          page(tasksFor(tasks, query), (task) => task.name, query),
        );
      }
      if (sub === 'events') return stream(request, response, runEvents(world, id));
      return json(response, run);
    }
    case 'runs': {
      const run = world.run(query.get('pipelineRun') ?? '', now);
      const items = (run?.tasks ?? []).flatMap((task) => (run && trackedRunOf(run, task, now)) ?? []);
      return json(response, { items });
    }
    case 'schedules':
      return json(response, { items: [aSchedule(now)] });
    case 'triggers':
      return json(response, { items: [aTrigger(now), onChampion(now)] });
    case 'backfills':
      return json(response, { items: [aBackfill(now)] });
    case 'schedules/:id':
      return json(response, aSchedule(now));
    case 'schedules/:id/pause':
      return json(response, aSchedule(now, { paused: true, next: [] }));
    case 'schedules/:id/next':
      return json(response, { times: nextTimes(aSchedule(now)) });
    case 'triggers/:id':
      return json(response, aTrigger(now));
    case 'backfills/:id':
      return json(response, aBackfill(now));
    case 'backfills/:id/cancel':
      return json(response, aBackfill(now, { state: 'CANCELLED' }));
    case 'schedules/:id/history':
    case 'triggers/:id/history':
    case 'backfills/:id/history':
      return json(response, { items: firesAt(now) });
    case 'studies': {
      const studies = world.studies(now).map(({ study }) => study);
      return json(
        response,
        page(studies, (study) => study.name, query),
      );
    }
    case 'studies/:id':
    case 'studies/:id/trials':
    case 'studies/:id/result':
    case 'studies/:id/curves': {
      const sight = world.study(id);
      if (!sight) return problem(response, 'STUDY_NOT_FOUND', 404, `There is no study "${id}".`);
      return answerStudy(sight, sub, query, response);
    }
    case 'pools':
      return json(response, { items: POOLS });
    case 'pools/:id':
      if (request.method === 'DELETE') {
        return problem(response, 'POOL_IN_USE', 409, `Pool '${id}' is needed: 3 of its slots are taken.`);
      }
      return json(response, { ...POOLS[0], name: id });
    case 'pools/:id/uses':
      return json(response, usesAt(now));
    case 'models': {
      const items = [
        registeredModel(creditVersions(world), 'Chance that a credit is paid back'),
        registeredModel(modelVersions('abalone-rings', 1, now - 8_400_000, world.run('abalone'))),
      ];
      return json(response, { items });
    }
    case 'models/:id':
    case 'models/:id/versions': {
      if (id !== 'credit-risk' && id !== 'abalone-rings') {
        return problem(response, 'MODEL_NOT_FOUND', 404, `There is no registered model named "${id}".`);
      }
      const versions =
        id === 'credit-risk'
          ? creditVersions(world)
          : modelVersions(id, 1, now - 8_400_000, world.run('abalone'));
      return json(
        response,
        sub ? { items: versions } : registeredModel(versions, 'Chance that a credit is paid back'),
      );
    }
    default:
      if (resource === 'runs') return answerRun(world, id, sub, rest, url, request, response);
      return problem(response, 'NOT_FOUND', 404, `There is nothing at ${url.pathname}.`);
  }
}

function answerStudy(
  { study, trials, result, curves }: Sight,
  what: string | undefined,
  query: URLSearchParams,
  response: ServerResponse,
): void {
  switch (what) {
    case 'trials':
      return json(
        response,
        page(trials.toReversed(), (trial) => String(trial.number), query),
      );
    case 'result':
      return json(response, result);
    case 'curves':
      return json(response, { curves });
    default:
      return json(response, study);
  }
}

function tasksFor(tasks: Task[], query: URLSearchParams): Task[] {
  const level = query.get('level');
  const [from = 0, to = from] = (level ?? '').split('-').map(Number);
  const levels = level ? levelsOf(tasks) : undefined;
  // What is not in the list comes last: -1 as an unsigned number.
  const urgency = (task: Task) => ['FAILED', 'WAITING', 'RETRYING', 'RUNNING'].indexOf(task.state) >>> 0;
  return tasks
    .filter((task) => !query.get('state') || query.get('state')?.split(',').includes(task.state))
    .filter((task) => task.name.includes(query.get('search') ?? ''))
    .filter((task) => !query.get('group') || task.group === query.get('group'))
    .filter((task) => {
      const at = levels?.get(task.name) ?? 0;
      return !levels || (from <= at && at <= to);
    })
    .sort((a, b) => urgency(a) - urgency(b));
}

function levelsOf(tasks: Task[]): Map<string, number> {
  const levels = new Map<string, number>();
  for (const task of tasks) {
    levels.set(task.name, 1 + Math.max(-1, ...task.needs.map((need) => levels.get(need) ?? 0)));
  }
  return levels;
}

function overviewOf(tasks: Task[]): RunOverview {
  const at = levelsOf(tasks);
  const levels: RunOverview['levels'] = [];
  for (const task of tasks) {
    const level = at.get(task.name) ?? 0;
    levels[level] ??= { level, counts: {} };
    const { counts } = levels[level];
    counts[task.state] = (counts[task.state] ?? 0) + 1;
  }
  const path = tasks.filter((task) => task.endedAt).slice(0, 3);
  return { levels, criticalPath: path.map((task) => ({ ...task, task: task.name })) };
}

function answerRun(
  world: World,
  id: string,
  sub: string | undefined,
  rest: string[],
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const found = world.tracked(id);
  if (!found) return problem(response, 'RUN_NOT_FOUND', 404, `There is no run with the id "${id}".`);
  const { run, task, tracked, extraLines } = found;
  switch (sub) {
    case undefined:
      return json(response, tracked);
    case 'metrics': {
      const key = rest.join('/');
      const history = curve(world, id, key);
      if (!history) return problem(response, 'METRIC_NOT_FOUND', 404, `Run ${id} has no metric "${key}".`);
      return json(response, history);
    }
    case 'artifacts':
      if (rest.length === 0) return json(response, { items: task ? artifactsOf(task) : [] });
      if (rest.join('/') === 'evaluation.json') return json(response, evaluationOf(run.pipeline));
      response.setHeader('content-type', 'application/octet-stream');
      response.end(`fake content of ${rest.join('/')}`);
      return;
    case 'logs': {
      const after = Number(url.searchParams.get('after') ?? 0);
      const limit = Number(url.searchParams.get('limit') ?? 1_000);
      const lines = task ? logOf(task, Date.now(), extraLines).slice(after, after + limit) : [];
      return json(response, { lines, next: lines.at(-1)?.number ?? after });
    }
    case 'events':
      return stream(request, response, trackedEvents(world, id));
    default:
      return problem(response, 'NOT_FOUND', 404, `There is nothing at ${url.pathname}.`);
  }
}

function creditVersions(world: World) {
  return modelVersions('credit-risk', 4, world.began, world.run('done'));
}

function curve(world: World, id: string, key: string): MetricHistory | undefined {
  const attempt = world.tracked(id)?.tracked;
  if (!attempt || !TRAINING_KEYS.includes(key)) return undefined;
  const start = Date.parse(attempt.startTime);
  const end = attempt.endTime ? Date.parse(attempt.endTime) : Date.now();
  return trainingCurve(id, key, roundsBy(start, end), start);
}

/** What a stream sends at each look; `true` ends it. */
type Look = (send: (event: string, data: unknown, id?: number) => void) => boolean;

function runEvents(world: World, id: string): Look {
  let told = 0;
  return (send) => {
    const run = world.run(id);
    if (!run) return true;
    if (run.revision !== told) send('run', run, run.revision);
    told = run.revision;
    return run.endedAt !== undefined;
  };
}

function changes(world: World): Look {
  let told = new Map(world.summaries().map((run) => [run.id, JSON.stringify(run)]));
  return (send) => {
    const now = world.summaries();
    for (const run of now) if (told.get(run.id) !== JSON.stringify(run)) send('run', run);
    told = new Map(now.map((run) => [run.id, JSON.stringify(run)]));
    return false;
  };
}

function trackedEvents(world: World, id: string): Look {
  let points = curve(world, id, 'train-logloss')?.points ?? 0;
  let lines = 0;
  let first = true;
  return (send) => {
    const found = world.tracked(id);
    if (!found) return true;
    if (found.task) {
      const log: LogLine[] = logOf(found.task, Date.now(), found.extraLines);
      if (!first && log.length > lines) send('logs', { lines: log.slice(lines), next: log.length });
      lines = log.length;
    }
    const series = TRAINING_KEYS.flatMap((key) => {
      const history = found.task?.name === 'train' ? curve(world, id, key) : undefined;
      if (!history || history.points <= points) return [];
      return [
        {
          key,
          steps: history.steps.slice(points),
          timestamps: history.timestamps.slice(points),
          values: history.values.slice(points),
        },
      ];
    });
    if (series[0]) {
      send('metrics', { series });
      points += series[0].steps.length;
    }
    const over = found.tracked.endTime !== undefined;
    if (over || first) send('run', found.tracked);
    first = false;
    return over;
  };
}

function stream(request: IncomingMessage, response: ServerResponse, look: Look): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  const send = (event: string, data: unknown, id?: number) =>
    response.write(
      `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`,
    );
  const turn = () => {
    if (!look(send)) return;
    clearInterval(timer);
    response.end('event: end\ndata: {}\n\n');
  };
  const timer = setInterval(turn, 250);
  request.on('close', () => clearInterval(timer));
  response.write(': here\n\n');
  turn();
}

function page<T>(items: T[], idOf: (item: T) => string, query: URLSearchParams) {
  const after = query.get('after');
  const limit = Number(query.get('limit') ?? 50);
  const from = after ? items.findIndex((item) => idOf(item) === after) + 1 : 0;
  const slice = items.slice(from, from + limit);
  const last = slice.at(-1);
  return { items: slice, ...(from + limit < items.length && last ? { next: idOf(last) } : {}) };
}

function json(response: ServerResponse, body: unknown): void {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(body));
}

function problem(response: ServerResponse, code: string, status: number, detail: string): void {
  const body: Problem = {
    type: `/docs/problems#${code}`,
    code,
    title: code.endsWith('_NOT_FOUND')
      ? `There is no such ${code.replace('_NOT_FOUND', '').replaceAll('_', ' ').toLowerCase()}`
      : 'There is nothing at this address',
    status,
    detail,
    remedy: 'List what there is, and take an id from there.',
  };
  response.writeHead(status, { 'content-type': 'application/problem+json' });
  response.end(JSON.stringify(body));
}
