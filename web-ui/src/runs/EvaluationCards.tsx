import { useQuery } from '@tanstack/react-query';
import { ConfusionMatrix } from '../charts/ConfusionMatrix';
import { RocChart } from '../charts/RocChart';
import { ScatterChart } from '../charts/ScatterChart';
import { formatNumber, plural } from '../ui/format';
import { ProblemNote } from '../ui/ProblemNote';
import { Skeleton } from '../ui/Skeleton';
import type { Evaluation } from './evaluation';
import { evaluationQuery } from './queries';

/** The pictures of a model's evaluation, from the run's `evaluation.json`. */
export function EvaluationCards({ runId, digest }: { runId: string; digest: string }) {
  const evaluation = useQuery(evaluationQuery(runId, digest));
  if (evaluation.error && evaluation.data === undefined)
    return <ProblemNote error={evaluation.error} onRetry={() => evaluation.refetch()} />;
  if (evaluation.isPending) {
    return (
      <div className="card card-body">
        <Skeleton lines={5} />
      </div>
    );
  }
  // The name is ours but the content is not: then it is an artifact like any other.
  return evaluation.data && <EvaluationView evaluation={evaluation.data} />;
}

export function EvaluationView({ evaluation }: { evaluation: Evaluation }) {
  return (
    <>
      <Scores evaluation={evaluation} />
      <div className="pictures">
        {evaluation.task === 'regression' ? (
          <section className="card">
            <header className="card-head">
              <h2>Predicted and actual</h2>
            </header>
            <div className="card-body">
              <ScatterChart {...evaluation.predictions} />
            </div>
          </section>
        ) : (
          <>
            {evaluation.roc.length > 0 && (
              <section className="card">
                <header className="card-head">
                  <h2>ROC curve</h2>
                  <span className="muted end">
                    {evaluation.task === 'multiclass'
                      ? 'each class against the rest'
                      : evaluation.positive && `positive: ${evaluation.positive}`}
                  </span>
                </header>
                <div className="card-body">
                  <RocChart curves={evaluation.roc} />
                </div>
              </section>
            )}
            <section className="card">
              <header className="card-head">
                <h2>Confusion matrix</h2>
                <span className="muted end">% of the actual class</span>
              </header>
              <div className="card-body">
                <ConfusionMatrix classes={evaluation.classes} counts={evaluation.confusion} />
              </div>
            </section>
          </>
        )}
      </div>
    </>
  );
}

/** Each measure beside what a model that learned nothing would reach. */
function Scores({ evaluation }: { evaluation: Evaluation }) {
  return (
    <section className="card scores" aria-label={`Measured on ${plural(evaluation.rows, 'test row')}`}>
      {Object.entries(evaluation.metrics).map(([key, value]) => {
        const baseline = evaluation.baseline?.[key];
        return (
          <div key={key} data-primary={key === evaluation.primary}>
            <span className="muted">{key}</span>
            <b className="num">{formatNumber(value)}</b>
            <span className="muted num">
              {baseline === undefined ? '\u00a0' : `baseline ${formatNumber(baseline)}`}
            </span>
          </div>
        );
      })}
      <div>
        <span className="muted">test rows</span>
        <b className="num">{evaluation.rows}</b>
        <span>&nbsp;</span>
      </div>
    </section>
  );
}
