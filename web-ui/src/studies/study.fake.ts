import { hex, seeded } from '../api/seed.fake';
import type {
  Json,
  Objective,
  Parameter,
  Study,
  StudyCurve,
  StudyResult,
  StudyTrial,
  TrialState,
} from '../api/types';
import { frontOf } from '../charts/front';
import type { Sight } from './queries';

const STEPS = 27;

export interface StudyPlan {
  name: string;
  space: Record<string, Parameter>;
  objectives: Objective[];
  /** How many there are in the end, and how long each takes to come, in milliseconds. */
  trials: number;
  each: number;
  pruned: boolean;
  sampler: string;
}

const RATE: Parameter = { type: 'double', low: 1e-5, high: 0.1, log: true };

const SPACE: Record<string, Parameter> = {
  lr: RATE,
  layers: { type: 'int', low: 1, high: 6 },
  units: { type: 'int', low: 16, high: 512, log: true },
  booster: { values: ['gbtree', 'dart'] },
  rateDrop: { type: 'double', low: 0, high: 0.5, when: { booster: ['dart'] } },
};

/** Stopped early by asha, one objective, some of it conditional. */
export const CHURN: StudyPlan = {
  name: 'churn',
  space: SPACE,
  objectives: [{ name: 'auc', direction: 'maximize' }],
  trials: 120,
  each: 4_000,
  pruned: true,
  sampler: 'tpe',
};

export const TRADE_OFF: StudyPlan = {
  ...CHURN,
  name: 'size-or-quality',
  objectives: [{ name: 'auc', direction: 'maximize' }, { name: 'latency' }],
  trials: 160,
  pruned: false,
  sampler: 'nsga2',
};

/** As much as a page is to stand. */
export const LARGE: StudyPlan = {
  ...CHURN,
  name: 'large',
  space: Object.fromEntries(
    Array.from({ length: 20 }, (_, i): [string, Parameter] => [
      `param_${i}`,
      i % 5 === 4 ? { values: ['a', 'b', 'c'] } : i % 2 ? { type: 'int', low: 1, high: 100 } : RATE,
    ]),
  ),
  objectives: [{ name: 'loss' }],
  trials: 1_000,
};

export const EMPTY: StudyPlan = { ...CHURN, name: 'just-made', trials: 0 };

/** The study as it stands so long after it was made. */
export function sightAt(plan: StudyPlan, madeAt: number, now: number): Sight {
  const { objectives, space } = plan;
  const made = Math.max(0, Math.min(plan.trials, Math.floor((now - madeAt) / plan.each)));
  const maximize = objectives.map((objective) => objective.direction === 'maximize');
  const all = Array.from({ length: made }, (_, number) => trialOf(plan, number, made, madeAt));
  const trials = all.map(({ trial }) => trial);
  const complete = trials.filter((trial) => trial.state === 'COMPLETE');
  const values = complete.map((trial) => trial.values.map(Number));
  const front = frontOf(values, maximize).flatMap((i) => complete[i] ?? []);
  const best = front[0];
  const counts: Partial<Record<TrialState, number>> = {};
  for (const { state } of trials) counts[state] = (counts[state] ?? 0) + 1;
  const names = Object.keys(space);
  const weights = names.map((_, i) => 0.55 ** i);
  const sum = weights.reduce((a, b) => a + b, 0);
  const study: Study = {
    name: plan.name,
    spec: {
      space,
      objectives,
      sampler: plan.sampler,
      pruner: plan.pruned ? { type: 'asha', min: 1, max: STEPS, eta: 3 } : undefined,
      maxTrials: plan.trials || undefined,
    },
    state: made === plan.trials && made > 0 ? 'ENDED' : 'RUNNING',
    trials: counts,
    best: best?.number,
    bestValues: best?.values ?? [],
    runId: hex(plan.name, 32),
    createdAt: iso(madeAt),
    updatedAt: iso(madeAt + made * plan.each),
  };
  const result: StudyResult = {
    best: objectives.length === 1 ? best : undefined,
    front,
    importance:
      complete.length < 4 ? {} : Object.fromEntries(names.map((name, i) => [name, (weights[i] ?? 0) / sum])),
  };
  return { study, trials, result, curves: all.flatMap(({ curve }) => curve ?? []) };
}

function trialOf(
  plan: StudyPlan,
  number: number,
  made: number,
  madeAt: number,
): { trial: StudyTrial; curve?: StudyCurve } {
  const random = seeded(`${plan.name}-${number}`);
  // Later ones are nearer to what is good, as those of a sampler are.
  const near = Math.min(0.85, 2 * (number / plan.trials));
  const params: Record<string, Json> = {};
  let miss = 0;
  Object.entries(plan.space).forEach(([name, parameter], i) => {
    if (parameter.when && params.booster !== 'dart') return;
    const goal = 0.3 + 0.1 * (i % 5);
    const at = random() * (1 - near) + Math.min(1, Math.max(0, goal + (random() - 0.5) * 0.3)) * near;
    params[name] = valueAt(parameter, at);
    miss += (at - goal) ** 2 * 0.5 ** Math.min(i, 4);
  });
  const quality = 0.94 - 0.9 * Math.min(0.45, miss) + (random() - 0.5) * 0.01;
  const fails = random() < 0.04;
  const running = number >= made - 3 && made < plan.trials;
  const reach = fails ? 0 : running ? 2 : !plan.pruned ? STEPS : reachOf(quality, random());
  const state: TrialState = fails ? 'FAILED' : running ? 'RUNNING' : reach === STEPS ? 'COMPLETE' : 'PRUNED';
  const shown: TrialState = state === 'PRUNED' && reach === 9 ? 'PAUSED' : state;
  const of = (step: number) => 0.5 + (quality - 0.5) * (1 - Math.exp(-step / 5)) + (random() - 0.5) * 0.008;
  const steps = Array.from({ length: reach }, (_, i) => i + 1);
  const curve =
    plan.pruned && reach > 0
      ? { number, steps, values: steps.map((step) => toldValue(plan, of(step))) }
      : undefined;
  const cost = Number(
    ((Number(params.units ?? 64) / 64) ** 0.7 * (1 + Number(params.layers ?? 1)) + random()).toFixed(2),
  );
  const startedAt = madeAt + number * plan.each;
  return {
    curve,
    trial: {
      number,
      state: shown,
      origin: 'SAMPLED',
      params,
      values:
        state !== 'COMPLETE'
          ? []
          : plan.objectives.map((_, m) =>
              m === 0 ? (curve?.values.at(-1) ?? toldValue(plan, quality)) : cost,
            ),
      attempt: 1,
      worker: `worker-${number % 4}`,
      message: fails ? 'The loss is not a number.' : undefined,
      createdAt: iso(startedAt),
      startedAt: iso(startedAt),
      endedAt: running ? undefined : iso(startedAt + 900 + reach * 800),
      runId: hex(`${plan.name}/${number}`, 32),
    },
  };
}

/** A quality as what the first objective says of it: a loss where it is to be small. */
function toldValue(plan: StudyPlan, quality: number): number {
  return Number((plan.objectives[0]?.direction === 'maximize' ? quality : 1.2 - quality).toFixed(4));
}

function reachOf(quality: number, luck: number): number {
  const score = quality + (luck - 0.5) * 0.06;
  return score > 0.88 ? STEPS : score > 0.82 ? 9 : score > 0.7 ? 3 : 1;
}

function valueAt({ values, low = 0, high = 1, log, type }: Parameter, at: number): Json {
  if (values) return values[Math.min(values.length - 1, Math.floor(at * values.length))] ?? null;
  const value = log ? low * (high / low) ** at : low + at * (high - low);
  return type === 'int' ? Math.round(value) : Number(value.toPrecision(6));
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
