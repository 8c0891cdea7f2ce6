import { useMemo } from 'react';
import { formatCount, formatNumber } from '../ui/format';
import { barsAt, crossAt, Key, Plot } from './Plot';
import { dotsPath } from './ScatterChart';
import { logExtent, type Scale } from './scale';
import { bestSoFar, type Told, telling } from './trialHistory';

const WORDS: Record<Told['kind'], string> = {
  complete: 'complete',
  earlier: 'from an earlier study',
  stopped: 'stopped early',
  paused: 'paused',
  running: 'running',
  failed: 'failed',
  none: 'waiting',
};
const KINDS = ['complete', 'earlier', 'running', 'stopped', 'paused', 'failed'] as const;

/** What each trial reached, over its number, with the best so far as a line. */
export function HistoryChart({
  told,
  objective,
  maximize,
  log,
  chosen,
  onChoose,
}: {
  told: Told[];
  objective: string;
  maximize: boolean;
  log: boolean;
  chosen: number;
  onChoose: (index: number) => void;
}) {
  const best = useMemo(() => bestSoFar(told, maximize), [told, maximize]);
  const values = useMemo(() => told.map((trial) => trial.value).filter(Number.isFinite), [told]);
  const domain = log ? logExtent(values) : telling(values, maximize);
  const beyond = values.filter((value) => value < domain[0] || value > domain[1]).length;
  const last = told.length - 1;
  const points = useMemo(() => told.map((trial) => [trial.number, trial.value] as const), [told]);
  const words = (i: number) => {
    const trial = told[i];
    if (!trial) return '';
    const value = Number.isFinite(trial.value) ? `: ${objective} ${formatNumber(trial.value)}` : '';
    return `Trial ${trial.number}${value}, ${WORDS[trial.kind]}`;
  };
  const top = best.at(-1);
  return (
    <Plot
      label={`${objective} of ${formatCount(told.length)} trials.${
        top ? ` The best is trial ${top.number} with ${formatNumber(top.value)}.` : ''
      }`}
      x={{ title: 'Trial', domain: [-0.02 * Math.max(10, last), Math.max(10, last) * 1.02] }}
      y={{ title: `${objective} (${maximize ? 'higher' : 'lower'} is better)`, domain, log }}
      points={points}
      chosen={chosen}
      words={words}
      tip={(i) => <TrialTip told={told[i]} objective={objective} />}
      onChoose={onChoose}
      legend={
        <>
          {KINDS.map((kind) => {
            const count = told.filter((trial) => trial.kind === kind).length;
            return (
              count > 0 && (
                <Key key={kind} kind={kind}>
                  {WORDS[kind]} <b className="num">{formatCount(count)}</b>
                </Key>
              )
            );
          })}
          {best.length > 0 && <Key kind="best">best so far</Key>}
          {beyond > 0 && (
            <span className="muted">
              {formatCount(beyond)} so much worse that {beyond === 1 ? 'it stands' : 'they stand'} at the edge
            </span>
          )}
        </>
      }
    >
      {({ x, y, width, height }) => (
        <>
          <Dots told={told} x={x} y={(value) => Math.min(height, Math.max(0, y(value)))} bottom={height} />
          <path className="sign best" d={stairs(best, x, y, Math.min(width, x(last)))} />
        </>
      )}
    </Plot>
  );
}

function Dots({ told, x, y, bottom }: { told: Told[]; x: Scale; y: Scale; bottom: number }) {
  const of = (kind: Told['kind']) =>
    told.filter((trial) => trial.kind === kind && Number.isFinite(trial.value));
  const dots = (kind: Told['kind']) =>
    dotsPath(
      of(kind).map((trial) => x(trial.number)),
      of(kind).map((trial) => y(trial.value)),
    );
  const signs = (kind: Told['kind'], sign: (x: number, y: number) => string) =>
    of(kind)
      .map((trial) => sign(x(trial.number), y(trial.value)))
      .join('');
  return (
    <>
      <path
        className="sign failed"
        d={told
          .filter((trial) => trial.kind === 'failed')
          .map((trial) => `M${x(trial.number).toFixed(1)} ${bottom}v-7`)
          .join('')}
      />
      <path className="sign earlier" d={dots('earlier')} />
      <path className="sign stopped" d={signs('stopped', crossAt)} />
      <path className="sign paused" d={signs('paused', barsAt)} />
      <path className="sign complete" d={dots('complete')} />
      <path className="sign running" d={dots('running')} />
    </>
  );
}

/** A line that goes on level until there is a better one. */
function stairs(best: readonly Told[], x: Scale, y: Scale, end: number): string {
  if (best.length === 0) return '';
  const path = best.map((trial, i) => {
    const [px, py] = [x(trial.number).toFixed(1), y(trial.value).toFixed(1)];
    return i === 0 ? `M${px} ${py}` : `H${px}V${py}`;
  });
  return `${path.join('')}H${end.toFixed(1)}`;
}

function TrialTip({ told, objective }: { told: Told | undefined; objective: string }) {
  if (!told) return null;
  return (
    <>
      <b>Trial {told.number}</b>
      {Number.isFinite(told.value) && (
        <span>
          {objective} <b>{formatNumber(told.value)}</b>
        </span>
      )}
      <span className="muted">{WORDS[told.kind]}</span>
    </>
  );
}
