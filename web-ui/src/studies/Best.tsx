import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Study, StudyTrial } from '../api/types';
import { CopyButton } from '../ui/Command';
import { formatJson, formatNumber } from '../ui/format';
import { toYaml } from './words';

/** The best trial, with its params to take along. */
export function Best({
  study,
  best,
  onChoose,
  linkOf,
}: {
  study: Study;
  best: StudyTrial | undefined;
  onChoose: (trial: number) => void;
  linkOf?: (trial: number) => ReactNode;
}) {
  const value = study.bestValues[0] ?? best?.values[0];
  return (
    <section className="card study-picture best" aria-label="Best trial">
      <header className="card-head">
        <h2>Best trial</h2>
        {best && (
          <span className="end">
            <button type="button" className="link" onClick={() => onChoose(best.number)}>
              Trial {best.number}
            </button>
          </span>
        )}
      </header>
      {!best ? (
        <p className="card-body muted">No trial has shown anything yet.</p>
      ) : (
        <div className="card-body">
          <p className="score">
            <b className="num">{value === undefined ? '–' : formatNumber(value)}</b>{' '}
            <span className="muted">{study.spec.objectives[0]?.name}</span>
          </p>
          {best.state !== 'COMPLETE' && (
            <p className="muted">The best of those on the way: none has gone to its end yet.</p>
          )}
          <ParamList trial={best} />
          <div className="actions">
            <CopyButton text={toYaml(best.params)} label="Copy the params as YAML" word="Copy YAML" />
            <CopyButton text={JSON.stringify(best.params)} label="Copy the params as JSON" word="Copy JSON" />
            <TrialLinks trial={best} linkOf={linkOf} />
          </div>
        </div>
      )}
    </section>
  );
}

export function ParamList({ trial }: { trial: StudyTrial }) {
  return (
    <dl className="kv">
      {Object.entries(trial.params).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd className="num" title={JSON.stringify(value)}>
            {formatJson(value)}
          </dd>
        </div>
      ))}
    </dl>
  );
}

export function TrialLinks({ trial, linkOf }: { trial: StudyTrial; linkOf?: (trial: number) => ReactNode }) {
  return (
    <>
      {trial.runId && (
        <Link to="/runs/$id" params={{ id: trial.runId }}>
          Tracked run →
        </Link>
      )}
      {linkOf?.(trial.number)}
    </>
  );
}
