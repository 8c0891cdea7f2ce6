import type {
  AttemptState,
  BackfillState,
  FireState,
  RunState,
  RunStatus,
  StudyState,
  TaskState,
  TrialState,
} from '../api/types';

/** Every state that a page shows: of pipeline runs, tasks, attempts, tracked runs, of what starts runs, and of studies. */
export type AnyState =
  | RunState
  | TaskState
  | AttemptState
  | RunStatus
  | FireState
  | BackfillState
  | StudyState
  | TrialState;

/** The colours are tokens in `tokens.css`: `--state-<tone>`. */
export type Tone =
  | 'waiting'
  | 'running'
  | 'retrying'
  | 'succeeded'
  | 'failed'
  | 'blocked'
  | 'skipped'
  | 'cancelled';

export interface StateLook {
  word: string;
  tone: Tone;
  /** Still going on: its duration ticks. */
  active: boolean;
}

/** The one table of words and colours. */
export const STATES: Record<AnyState, StateLook> = {
  QUEUED: { word: 'Queued', tone: 'waiting', active: false },
  SCHEDULED: { word: 'Scheduled', tone: 'waiting', active: false },
  PENDING: { word: 'Pending', tone: 'waiting', active: false },
  WAITING: { word: 'Waits for a person', tone: 'retrying', active: true },
  READY: { word: 'Ready', tone: 'waiting', active: false },
  LAUNCHING: { word: 'Launching', tone: 'waiting', active: true },
  RUNNING: { word: 'Running', tone: 'running', active: true },
  RETRYING: { word: 'Retrying', tone: 'retrying', active: true },
  SUCCEEDED: { word: 'Succeeded', tone: 'succeeded', active: false },
  FINISHED: { word: 'Finished', tone: 'succeeded', active: false },
  FAILED: { word: 'Failed', tone: 'failed', active: false },
  UPSTREAM_FAILED: { word: 'Upstream failed', tone: 'blocked', active: false },
  SKIPPED: { word: 'Skipped', tone: 'skipped', active: false },
  CANCELLED: { word: 'Cancelled', tone: 'cancelled', active: false },
  PRUNED: { word: 'Stopped early', tone: 'skipped', active: false },
  PLANNED: { word: 'Planned', tone: 'waiting', active: false },
  STARTED: { word: 'Started', tone: 'running', active: false },
  REFUSED: { word: 'Refused', tone: 'failed', active: false },
  ENDED: { word: 'Ended', tone: 'succeeded', active: false },
  COMPLETE: { word: 'Complete', tone: 'succeeded', active: false },
  PAUSED: { word: 'Paused', tone: 'waiting', active: false },
  STOPPED: { word: 'Stopped', tone: 'cancelled', active: false },
  KILLED: { word: 'Killed', tone: 'cancelled', active: false },
};

/** The look of a state; one that this page does not know yet is shown by its own name. */
export function lookOf(state: string): StateLook {
  return (
    STATES[state as AnyState] ?? {
      word: state.charAt(0) + state.slice(1).toLowerCase().replaceAll('_', ' '),
      tone: 'waiting',
      active: false,
    }
  );
}

/** Task states from done to not yet begun: the order of the segments in a bar. */
export const TASK_STATE_ORDER: readonly TaskState[] = [
  'SUCCEEDED',
  'FAILED',
  'UPSTREAM_FAILED',
  'CANCELLED',
  'SKIPPED',
  'PRUNED',
  'RUNNING',
  'RETRYING',
  'WAITING',
  'READY',
  'PENDING',
];

export const RUN_STATES: readonly RunState[] = ['QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED'];

export function isRunOver(state: RunState): boolean {
  return state === 'SUCCEEDED' || state === 'FAILED' || state === 'CANCELLED';
}

export function isTaskOver(state: TaskState): boolean {
  return !['PENDING', 'WAITING', 'READY', 'RUNNING', 'RETRYING'].includes(state);
}

export function isStatusOver(status: RunStatus): boolean {
  return status === 'FINISHED' || status === 'FAILED' || status === 'KILLED';
}

export function isAttemptOver(state: AttemptState): boolean {
  return state === 'SUCCEEDED' || state === 'FAILED' || state === 'CANCELLED';
}
