/** The bodies of the REST API: each type is the record of the same name in `sdk/contract`. */

/** A double as JSON carries it. */
export type Num = number | 'NaN' | 'Infinity' | '-Infinity';

/** Any JSON value: params and outputs may be scalars or data references. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

export interface Page<T> {
  items: T[];
  next?: string | null;
}

export interface Violation {
  code: string;
  message: string;
  path?: string;
  line?: number;
  column?: number;
  remedy?: string;
}

export interface Problem {
  type: string;
  code: string;
  title: string;
  status: number;
  detail: string;
  remedy?: string;
  errors?: Violation[];
}

export type RunState = 'QUEUED' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED';

export type TaskState =
  | 'PENDING'
  | 'WAITING'
  | 'READY'
  | 'RUNNING'
  | 'RETRYING'
  | 'SUCCEEDED'
  | 'FAILED'
  | 'SKIPPED'
  | 'UPSTREAM_FAILED'
  | 'CANCELLED'
  | 'PRUNED';

export type AttemptState = 'QUEUED' | 'LAUNCHING' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED';

export type RunStatus = 'RUNNING' | 'SCHEDULED' | 'FINISHED' | 'FAILED' | 'KILLED';

export interface PipelineRunSummary {
  id: string;
  /** Grows with every run of the server: what people call it by. */
  number: number;
  pipeline: string;
  version: number;
  state: RunState;
  message?: string;
  tasks: Partial<Record<TaskState, number>>;
  createdAt: string;
  startedAt?: string;
  endedAt?: string;
}

export interface Attempt {
  id: string;
  number: number;
  state: AttemptState;
  trackedRunId: string;
  failure?: 'USER' | 'SYSTEM';
  exitCode?: number;
  code?: string;
  message?: string;
  createdAt: string;
  startedAt?: string;
  endedAt?: string;
}

export interface Task {
  /** Of an instance with its index: `train[3]`. */
  name: string;
  /** The task this is an instance of. */
  group?: string;
  /** An instance's values, by axis of the matrix. */
  item?: Record<string, Json>;
  kind: string;
  needs: string[];
  state: TaskState;
  reason?: string;
  outputs: Record<string, Json>;
  /** When something happens by itself: the next attempt, the end of waiting. */
  dueAt?: string;
  startedAt?: string;
  endedAt?: string;
  attempts: Attempt[];
}

export interface PipelineRun {
  id: string;
  /** Grows with every run of the server: what people call it by. */
  number: number;
  pipeline: string;
  version: number;
  state: RunState;
  /** Nothing new starts in it. */
  paused: boolean;
  message?: string;
  params: Record<string, Json>;
  outputs: Record<string, Json>;
  priority: number;
  /** What started it; `by` says what kind of thing that is. */
  origin: Record<string, Json>;
  /** The run that called this one. */
  parentRunId?: string;
  trackedRunId: string;
  revision: number;
  createdAt: string;
  startedAt?: string;
  endedAt?: string;
  /** Instances included. */
  taskCount: number;
  /** Of all but those that stand for their instances. */
  counts: TaskCounts;
  groups: TaskGroup[];
  /** All of them where there are few; without instances, or none, where there are many. */
  tasks: Task[];
}

export type TaskCounts = Partial<Record<TaskState, number>>;

/** A task that runs several times, and how far its instances are. */
export interface TaskGroup {
  name: string;
  counts: TaskCounts;
}

/** What changed in a run since a revision. */
export interface RunChanges
  extends Pick<
    PipelineRun,
    | 'revision'
    | 'state'
    | 'paused'
    | 'message'
    | 'outputs'
    | 'startedAt'
    | 'endedAt'
    | 'taskCount'
    | 'counts'
    | 'groups'
    | 'tasks'
  > {
  since: number;
}

/** A run with more tasks than anybody can look at, from afar. */
export interface RunOverview {
  levels: { level: number; counts: TaskCounts; startedAt?: string; endedAt?: string }[];
  criticalPath: { task: string; state: TaskState; startedAt?: string; endedAt?: string }[];
}

export interface Transition {
  revision: number;
  at: string;
  task?: string;
  attempt?: number;
  from?: string;
  to: string;
  reason?: string;
}

export type FireState = 'PLANNED' | 'STARTED' | 'SKIPPED' | 'REFUSED';

/** One occasion on which something started a run, or did not. */
export interface Fire {
  number: number;
  time: string;
  /** Where it stands for several times: the last, and how many. */
  until?: string;
  times: number;
  state: FireState;
  code?: string;
  reason?: string;
  errors?: Violation[];
  runId?: string;
  runState?: RunState;
  at?: string;
}

/** What a schedule, a trigger and a backfill say of the runs they start. */
interface Wanted {
  pipeline: string;
  version?: number;
  description?: string;
  params?: Record<string, Json>;
  priority?: number;
}

export interface Schedule {
  name: string;
  spec: Wanted & {
    cron?: string;
    every?: string;
    timeZone?: string;
    start?: string;
    end?: string;
    catchUp?: string;
    startDeadline?: string;
    jitter?: string;
  };
  paused: boolean;
  next: string[];
  last?: Fire;
  createdAt: string;
  updatedAt: string;
}

export interface Trigger {
  name: string;
  spec: Wanted & {
    when?: string;
    hook?: { kind: string; tolerance?: string };
    on?: { event: string; name?: string; alias?: string; state?: string };
  };
  paused: boolean;
  hookPath?: string;
  last?: Fire;
  createdAt: string;
  updatedAt: string;
}

export type BackfillState = 'RUNNING' | 'ENDED' | 'CANCELLED';

export interface Backfill {
  id: string;
  spec: Partial<Wanted> & {
    schedule?: string;
    cron?: string;
    every?: string;
    timeZone?: string;
    from: string;
    to: string;
    parallel?: number;
    newestFirst?: boolean;
  };
  pipeline: string;
  state: BackfillState;
  total: number;
  waiting: number;
  running: number;
  succeeded: number;
  failed: number;
  skipped: number;
  refused: number;
  createdAt: string;
  endedAt?: string;
}

export interface Pipeline {
  name: string;
  description?: string;
  latestVersion: number;
  createdAt: string;
  updatedAt: string;
}

export interface PipelineSource {
  pipeline: string;
  version: number;
  pipelineRunId: string;
  task?: string;
  attempt?: number;
}

export interface LatestMetric {
  key: string;
  value: Num;
  step: number;
  timestamp: string;
  min: Num;
  max: Num;
  points: number;
}

export interface DatasetInput {
  name: string;
  digest: string;
  size: number;
  role: string;
  rows?: number;
}

export interface LoggedModel {
  id: string;
  name: string;
  flavor: string;
  digest: string;
  size: number;
  createdAt: string;
}

export interface TrackedRun {
  id: string;
  name: string;
  experimentId: string;
  experiment: string;
  status: RunStatus;
  message?: string;
  parentRunId?: string;
  pipeline?: PipelineSource;
  startTime: string;
  endTime?: string;
  params: Record<string, string>;
  tags: Record<string, string>;
  metrics: LatestMetric[];
  datasets: DatasetInput[];
  models: LoggedModel[];
}

export interface MetricHistory {
  runId: string;
  key: string;
  points: number;
  steps: number[];
  timestamps: number[];
  values: Num[];
}

/** What `event: metrics` of a run's stream carries. */
export interface MetricSeries {
  key: string;
  steps: number[];
  timestamps: number[];
  values: Num[];
}

export interface Artifact {
  path: string;
  size: number;
  digest: string;
  mediaType: string;
  createdAt: string;
}

export interface LogLine {
  number: number;
  at: string;
  stream: 'stdout' | 'stderr' | (string & {});
  text: string;
}

export interface LogPage {
  lines: LogLine[];
  next: number;
}

export interface FileRef {
  path: string;
  digest: string;
  size: number;
}

export interface Lineage {
  runId: string;
  runName?: string;
  pipeline?: string;
  pipelineVersion?: number;
  pipelineRunId?: string;
  datasets: DatasetInput[];
}

export interface ModelVersion {
  name: string;
  version: number;
  aliases: string[];
  modelId: string;
  flavor: string;
  digest: string;
  size: number;
  files: FileRef[];
  metrics: Record<string, Num>;
  lineage: Lineage;
  createdAt: string;
}

export interface RegisteredModel {
  name: string;
  description?: string;
  versions: number;
  latest?: ModelVersion;
  aliases: Record<string, number>;
  createdAt: string;
  updatedAt: string;
}

export interface Pool {
  name: string;
  slots: number;
  description?: string;
  /** More than there are slots after the pool was made smaller, until enough have ended. */
  taken: number;
  waiting: number;
}

export interface PoolUse {
  runId: string;
  run: number;
  pipeline: string;
  task: string;
  slots: number;
  since: string;
}

export interface PoolUses {
  holders: PoolUse[];
  waiters: PoolUse[];
}

export type StudyState = 'RUNNING' | 'STOPPED' | 'ENDED';

export type TrialState = 'WAITING' | 'RUNNING' | 'PAUSED' | 'COMPLETE' | 'PRUNED' | 'FAILED';

/** What a param may be: a number in a range, or one of some values. */
export interface Parameter {
  type?: 'double' | 'int';
  low?: number;
  high?: number;
  log?: boolean;
  step?: number;
  values?: Json[];
  /** Only there where others have one of these values. */
  when?: Record<string, Json[]>;
}

export interface Objective {
  name: string;
  direction?: 'minimize' | 'maximize';
}

/** The name of a sampler or pruner, or an object with that as its `type` and settings. */
export type Method = string | { type: string; [setting: string]: Json };

export interface Study {
  name: string;
  spec: {
    space: Record<string, Parameter>;
    objectives: Objective[];
    sampler?: Method;
    pruner?: Method;
    seed?: number;
    maxTrials?: number;
    /** Of a pipeline's task, what its trials log on the way; elsewhere they report the objective. */
    metric?: string;
  };
  state: StudyState;
  trials: Partial<Record<TrialState, number>>;
  /** Of several objectives, the first one of the front. */
  best?: number;
  bestValues: Num[];
  /** The tracked run that those of its trials are below. */
  runId?: string;
  createdAt: string;
  updatedAt: string;
  endedAt?: string;
}

export interface StudyTrial {
  number: number;
  state: TrialState;
  origin: 'SAMPLED' | 'ENQUEUED' | 'EARLIER';
  /** Without those that are not active. */
  params: Record<string, Json>;
  /** One for each objective; empty until told. */
  values: Num[];
  attempt: number;
  worker?: string;
  message?: string;
  createdAt: string;
  startedAt?: string;
  endedAt?: string;
  runId?: string;
}

export interface StudyResult {
  best?: StudyTrial;
  front: StudyTrial[];
  /** Shares of 1, the largest first. */
  importance: Record<string, number>;
}

export interface StudyCurve {
  number: number;
  steps: number[];
  values: Num[];
}

export interface ServerInfo {
  version: string;
  roles: string[];
  home: string;
  pid: number;
}

/** Numbers as JavaScript has them. */
export function toNumber(value: Num): number {
  return typeof value === 'number' ? value : Number(value);
}
