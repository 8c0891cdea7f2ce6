import { hex, seeded } from '../../src/api/seed.fake';
import type { PipelineRun, PipelineRunSummary, Task, TrackedRun } from '../../src/api/types';
import { summaryOf } from '../../src/pipeline-runs/live';
import {
  creditPlan,
  pipelineRunAt,
  type RunPlan,
  tunedPlan,
  widePlan,
} from '../../src/pipeline-runs/pipelineRun.fake';
import { trackedRunOf } from '../../src/runs/run.fake';
import type { Sight } from '../../src/studies/queries';
import { CHURN, EMPTY, LARGE, sightAt, TRADE_OFF } from '../../src/studies/study.fake';

const MINUTE = 60_000;

interface FakeRun {
  plan: RunPlan;
  startedAt: number;
  /** Lines that the train task's log has beyond the usual ones. */
  extraLines?: number;
}

/** All that the fake server knows: plans with a start, so that each state follows from the time alone. */
export class World {
  readonly runs = new Map<string, FakeRun>();
  readonly began: number;

  constructor(began = Date.now()) {
    this.began = began;
    const add = (plan: RunPlan, ago: number, extraLines?: number) =>
      this.runs.set(plan.id, { plan, startedAt: began - ago, extraLines });
    add(creditPlan('live', { trainMs: 20 * MINUTE }), 18_000);
    add(widePlan('wide', 200), 9_000);
    add(widePlan('huge', 600), 60_000);
    add(creditPlan('done'), 4 * MINUTE);
    add(creditPlan('failed', { fails: 'train', trainMs: 900 }), 11 * MINUTE);
    add(creditPlan('gated', { lost: true, gate: false }), 48 * MINUTE);
    add(named(creditPlan('iris', { trainMs: 4_000 }), 'iris'), 95 * MINUTE);
    add(named(creditPlan('abalone', { trainMs: 32_000 }), 'abalone'), 140 * MINUTE);
    add(creditPlan('long-log'), 200 * MINUTE, 10_000);
    const { trials } = this.taskStudy();
    add(
      tunedPlan(
        'tuned',
        trials.map(({ number, params, values }) => ({ number, params, value: values[0] })),
      ),
      70 * MINUTE,
    );
    const random = seeded('older');
    for (let i = 0; i < 400; i++) {
      const fails = random() < 0.15 ? 'train' : undefined;
      const id = hex(`older-${i}`, 32);
      add(
        named(
          creditPlan(id, { fails, trainMs: 3_000 + random() * 60_000 }),
          random() < 0.4 ? 'churn' : 'credit-risk',
        ),
        (240 + i * 37) * MINUTE,
      );
    }
  }

  /** The run as it stands now. One whose id begins with `quick-` starts when it is first asked for. */
  run(id: string, now = Date.now()): PipelineRun | undefined {
    if (id.startsWith('quick-') && !this.runs.has(id)) {
      this.runs.set(id, { plan: creditPlan(id, { trainMs: 8_000 }), startedAt: now });
    }
    const found = this.runs.get(id);
    return found && pipelineRunAt(found.plan, found.startedAt, now);
  }

  summaries(now = Date.now()): PipelineRunSummary[] {
    return [...this.runs.values()]
      .map(({ plan, startedAt }) => summaryOf(pipelineRunAt(plan, startedAt, now)))
      .sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
  }

  /** The study that task `tune` of run `tuned` is. */
  taskStudy(): Sight {
    const plan = { ...CHURN, name: 'tune', trials: 24, each: 900, pruned: false };
    return sightAt(plan, this.began - 70 * MINUTE, this.began);
  }

  /** Newest first. */
  studies(now = Date.now()): Sight[] {
    const older = Array.from({ length: 70 }, (_, i) => ({ ...CHURN, name: `churn-${70 - i}`, trials: 5 }));
    return [
      sightAt(EMPTY, now, now),
      sightAt(CHURN, this.began - 4 * MINUTE, now),
      sightAt(TRADE_OFF, this.began - 60 * MINUTE, now),
      sightAt(LARGE, this.began - 120 * MINUTE, now),
      ...older.map((plan, i) => sightAt(plan, this.began - (200 + i * 60) * MINUTE, now)),
    ];
  }

  study(name: string): Sight | undefined {
    return this.studies().find(({ study }) => study.name === name);
  }

  /** The pipeline run, task and attempt behind a tracked run. */
  tracked(
    id: string,
    now = Date.now(),
  ): { run: PipelineRun; task?: Task; tracked: TrackedRun; extraLines?: number } | undefined {
    for (const { plan, startedAt, extraLines } of this.runs.values()) {
      const run = pipelineRunAt(plan, startedAt, now);
      if (run.trackedRunId === id) return { run, tracked: ownRun(run) };
      for (const task of run.tasks) {
        const attempt = task.attempts.find((each) => each.trackedRunId === id);
        const tracked = attempt && trackedRunOf(run, task, now, attempt.number);
        if (tracked)
          return { run, task, tracked, extraLines: task.name === 'train' ? extraLines : undefined };
      }
    }
    return undefined;
  }
}

function named(plan: RunPlan, pipeline: string): RunPlan {
  return { ...plan, pipeline };
}

function ownRun(run: PipelineRun): TrackedRun {
  return {
    id: run.trackedRunId,
    name: `${run.pipeline} v${run.version}`,
    experimentId: hex(run.pipeline, 18),
    experiment: run.pipeline,
    status: run.state === 'SUCCEEDED' ? 'FINISHED' : run.state === 'FAILED' ? 'FAILED' : 'RUNNING',
    message: run.message,
    pipeline: { pipeline: run.pipeline, version: run.version, pipelineRunId: run.id },
    startTime: run.startedAt ?? run.createdAt,
    endTime: run.endedAt,
    params: Object.fromEntries(
      Object.entries(run.params).map(([key, value]) => [key, JSON.stringify(value)]),
    ),
    tags: {},
    metrics: [],
    datasets: [],
    models: [],
  };
}
