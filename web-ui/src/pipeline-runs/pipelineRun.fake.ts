import { hex, seeded } from '../api/seed.fake';
import type {
  Attempt,
  Json,
  PipelineRun,
  RunState,
  Task,
  TaskCounts,
  TaskState,
  Transition,
} from '../api/types';
import { MOST_TASKS } from './live';

/** When each task of a fake run begins and ends, in milliseconds after the run's start, and how it ends. */
export interface TaskPlan {
  name: string;
  kind: string;
  needs: string[];
  /** Of an instance: the task that it is one of, and its values. */
  group?: string;
  item?: Record<string, Json>;
  from: number;
  to: number;
  ends?: Extract<TaskState, 'SUCCEEDED' | 'FAILED' | 'SKIPPED' | 'UPSTREAM_FAILED'>;
  reason?: string;
  outputs?: Record<string, Json>;
  failure?: Pick<Attempt, 'failure' | 'code' | 'message' | 'exitCode'>;
  /** A first attempt that was lost, and when. */
  lostAt?: number;
}

export interface RunPlan {
  id: string;
  pipeline: string;
  version: number;
  params: Record<string, Json>;
  tasks: TaskPlan[];
}

/** A run as its plan lets it stand at a moment. */
export function pipelineRunAt(plan: RunPlan, startedAt: number, now: number): PipelineRun {
  const elapsed = now - startedAt;
  const tasks = plan.tasks.map((task) => taskAt(plan, task, startedAt, elapsed));
  const over = tasks.every((task) => !['PENDING', 'READY', 'RUNNING', 'RETRYING'].includes(task.state));
  const failed = tasks.find((task) => task.state === 'FAILED');
  const counts: TaskCounts = {};
  for (const task of tasks) counts[task.state] = (counts[task.state] ?? 0) + 1;
  const groups = new Map<string, TaskCounts>();
  for (const { group, state } of tasks) {
    if (group) groups.set(group, { ...groups.get(group), [state]: (groups.get(group)?.[state] ?? 0) + 1 });
  }
  const state: RunState = elapsed < 0 ? 'QUEUED' : over ? (failed ? 'FAILED' : 'SUCCEEDED') : 'RUNNING';
  return {
    id: plan.id,
    pipeline: plan.pipeline,
    version: plan.version,
    number: 12,
    state,
    paused: false,
    outputs: {},
    priority: 0,
    origin: { by: 'request' },
    message: over && failed ? `Task ${failed.name} failed: ${failed.attempts.at(-1)?.message}` : undefined,
    params: plan.params,
    trackedRunId: hex(`tracked-${plan.id}`, 32),
    revision: historyAt(plan, startedAt, now).length,
    createdAt: iso(startedAt - 120),
    startedAt: elapsed < 0 ? undefined : iso(startedAt),
    endedAt: over ? iso(startedAt + Math.max(...plan.tasks.map((task) => task.to))) : undefined,
    taskCount: tasks.length,
    counts,
    groups: [...groups].map(([name, each]) => ({ name, counts: each })),
    tasks: tasks.length <= MOST_TASKS ? tasks : [],
  };
}

/** All tasks of a run, also of one whose own answer does not hold them. */
export function tasksAt(plan: RunPlan, startedAt: number, now: number): Task[] {
  return plan.tasks.map((task) => taskAt(plan, task, startedAt, now - startedAt));
}

export function historyAt(plan: RunPlan, startedAt: number, now: number): Transition[] {
  const entries: Omit<Transition, 'revision'>[] = [
    { at: iso(startedAt - 120), to: 'QUEUED' },
    { at: iso(startedAt), from: 'QUEUED', to: 'RUNNING' },
  ];
  const add = (at: number, entry: Omit<Transition, 'revision' | 'at'>) =>
    entries.push({ at: iso(startedAt + at), ...entry });
  for (const task of plan.tasks) {
    const ends = task.ends ?? 'SUCCEEDED';
    if (ends === 'SKIPPED' || ends === 'UPSTREAM_FAILED') {
      add(task.to, { task: task.name, from: 'PENDING', to: ends, reason: task.reason });
      continue;
    }
    add(task.from - 15, { task: task.name, from: 'PENDING', to: 'READY' });
    add(task.from, { task: task.name, attempt: 1, from: 'READY', to: 'RUNNING' });
    if (task.lostAt !== undefined) {
      add(task.lostAt, {
        task: task.name,
        attempt: 1,
        from: 'RUNNING',
        to: 'RETRYING',
        reason: "The task's process vanished; the next attempt is in 1 s.",
      });
      add(task.lostAt + 1_000, { task: task.name, attempt: 2, from: 'RETRYING', to: 'RUNNING' });
    }
    add(task.to, { task: task.name, from: 'RUNNING', to: ends, reason: task.failure?.message });
  }
  const end = Math.max(...plan.tasks.map((task) => task.to));
  const failed = plan.tasks.some((task) => task.ends === 'FAILED');
  add(end + 5, { from: 'RUNNING', to: failed ? 'FAILED' : 'SUCCEEDED' });
  return entries
    .filter((entry) => Date.parse(entry.at) <= now)
    .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
    .map((entry, i) => ({ revision: i + 1, ...entry }));
}

function taskAt(plan: RunPlan, task: TaskPlan, startedAt: number, elapsed: number): Task {
  const ends = task.ends ?? 'SUCCEEDED';
  const { name, kind, needs, group, item } = task;
  const base = { name, kind, needs, group, item };
  if (ends === 'SKIPPED' || ends === 'UPSTREAM_FAILED') {
    const there = elapsed >= task.to;
    return {
      ...base,
      state: there ? ends : 'PENDING',
      reason: there ? task.reason : undefined,
      outputs: {},
      attempts: [],
    };
  }
  const state: TaskState = elapsed < task.from ? 'PENDING' : elapsed < task.to ? 'RUNNING' : ends;
  const retrying =
    task.lostAt !== undefined &&
    elapsed >= task.lostAt &&
    elapsed < task.lostAt + 1_000 &&
    state === 'RUNNING';
  return {
    ...base,
    state: retrying ? 'RETRYING' : state,
    reason: retrying ? "The task's process vanished; the next attempt is in 1 s." : undefined,
    outputs: state === 'SUCCEEDED' ? (task.outputs ?? {}) : {},
    startedAt: elapsed < task.from ? undefined : iso(startedAt + task.from),
    endedAt: elapsed < task.to ? undefined : iso(startedAt + task.to),
    attempts: attemptsAt(plan, task, startedAt, elapsed),
  };
}

function attemptsAt(plan: RunPlan, task: TaskPlan, startedAt: number, elapsed: number): Attempt[] {
  const spans =
    task.lostAt === undefined
      ? [{ from: task.from, to: task.to, lost: false }]
      : [
          { from: task.from, to: task.lostAt, lost: true },
          { from: task.lostAt + 1_000, to: task.to, lost: false },
        ];
  return spans.flatMap(({ from, to, lost }, i): Attempt[] => {
    if (elapsed < from) return [];
    const number = i + 1;
    const over = elapsed >= to;
    return [
      {
        id: hex(`${plan.id}-${task.name}-${number}`, 36),
        number,
        trackedRunId: trackedRunId(plan.id, task.name, number),
        state: !over ? 'RUNNING' : lost || task.ends === 'FAILED' ? 'FAILED' : 'SUCCEEDED',
        createdAt: iso(startedAt + from - 10),
        startedAt: iso(startedAt + from),
        endedAt: over ? iso(startedAt + to) : undefined,
        ...(over && lost
          ? {
              failure: 'SYSTEM' as const,
              code: 'TASK_LOST',
              message: "The task's process vanished.",
              exitCode: 137,
            }
          : over
            ? task.failure
            : {}),
      },
    ];
  });
}

export function trackedRunId(pipelineRunId: string, task: string, attempt: number): string {
  return hex(`${pipelineRunId}/${task}/${attempt}`, 32);
}

function iso(at: number): string {
  return new Date(at).toISOString();
}

function data(name: string, size: number, kind = 'dataset'): Json {
  const digest = `sha256:${hex(name, 64)}`;
  return { kind, name, digest, size, files: [{ path: name, digest, size }] };
}

/** The example pipeline: split, train, evaluate, register, report. */
export function creditPlan(
  id: string,
  {
    trainMs = 21_000,
    fails,
    lost = false,
    gate = true,
  }: { trainMs?: number; fails?: 'train'; lost?: boolean; gate?: boolean } = {},
): RunPlan {
  const trainFrom = 1_900;
  const trained = trainFrom + trainMs;
  const failed = fails === 'train';
  const rest = (task: Omit<TaskPlan, 'from' | 'to'>, from: number, to: number): TaskPlan =>
    failed
      ? { ...task, from: 0, to: trained + 20, ends: 'UPSTREAM_FAILED', reason: 'Task train failed.' }
      : { ...task, from: trained + from, to: trained + to };
  return {
    id,
    pipeline: 'credit-risk',
    version: 3,
    params: {
      data: data('german_credit.csv', 48_213),
      target: failed ? 'credit_rsik' : 'credit_risk',
      minAuc: gate ? 0.7 : 0.85,
    },
    tasks: [
      {
        name: 'split',
        kind: 'pipewright/split@v1',
        needs: [],
        from: 240,
        to: 1_580,
        outputs: { train: data('train.csv', 38_500), test: data('test.csv', 9_713), rows: 1_000 },
      },
      {
        name: 'train',
        kind: 'pipewright/automl@v1',
        needs: ['split'],
        from: trainFrom,
        to: trained,
        lostAt: lost ? trainFrom + 4_000 : undefined,
        ends: failed ? 'FAILED' : 'SUCCEEDED',
        failure: failed
          ? {
              failure: 'USER',
              code: 'TARGET_NOT_A_COLUMN',
              exitCode: 2,
              message:
                'The target "credit_rsik" is not a column of german_credit.csv. Did you mean "credit_risk"? Its columns are: status, duration, credit_history, purpose, amount, savings, employment, credit_risk.',
            }
          : undefined,
        outputs: { model: data('credit-risk', 182_400, 'model'), rounds: 214 },
      },
      rest(
        {
          name: 'evaluate',
          kind: 'pipewright/evaluate@v1',
          needs: ['split', 'train'],
          outputs: { auc: 0.7863, accuracy: 0.765, report: data('evaluation.json', 14_200, 'artifact') },
        },
        200,
        1_400,
      ),
      gate || failed
        ? rest(
            {
              name: 'register',
              kind: 'pipewright/register@v1',
              needs: ['train', 'evaluate'],
              outputs: { version: 4 },
            },
            1_600,
            1_950,
          )
        : {
            name: 'register',
            kind: 'pipewright/register@v1',
            needs: ['train', 'evaluate'],
            from: trained + 1_600,
            to: trained + 1_600,
            ends: 'SKIPPED',
            reason: 'Its condition is false: tasks.evaluate.outputs.auc >= params.minAuc (0.7863 >= 0.85).',
          },
      rest(
        {
          name: 'report',
          kind: 'python3 report.py',
          needs: ['evaluate'],
          outputs: { page: data('report.html', 8_192, 'artifact') },
        },
        1_600,
        2_050,
      ),
    ],
  };
}

/** A pipeline with a task that is a study, whose trials have ended. */
export function tunedPlan(
  id: string,
  trials: readonly { number: number; params: Json; value?: Json }[],
): RunPlan {
  const end = 1_000 + trials.length * 900;
  const command = 'python3 train.py';
  return {
    id,
    pipeline: 'churn-tuned',
    version: 2,
    params: {},
    tasks: [
      { name: 'tune', kind: command, needs: [], from: 200, to: end, outputs: { bestTrial: 0 } },
      ...trials.map(
        ({ number, params, value }): TaskPlan => ({
          name: `tune[${number}]`,
          kind: command,
          needs: [],
          group: 'tune',
          item: { params, asked: number },
          from: 300 + number * 900,
          to: 1_000 + number * 900,
          outputs: value === undefined ? {} : { auc: value },
        }),
      ),
      { name: 'report', kind: 'python3 report.py', needs: ['tune'], from: end + 100, to: end + 900 },
    ],
  };
}

/** A wide graph: layers of tasks, each needing some of the layer before. */
export function widePlan(id: string, count: number): RunPlan {
  const random = seeded(id);
  const width = Math.max(1, Math.round(Math.sqrt(count)));
  const tasks = Array.from({ length: count }, (_, i): TaskPlan => {
    const layer = Math.floor(i / width);
    const above = layer === 0 ? [] : [0, 1].map(() => (layer - 1) * width + Math.floor(random() * width));
    const from = layer * 3_000 + Math.floor(random() * 900);
    return {
      name: `task-${String(i).padStart(3, '0')}`,
      kind: 'pipewright/noop@v1',
      needs: [...new Set(above)].map((need) => `task-${String(need).padStart(3, '0')}`),
      from,
      to: from + 500 + Math.floor(random() * 1_500),
    };
  });
  return { id, pipeline: 'fan-out', version: 1, params: { tasks: count }, tasks };
}
