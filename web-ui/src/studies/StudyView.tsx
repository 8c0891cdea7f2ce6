import { Link } from '@tanstack/react-router';
import { type ReactNode, useMemo, useState } from 'react';
import type { Study } from '../api/types';
import { plural } from '../ui/format';
import { ProblemNote } from '../ui/ProblemNote';
import { StateBadge } from '../ui/StateBadge';
import { Ago } from '../ui/Time';
import { Best } from './Best';
import { Chosen } from './Chosen';
import { Importance } from './Importance';
import { Curves, Front, History, Params } from './Pictures';
import type { Sight } from './queries';
import { TrialBar } from './TrialBar';
import { TrialTable } from './TrialTable';
import { methodInWords, metricOf, objectiveInWords, settingsInWords } from './words';

interface Props {
  sight: Sight;
  title: string;
  /** The number of a trial. */
  chosen: number | undefined;
  onChoose: (trial: number | undefined) => void;
  /** Where else a trial is to be seen, beside its tracked run. */
  linkOf?: (trial: number) => ReactNode;
  actions?: ReactNode;
  problem?: unknown;
}

/** A study as it stands: what it searches, what it found, and how its trials went; of its own or a pipeline's task's. */
export function StudyView({ sight, title, chosen, onChoose, linkOf, actions, problem }: Props) {
  const { study, trials, result, curves } = sight;
  const { objectives, space } = study.spec;
  const [shown, setShown] = useState(0);
  const several = objectives.length > 1;
  const objective = Math.min(shown, objectives.length - 1);
  const index = useMemo(() => trials.findIndex((trial) => trial.number === chosen), [trials, chosen]);
  const onIndex = (i: number) => onChoose(trials[i]?.number);
  const picture = { sight, objective, chosen: index, onChoose: onIndex };
  return (
    <>
      <Head study={study} title={title} actions={actions} />
      {problem != null && <ProblemNote error={problem} />}
      {trials.length === 0 ? (
        <section className="card">
          <div className="empty">
            <strong>No trial has been asked for yet</strong>
            <p>
              It has {plural(Object.keys(space).length, 'param')} to choose. Trials show up here as they are
              made.
            </p>
          </div>
        </section>
      ) : (
        <>
          {several && (
            <fieldset className="which">
              <legend className="sr-only">Objective</legend>
              {objectives.map(({ name }, m) => (
                <button
                  key={name}
                  type="button"
                  className="button quiet"
                  aria-pressed={m === objective}
                  onClick={() => setShown(m)}
                >
                  {name}
                </button>
              ))}
            </fieldset>
          )}
          <div className="study-parts">
            {several ? (
              <Front {...picture} />
            ) : (
              <Best study={study} best={result.best} onChoose={onChoose} linkOf={linkOf} />
            )}
            <History {...picture} />
          </div>
          <Params {...picture} />
          <div className="study-parts even">
            <Importance result={result} space={space} of={objectives[0]?.name ?? ''} />
            {curves.length > 0 && <Curves {...picture} />}
          </div>
          <TrialTable sight={sight} chosen={chosen} onChoose={onChoose} />
          {index >= 0 && (
            <Chosen
              trials={trials}
              index={index}
              curves={curves}
              objectives={objectives}
              metric={metricOf(study)}
              onIndex={onIndex}
              linkOf={linkOf}
            />
          )}
        </>
      )}
    </>
  );
}

function Head({ study, title, actions }: { study: Study; title: string; actions: ReactNode }) {
  const { spec, state, updatedAt, createdAt, runId } = study;
  const methods: [string, string, string][] = [
    ['Sampler', methodInWords(spec.sampler, 'tpe'), settingsInWords(spec.sampler)],
    ['Pruner', methodInWords(spec.pruner, 'none'), settingsInWords(spec.pruner)],
  ];
  return (
    <>
      <div className="page-head">
        <h1>{title}</h1>
        <StateBadge state={state} pill />
        <TrialBar study={study} />
        {actions && <div className="end">{actions}</div>}
      </div>
      <dl className="facts">
        <div>
          <dt>{spec.objectives.length > 1 ? 'Objectives' : 'Objective'}</dt>
          <dd>{spec.objectives.map(objectiveInWords).join(', ')}</dd>
        </div>
        {methods.map(([term, word, settings]) => (
          <div key={term}>
            <dt>{term}</dt>
            <dd title={settings || undefined}>{word}</dd>
          </div>
        ))}
        <div>
          <dt>Made</dt>
          <dd>
            <Ago at={createdAt} />
          </dd>
        </div>
        <div>
          <dt>Changed</dt>
          <dd>
            <Ago at={updatedAt} />
          </dd>
        </div>
        {runId && (
          <div>
            <dt>Run</dt>
            <dd>
              <Link
                to="/runs/$id"
                params={{ id: runId }}
                title="The tracked run that those of the trials are below"
              >
                <code>{runId.slice(0, 8)}</code>
              </Link>
            </dd>
          </div>
        )}
      </dl>
    </>
  );
}
