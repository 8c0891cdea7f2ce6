import type { ReactNode } from 'react';
import type { Objective, StudyCurve, StudyTrial } from '../api/types';
import { CopyButton } from '../ui/Command';
import { formatJson, formatNumber } from '../ui/format';
import { StateBadge } from '../ui/StateBadge';
import { Duration } from '../ui/Time';
import { TrialLinks } from './Best';
import { shownState, toYaml } from './words';

/** The trial that was chosen in a picture or the table; it stays in sight below all of them. */
export function Chosen({
  trials,
  index,
  curves,
  objectives,
  metric,
  onIndex,
  linkOf,
}: {
  trials: StudyTrial[];
  index: number;
  curves: StudyCurve[];
  objectives: Objective[];
  /** What the curves are of. */
  metric: string;
  /** -1 for none. */
  onIndex: (index: number) => void;
  linkOf?: (trial: number) => ReactNode;
}) {
  const trial = trials[index];
  if (!trial) return null;
  const curve = trial.values.length === 0 ? curves.find((each) => each.number === trial.number) : undefined;
  return (
    <section className="card chosen" aria-label={`Trial ${trial.number}`}>
      <header>
        <h2>Trial {trial.number}</h2>
        <StateBadge state={shownState(trial.state)} pill />
        {objectives.map(
          ({ name }, m) =>
            trial.values[m] !== undefined && (
              <span key={name}>
                {name} <b className="num">{formatNumber(trial.values[m])}</b>
              </span>
            ),
        )}
        {curve && (
          <span>
            {metric} <b className="num">{formatNumber(curve.values.at(-1) ?? 'NaN')}</b> at step{' '}
            {curve.steps.at(-1)}
          </span>
        )}
        <span className="muted">
          <Duration from={trial.startedAt} to={trial.endedAt} live={trial.state === 'RUNNING'} />
          {trial.worker && ` · ${trial.worker}`}
          {trial.origin === 'EARLIER' && ' · of an earlier study'}
          {trial.origin === 'ENQUEUED' && ' · put in line by somebody'}
        </span>
        <span className="links">
          <TrialLinks trial={trial} linkOf={linkOf} />
          <CopyButton text={toYaml(trial.params)} label="Copy its params as YAML" word="Copy YAML" />
        </span>
        <span className="steps">
          <button
            type="button"
            className="button icon"
            aria-label="The trial before"
            disabled={index === 0}
            onClick={() => onIndex(index - 1)}
          >
            ‹
          </button>
          <button
            type="button"
            className="button icon"
            aria-label="The next trial"
            disabled={index === trials.length - 1}
            onClick={() => onIndex(index + 1)}
          >
            ›
          </button>
          <button
            type="button"
            className="button quiet icon"
            aria-label="Close the trial"
            onClick={() => onIndex(-1)}
          >
            ✕
          </button>
        </span>
      </header>
      {trial.message && <p className="message">{trial.message}</p>}
      <ul className="params" aria-label="Its params">
        {Object.entries(trial.params).map(([name, value]) => (
          <li key={name} className="chip" title={`${name} = ${JSON.stringify(value)}`}>
            <span className="muted">{name}</span>
            <span className="truncate num">{formatJson(value)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
