import type { Num } from '../api/types';
import type { Roc } from '../charts/roc';

/** The artifact `evaluation.json` of a task that evaluated a model. */
export type Evaluation = ClassificationEvaluation | RegressionEvaluation;

interface Measured {
  rows: number;
  metrics: Record<string, Num>;
  baseline?: Record<string, Num>;
  primary?: string;
}

export interface ClassificationEvaluation extends Measured {
  task: 'binary' | 'multiclass';
  classes: string[];
  positive?: string | null;
  confusion: number[][];
  roc: Roc[];
}

export interface RegressionEvaluation extends Measured {
  task: 'regression';
  predictions: { actual: number[]; predicted: number[] };
}

/** Whether a file named so is one of ours: a script of somebody else may write another `evaluation.json`. */
export function isEvaluation(body: unknown): body is Evaluation {
  if (!isObject(body) || !isObject(body.metrics) || typeof body.rows !== 'number') return false;
  switch (body.task) {
    case 'binary':
    case 'multiclass':
      return (
        Array.isArray(body.classes) &&
        Array.isArray(body.confusion) &&
        Array.isArray(body.roc) &&
        body.roc.every(isRoc)
      );
    case 'regression':
      return (
        isObject(body.predictions) &&
        Array.isArray(body.predictions.actual) &&
        Array.isArray(body.predictions.predicted)
      );
    default:
      return false;
  }
}

function isRoc(value: unknown): boolean {
  return (
    isObject(value) && Array.isArray(value.fpr) && Array.isArray(value.tpr) && Array.isArray(value.threshold)
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
