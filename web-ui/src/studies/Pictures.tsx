import { type ReactNode, useMemo, useState } from 'react';
import { toNumber } from '../api/types';
import { CurvesChart } from '../charts/CurvesChart';
import { FrontChart, type Reached } from '../charts/FrontChart';
import { HistoryChart } from '../charts/HistoryChart';
import { ParallelChart } from '../charts/ParallelChart';
import { paramAxis, valueAxis } from '../charts/parallel';
import { toldOf } from '../charts/trialHistory';
import type { Sight } from './queries';
import { isMaximized, metricOf, reachedOnTheWay } from './words';

interface Props {
  sight: Sight;
  /** Which of the study's. */
  objective: number;
  /** The index of a trial; -1 for none. */
  chosen: number;
  onChoose: (index: number) => void;
}

function Picture({ title, end, children }: { title: string; end?: ReactNode; children: ReactNode }) {
  return (
    <section className="card study-picture" aria-label={title}>
      <header className="card-head">
        <h2 className="truncate">{title}</h2>
        {end && <span className="end">{end}</span>}
      </header>
      <div className="card-body">{children}</div>
    </section>
  );
}

function LogButton({ log, onLog }: { log: boolean; onLog: (log: boolean) => void }) {
  return (
    <button type="button" className="button quiet" aria-pressed={log} onClick={() => onLog(!log)}>
      Log scale
    </button>
  );
}

function useTold({ study, trials, curves }: Sight, objective: number) {
  return useMemo(
    () => toldOf(trials, reachedOnTheWay(study, curves), objective),
    [study, trials, curves, objective],
  );
}

/** What each trial reached, and the best so far. */
export function History({ sight, objective, chosen, onChoose }: Props) {
  const [log, setLog] = useState(false);
  const told = useTold(sight, objective);
  const { name = '' } = sight.study.spec.objectives[objective] ?? {};
  const values = told.map((trial) => trial.value).filter(Number.isFinite);
  const positive = values.length > 0 && values.every((value) => value > 0);
  return (
    <Picture title="What trials reached" end={positive && <LogButton log={log} onLog={setLog} />}>
      {values.length === 0 ? (
        <p className="muted">No trial has shown anything yet.</p>
      ) : (
        <HistoryChart
          told={told}
          objective={name}
          maximize={isMaximized(sight.study.spec.objectives[objective])}
          log={log && positive}
          chosen={chosen}
          onChoose={onChoose}
        />
      )}
    </Picture>
  );
}

/** The objective on the way. */
export function Curves({ sight, chosen, onChoose }: Props) {
  const [log, setLog] = useState(false);
  const told = useTold(sight, 0);
  const objective = sight.study.spec.objectives[0];
  const positive = sight.curves.every((curve) => curve.values.every((value) => toNumber(value) > 0));
  return (
    <Picture title="On the way" end={positive && <LogButton log={log} onLog={setLog} />}>
      <CurvesChart
        told={told}
        curves={sight.curves}
        best={sight.result.best?.number}
        metric={metricOf(sight.study)}
        maximize={isMaximized(objective)}
        log={log && positive}
        chosen={chosen}
        onChoose={onChoose}
      />
    </Picture>
  );
}

/** All params of all trials. */
export function Params({ sight, objective: m, chosen, onChoose }: Props) {
  const { trials, study } = sight;
  const { space, objectives } = study.spec;
  const told = useTold(sight, m);
  const values = useMemo(() => told.map((trial) => trial.value), [told]);
  const axes = useMemo(() => {
    const reached = objectives.map((_, o) =>
      o === m ? values : trials.map((trial) => toNumber(trial.values[o] ?? 'NaN')),
    );
    const places = new Map(trials.map((trial, i) => [trial, i]));
    return [
      ...Object.entries(space).map(([name, parameter]) => ({
        axis: paramAxis(name, parameter),
        of: (trial: (typeof trials)[number]) => trial.params[name],
      })),
      ...objectives.map(({ name }, o) => ({
        axis: valueAxis(name, reached[o] ?? []),
        of: (trial: (typeof trials)[number]) => {
          const value = reached[o]?.[places.get(trial) ?? -1];
          return value !== undefined && Number.isFinite(value) ? value : undefined;
        },
      })),
    ];
  }, [space, objectives, trials, values, m]);
  const { name = '' } = objectives[m] ?? {};
  if (!values.some(Number.isFinite)) return null;
  return (
    <Picture title="Params of the trials">
      <ParallelChart
        trials={trials}
        axes={axes}
        values={values}
        objective={name}
        maximize={isMaximized(objectives[m])}
        chosen={chosen}
        onChoose={onChoose}
      />
    </Picture>
  );
}

/** The trade-offs between objectives. */
export function Front({ sight, chosen: chosenTrial, onChoose }: Props) {
  const { trials, study, result } = sight;
  const [axes, setAxes] = useState<[number, number]>([0, 1]);
  const objectives = useMemo(
    () => study.spec.objectives.map((each) => ({ name: each.name, maximize: isMaximized(each) })),
    [study.spec.objectives],
  );
  const reached = useMemo(() => {
    const front = new Set(result.front.map((trial) => trial.number));
    return trials
      .filter((trial) => trial.state === 'COMPLETE' && trial.values.length > 0)
      .map(
        ({ number, values }): Reached => ({ number, values: values.map(toNumber), front: front.has(number) }),
      );
  }, [trials, result.front]);
  const chosen = reached.findIndex((trial) => trial.number === trials[chosenTrial]?.number);
  const select = (which: 0 | 1, word: string) => (
    <label>
      <span className="sr-only">{word}</span>
      <select
        className="select"
        value={axes[which]}
        onChange={(event) => {
          const next: [number, number] = [...axes];
          // The other one gives way, so that there are always two.
          if (next[1 - which] === Number(event.target.value)) next[1 - which] = axes[which];
          next[which] = Number(event.target.value);
          setAxes(next);
        }}
      >
        {objectives.map(({ name }, m) => (
          <option key={name} value={m}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <Picture
      title="Trade-offs"
      end={
        objectives.length > 2 && (
          <span className="selects">
            {select(0, 'Across')} {select(1, 'Upwards')}
          </span>
        )
      }
    >
      {reached.length === 0 ? (
        <p className="muted">No trial is complete yet.</p>
      ) : (
        <FrontChart
          reached={reached}
          objectives={objectives}
          axes={axes}
          chosen={chosen}
          onChoose={(i) => onChoose(trials.findIndex((trial) => trial.number === reached[i]?.number))}
        />
      )}
    </Picture>
  );
}
