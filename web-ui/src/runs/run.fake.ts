import { hex, seeded } from '../api/seed.fake';
import type {
  Artifact,
  LatestMetric,
  LogLine,
  MetricHistory,
  PipelineRun,
  Task,
  TrackedRun,
} from '../api/types';
import type { ClassificationEvaluation, Evaluation, RegressionEvaluation } from './evaluation';

const ROUND_MS = 96;

/** The curve of a training: falls fast, then slowly; the validation part turns up again at the end. */
export function trainingCurve(runId: string, key: string, rounds: number, startedAt: number): MetricHistory {
  const random = seeded(`${runId}-${key}`);
  const values = Array.from({ length: rounds }, (_, step) => {
    const noise = (random() - 0.5) * 0.008;
    const fall = Math.exp(-step / 38);
    switch (key) {
      case 'train-logloss':
        return 0.3 + 0.39 * fall + noise / 2;
      case 'validation-logloss':
        return 0.475 + 0.215 * fall + 0.00022 * Math.max(0, step - 90) + noise;
      case 'train-auc':
        return 0.965 - 0.32 * fall + noise / 2;
      default:
        return 0.79 - 0.2 * fall + noise * 1.5;
    }
  });
  return {
    runId,
    key,
    points: rounds,
    steps: values.map((_, i) => i),
    timestamps: values.map((_, i) => startedAt + (i + 1) * ROUND_MS),
    values,
  };
}

export const TRAINING_KEYS = ['train-auc', 'train-logloss', 'validation-auc', 'validation-logloss'];

/** How many boosting rounds a training has done by a moment. */
export function roundsBy(startedAt: number, at: number): number {
  return Math.max(0, Math.floor((at - startedAt) / ROUND_MS));
}

export function latestOf(history: MetricHistory): LatestMetric {
  const numbers = history.values.map(Number);
  return {
    key: history.key,
    value: history.values.at(-1) ?? 'NaN',
    step: history.steps.at(-1) ?? 0,
    timestamp: new Date(history.timestamps.at(-1) ?? 0).toISOString(),
    min: Math.min(...numbers),
    max: Math.max(...numbers),
    points: history.points,
  };
}

function single(key: string, value: number, at: string): LatestMetric {
  return { key, value, step: 0, timestamp: at, min: value, max: value, points: 1 };
}

/** The tracked run of one task of a fake pipeline run; of the newest attempt unless another is named. */
export function trackedRunOf(
  run: PipelineRun,
  task: Task,
  now: number,
  number?: number,
): TrackedRun | undefined {
  const attempt =
    number === undefined ? task.attempts.at(-1) : task.attempts.find((each) => each.number === number);
  if (!attempt?.startedAt) return undefined;
  const over = attempt.endedAt !== undefined;
  const start = Date.parse(attempt.startedAt);
  const end = attempt.endedAt ? Date.parse(attempt.endedAt) : now;
  const failed = attempt.state === 'FAILED';
  return {
    id: attempt.trackedRunId,
    name: attempt.number > 1 ? `${task.name} (attempt ${attempt.number})` : task.name,
    experimentId: hex(run.pipeline, 18),
    experiment: run.pipeline,
    status: over ? (failed ? 'FAILED' : 'FINISHED') : 'RUNNING',
    message: failed ? attempt.message : undefined,
    parentRunId: run.trackedRunId,
    pipeline: {
      pipeline: run.pipeline,
      version: run.version,
      pipelineRunId: run.id,
      task: task.name,
      attempt: attempt.number,
    },
    startTime: attempt.startedAt,
    endTime: attempt.endedAt,
    params: task.name === 'train' ? TRAIN_PARAMS : task.name === 'split' ? SPLIT_PARAMS : {},
    tags: { 'mlflow.runName': task.name, 'pipewright.task': task.name, 'host.name': 'laptop' },
    metrics: metricsOf(run.pipeline, task, attempt.trackedRunId, start, end, attempt.endedAt),
    datasets: datasetsOf(task),
    models:
      task.name === 'train' && over && !failed
        ? [
            {
              id: `m-${hex('model', 32)}`,
              name: 'credit-risk',
              flavor: 'xgboost',
              digest: `sha256:${hex('credit-risk', 64)}`,
              size: 182_400,
              createdAt: attempt.endedAt ?? attempt.startedAt,
            },
          ]
        : [],
  };
}

const TRAIN_PARAMS = {
  learner: 'xgboost',
  objective: 'binary:logistic',
  target: 'credit_risk',
  eta: '0.08',
  max_depth: '4',
  subsample: '0.9',
  colsample_bytree: '0.8',
  early_stopping_rounds: '40',
  features: '20',
  seed: '7',
};

const SPLIT_PARAMS = { target: 'credit_risk', test: '0.2', stratify: 'true', seed: '7' };

function metricsOf(
  pipeline: string,
  task: Task,
  id: string,
  start: number,
  end: number,
  endedAt: string | undefined,
): LatestMetric[] {
  const at = endedAt ?? new Date(end).toISOString();
  switch (task.name) {
    case 'train': {
      const rounds = roundsBy(start, end);
      if (rounds === 0) return [];
      return TRAINING_KEYS.map((key) => latestOf(trainingCurve(id, key, rounds, start)));
    }
    case 'evaluate':
      return endedAt
        ? Object.entries(evaluationOf(pipeline).metrics)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([key, value]) => single(key, Number(value), at))
        : [];
    case 'split':
      return endedAt ? [single('rows.test', 200, at), single('rows.train', 800, at)] : [];
    default:
      return [];
  }
}

function datasetsOf(task: Task): TrackedRun['datasets'] {
  const dataset = (name: string, role: string, rows: number, size: number) => ({
    name,
    digest: `sha256:${hex(name, 64)}`,
    size,
    role,
    rows,
  });
  switch (task.name) {
    case 'split':
      return [dataset('german_credit.csv', 'input', 1_000, 48_213)];
    case 'train':
      return [dataset('train.csv', 'train', 800, 38_500)];
    case 'evaluate':
      return [dataset('test.csv', 'test', 200, 9_713)];
    default:
      return [];
  }
}

export function artifactsOf(task: Task): Artifact[] {
  const artifact = (path: string, size: number, mediaType: string): Artifact => ({
    path,
    size,
    digest: `sha256:${hex(path, 64)}`,
    mediaType,
    createdAt: task.endedAt ?? task.startedAt ?? new Date(0).toISOString(),
  });
  switch (task.name) {
    case 'train':
      return task.state === 'SUCCEEDED'
        ? [
            artifact('feature_importance.csv', 1_204, 'text/csv'),
            artifact('models/credit-risk/MLmodel', 812, 'text/yaml'),
            artifact('models/credit-risk/model.ubj', 178_220, 'application/octet-stream'),
            artifact('models/credit-risk/schema.json', 3_368, 'application/json'),
            artifact('trials.json', 22_118, 'application/json'),
          ]
        : [];
    case 'evaluate':
      return task.state === 'SUCCEEDED' ? [artifact('evaluation.json', 14_200, 'application/json')] : [];
    case 'report':
      return task.state === 'SUCCEEDED' ? [artifact('report.html', 8_192, 'text/html')] : [];
    default:
      return [];
  }
}

/** What a task has written by a moment; `extra` lines come first, for a long log. */
export function logOf(task: Task, now: number, extra = 0): LogLine[] {
  const attempt = task.attempts.at(-1);
  if (!attempt?.startedAt) return [];
  const start = Date.parse(attempt.startedAt);
  const end = attempt.endedAt ? Date.parse(attempt.endedAt) : now;
  const lines: LogLine[] = [];
  const write = (at: number, text: string, stream = 'stdout') => {
    if (at <= end) lines.push({ number: lines.length + 1, at: new Date(at).toISOString(), stream, text });
  };
  write(start, `Task ${task.name} (${task.kind}) starts, attempt ${attempt.number}`);
  for (let i = 0; i < extra; i++)
    write(start, `row ${i}: ${hex(`${task.name}-${i}`, 24)}`, i % 97 === 0 ? 'stderr' : 'stdout');
  if (task.name === 'train') {
    write(start + 60, 'Read train.csv: 800 rows, 20 features (7 numeric, 13 categorical), 1 target');
    write(start + 70, 'WARN  Column "foreign_worker" is 96 % one value; it tells little', 'stderr');
    write(start + 80, 'Hold out 20 % of the rows for validation, stratified by credit_risk');
    const rounds = roundsBy(start, end);
    const train = trainingCurve(attempt.trackedRunId, 'train-logloss', rounds, start);
    const validation = trainingCurve(attempt.trackedRunId, 'validation-logloss', rounds, start);
    for (let i = 0; i < rounds; i += 2) {
      write(
        start + (i + 1) * ROUND_MS,
        `[${String(i).padStart(3)}] train-logloss:${Number(train.values[i]).toFixed(5)} validation-logloss:${Number(validation.values[i]).toFixed(5)}`,
      );
    }
  }
  if (attempt.state === 'FAILED' && attempt.message)
    write(end, `ERROR ${attempt.code}: ${attempt.message}`, 'stderr');
  if (attempt.state === 'SUCCEEDED')
    write(end, `Task ${task.name} succeeded in ${((end - start) / 1_000).toFixed(2)} s`);
  return lines;
}

function rocOf(
  seed: string,
  label: string,
  auc: number,
  points = 60,
): ClassificationEvaluation['roc'][number] {
  const random = seeded(seed);
  const power = (1 - auc) / auc;
  const fpr = [0, ...Array.from({ length: points }, () => random() ** 1.6).sort((a, b) => a - b), 1];
  return {
    label,
    auc,
    fpr,
    tpr: fpr.map((x) => Math.round(x ** power * 70) / 70),
    threshold: fpr.map((_, i) => (i === 0 ? 'Infinity' : 1 - i / (points + 1))),
  };
}

export function binaryEvaluation(): ClassificationEvaluation {
  return {
    task: 'binary',
    classes: ['bad', 'good'],
    positive: 'good',
    rows: 200,
    metrics: { auc: 0.7863, accuracy: 0.765, macroF1: 0.7012, logLoss: 0.4981 },
    baseline: { auc: 0.5, accuracy: 0.7, logLoss: 0.6109 },
    confusion: [
      [29, 31],
      [16, 124],
    ],
    roc: [rocOf('binary', 'good', 0.7863)],
    primary: 'auc',
  };
}

export function multiclassEvaluation(): ClassificationEvaluation {
  return {
    task: 'multiclass',
    classes: ['setosa', 'versicolor', 'virginica'],
    positive: null,
    rows: 30,
    metrics: { accuracy: 0.9667, macroF1: 0.9666, logLoss: 0.1204, auc: 0.9967 },
    baseline: { accuracy: 0.3333, logLoss: 1.0986, auc: 0.5 },
    confusion: [
      [10, 0, 0],
      [0, 9, 1],
      [0, 0, 10],
    ],
    roc: [rocOf('a', 'setosa', 0.999), rocOf('b', 'versicolor', 0.96), rocOf('c', 'virginica', 0.98)],
    primary: 'accuracy',
  };
}

export function regressionEvaluation(rows = 800): RegressionEvaluation {
  const random = seeded('abalone');
  const actual = Array.from(
    { length: rows },
    () => 3 + Math.round(6 * (random() + random() + random() * 0.8)),
  );
  return {
    task: 'regression',
    rows,
    metrics: { rmse: 2.131, mae: 1.512, r2: 0.5583 },
    baseline: { rmse: 3.201, mae: 2.36, r2: 0 },
    predictions: {
      actual,
      predicted: actual.map((value) => 10 + (value - 10) * 0.72 + (random() - 0.5) * 5),
    },
    primary: 'rmse',
  };
}

/** What the evaluate task of each fake pipeline finds. */
export function evaluationOf(pipeline: string): Evaluation {
  if (pipeline === 'iris') return multiclassEvaluation();
  if (pipeline === 'abalone') return regressionEvaluation();
  return binaryEvaluation();
}
