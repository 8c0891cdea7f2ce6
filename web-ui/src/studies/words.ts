import type { Json, Method, Num, Objective, Study, StudyCurve, StudyTrial, TrialState } from '../api/types';
import { formatJson, formatNumber } from '../ui/format';
import type { Part } from '../ui/PartsBar';
import { lookOf } from '../ui/states';

/** From done to not yet begun: the order of the segments in a bar. */
export const TRIAL_STATE_ORDER: readonly TrialState[] = [
  'COMPLETE',
  'PRUNED',
  'FAILED',
  'RUNNING',
  'PAUSED',
  'WAITING',
];

/** What a trial is shown as: one that waits is in line, and not, as a task is, for a person. */
export function shownState(state: TrialState): string {
  return state === 'WAITING' ? 'QUEUED' : state;
}

/** How many trials are in which state. */
export function trialParts(trials: Study['trials']): Part[] {
  return TRIAL_STATE_ORDER.map((state) => {
    const look = lookOf(shownState(state));
    return { word: look.word.toLowerCase(), tone: look.tone, count: trials[state] ?? 0 };
  });
}

/** How many trials have been tried: to their end, or as far as was worth it by now. */
export function triedTrials({ COMPLETE = 0, PRUNED = 0, FAILED = 0, PAUSED = 0 }: Study['trials']): number {
  return COMPLETE + PRUNED + FAILED + PAUSED;
}

export function isMaximized(objective: Objective | undefined): boolean {
  return objective?.direction === 'maximize';
}

/** What trials are judged by on the way, which may be another figure than the objective. */
export function metricOf({ spec }: Study): string {
  return spec.metric ?? spec.objectives[0]?.name ?? '';
}

/** The curves of trials by number, where they are of the objective and so say what a trial has reached of it. */
export function reachedOnTheWay(study: Study, curves: readonly StudyCurve[]): Map<number, StudyCurve> {
  const same = metricOf(study) === study.spec.objectives[0]?.name;
  return new Map(same ? curves.map((curve) => [curve.number, curve]) : []);
}

/** maximize auc, minimize loss: what is to grow and what is to shrink. */
export function objectiveInWords(objective: Objective): string {
  return `${isMaximized(objective) ? 'maximize' : 'minimize'} ${objective.name}`;
}

export function methodInWords(method: Method | undefined, unless: string): string {
  return method === undefined ? unless : typeof method === 'string' ? method : method.type;
}

/** All that a method was set to, beside its name. */
export function settingsInWords(method: Method | undefined): string {
  if (method === undefined || typeof method === 'string') return '';
  return Object.entries(method)
    .filter(([name, value]) => name !== 'type' && value !== null)
    .map(([name, value]) => `${name} ${formatJson(value)}`)
    .join(', ');
}

export function valuesInWords(values: readonly Num[]): string {
  return values.map(formatNumber).join(' · ');
}

export function durationOf({ startedAt, endedAt }: StudyTrial): number | undefined {
  return startedAt && endedAt ? Date.parse(endedAt) - Date.parse(startedAt) : undefined;
}

/** Params as YAML that every reader takes for what they are. */
export function toYaml(params: Record<string, Json>): string {
  return Object.entries(params)
    .map(([name, value]) => `${yamlText(name)}: ${yamlValue(value)}\n`)
    .join('');
}

function yamlValue(value: Json): string {
  if (typeof value === 'string') return yamlText(value);
  // 1e-7 is a text to readers of YAML 1.1, which ask for a point.
  if (typeof value === 'number') return String(value).replace(/^(-?\d+)e/, '$1.0e');
  return JSON.stringify(value);
}

/** Left bare only where no reader could take it for anything but a text. */
function yamlText(text: string): string {
  const plain = /^[A-Za-z_][\w./-]*$/.test(text) && !/^(y|n|yes|no|on|off|true|false|null)$/i.test(text);
  return plain ? text : JSON.stringify(text);
}
