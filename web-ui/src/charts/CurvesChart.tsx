import { useMemo } from 'react';
import type { StudyCurve } from '../api/types';
import { toNumber } from '../api/types';
import { formatCount, formatNumber } from '../ui/format';
import { barsAt, crossAt, Key, Plot, type Scales } from './Plot';
import { logExtent } from './scale';
import { type Told, telling, thinned } from './trialHistory';

/** How far from a curve the pointer may be. */
const REACH = 24;

/** What trials are judged by on the way of each trial, with where it was stopped or paused. */
export function CurvesChart({
  told,
  curves: all,
  best,
  metric,
  maximize,
  log,
  chosen,
  onChoose,
}: {
  told: Told[];
  curves: StudyCurve[];
  /** The number of the best trial. */
  best: number | undefined;
  metric: string;
  maximize: boolean;
  log: boolean;
  chosen: number;
  onChoose: (index: number) => void;
}) {
  const curves = useMemo(() => thinned(all), [all]);
  const byNumber = useMemo(() => new Map(curves.map((curve) => [curve.number, curve])), [curves]);
  const kinds = useMemo(() => new Map(told.map((trial) => [trial.number, trial.kind])), [told]);
  const values = useMemo(() => curves.flatMap((curve) => curve.values.map(toNumber)), [curves]);
  const most = Math.max(1, ...curves.map((curve) => curve.steps.at(-1) ?? 0));
  const least = Math.min(most, ...curves.map((curve) => curve.steps[0] ?? 0));
  const domain = log ? logExtent(values) : telling(values, maximize);
  // What can be pointed at is the end of a curve, and by its line.
  const points = useMemo(
    () =>
      told.map((trial) => {
        const curve = byNumber.get(trial.number);
        return [curve?.steps.at(-1) ?? Number.NaN, curve ? 0 : Number.NaN] as const;
      }),
    [told, byNumber],
  );
  const nearest = (px: number, py: number, { x, y, height }: Scales) => {
    let found = -1;
    let distance = REACH;
    told.forEach((trial, i) => {
      const curve = byNumber.get(trial.number);
      curve?.steps.forEach((step, s) => {
        const ty = Math.min(height, Math.max(0, y(toNumber(curve.values[s] ?? 'NaN'))));
        const d = Math.hypot(x(step) - px, ty - py);
        if (d < distance) {
          distance = d;
          found = i;
        }
      });
    });
    return found;
  };
  const words = (i: number) => {
    const curve = byNumber.get(told[i]?.number ?? -1);
    const last = curve?.values.at(-1);
    return curve && last !== undefined
      ? `Trial ${curve.number}: ${metric} ${formatNumber(last)} at step ${curve.steps.at(-1)}, ${told[i]?.kind}`
      : '';
  };
  const count = (kind: Told['kind']) => curves.filter((curve) => kinds.get(curve.number) === kind).length;
  return (
    <Plot
      label={`${metric} on the way of ${formatCount(curves.length)} trials; ${count('stopped')} were stopped early, ${count('paused')} are paused.`}
      x={{ title: 'Step', domain: [least === most ? 0 : least, most] }}
      y={{ title: metric, domain, log }}
      points={points}
      chosen={chosen}
      words={words}
      nearest={nearest}
      mark={(i, how, scales) => {
        const curve = byNumber.get(told[i]?.number ?? -1);
        return curve && <path className={`curve ${how}`} d={curvePath(curve, scales)} />;
      }}
      tip={(i) => {
        const curve = byNumber.get(told[i]?.number ?? -1);
        return (
          curve && (
            <>
              <b>Trial {curve.number}</b>
              <span>
                {metric} <b>{formatNumber(curve.values.at(-1) ?? 'NaN')}</b> at step {curve.steps.at(-1)}
              </span>
              <span className="muted">{ENDS[told[i]?.kind ?? 'none']}</span>
            </>
          )
        );
      }}
      onChoose={onChoose}
      legend={
        <>
          {(['complete', 'running', 'stopped', 'paused'] as const).map(
            (kind) =>
              count(kind) > 0 && (
                <Key key={kind} kind={kind}>
                  {ENDS[kind]} <b className="num">{formatCount(count(kind))}</b>
                </Key>
              ),
          )}
          {best !== undefined && byNumber.has(best) && <Key kind="best">best trial</Key>}
        </>
      }
    >
      {(scales) => <Lines curves={curves} kinds={kinds} best={best} scales={scales} />}
    </Plot>
  );
}

const ENDS: Record<Told['kind'], string> = {
  complete: 'to the end',
  earlier: 'from an earlier study',
  stopped: 'stopped here',
  paused: 'paused here',
  running: 'running',
  failed: 'failed',
  none: 'waiting',
};

function Lines({
  curves,
  kinds,
  best,
  scales,
}: {
  curves: readonly StudyCurve[];
  kinds: ReadonlyMap<number, Told['kind']>;
  best: number | undefined;
  scales: Scales;
}) {
  const of = (...wanted: Told['kind'][]) =>
    curves.filter((curve) => wanted.includes(kinds.get(curve.number) ?? 'none'));
  const lines = (some: readonly StudyCurve[]) => some.map((curve) => curvePath(curve, scales)).join('');
  const ends = (some: readonly StudyCurve[], sign: (x: number, y: number) => string) =>
    some
      .map((curve) => {
        const [x, y] = pixel(curve, curve.steps.length - 1, scales);
        return Number.isFinite(y) ? sign(x, y) : '';
      })
      .join('');
  const winner = curves.filter((curve) => curve.number === best);
  return (
    <>
      <path className="curve thin stopped" d={lines(of('stopped', 'failed'))} />
      <path className="curve thin paused" d={lines(of('paused'))} />
      <path className="curve thin complete" d={lines(of('complete'))} />
      <path className="curve thin running" d={lines(of('running'))} />
      <path className="sign stopped" d={ends(of('stopped'), crossAt)} />
      <path className="sign paused" d={ends(of('paused'), barsAt)} />
      <path
        className="sign complete"
        d={ends(of('complete'), (x, y) => `M${x.toFixed(1)} ${y.toFixed(1)}h0`)}
      />
      <path className="sign best" d={lines(winner)} />
    </>
  );
}

function pixel(curve: StudyCurve, i: number, { x, y, height }: Scales): [number, number] {
  const value = toNumber(curve.values[i] ?? 'NaN');
  return [x(curve.steps[i] ?? 0), Math.min(height, Math.max(0, y(value)))];
}

/** A curve's line; where it was not a number there is a gap. A single point is a dot. */
function curvePath(curve: StudyCurve, scales: Scales): string {
  let drawing = false;
  const path = curve.steps
    .map((_, i) => {
      const [px, py] = pixel(curve, i, scales);
      if (!Number.isFinite(py)) {
        drawing = false;
        return '';
      }
      const command = drawing ? 'L' : 'M';
      drawing = true;
      return `${command}${px.toFixed(1)} ${py.toFixed(1)}`;
    })
    .join('');
  return path !== '' && !path.includes('L') ? `${path}h0` : path;
}
