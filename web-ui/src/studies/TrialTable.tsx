import { Link } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useMemo, useRef, useState } from 'react';
import type { Study, StudyCurve, StudyTrial } from '../api/types';
import { formatCount, formatJson, formatNumber } from '../ui/format';
import { StateBadge } from '../ui/StateBadge';
import { Duration } from '../ui/Time';
import { VirtualBody } from '../ui/VirtualBody';
import type { Sight } from './queries';
import { type Order, sorted } from './trialOrder';
import { isMaximized, reachedOnTheWay, shownState } from './words';

const ROW = 34;

interface Column {
  by: string;
  word: string;
  width: string;
  right?: boolean;
  /** What is looked at first. */
  descending?: boolean;
}

/** All trials, to be sorted by anything; only what is looked at is drawn. */
export function TrialTable({
  sight: { study, trials, result, curves },
  chosen,
  onChoose,
}: {
  sight: Sight;
  chosen: number | undefined;
  onChoose: (trial: number | undefined) => void;
}) {
  const [order, setOrder] = useState<Order>({ by: 'number', descending: true });
  const rows = useMemo(() => sorted(trials, order), [trials, order]);
  const columns = useMemo(() => columnsOf(study), [study]);
  const params = useMemo(() => Object.keys(study.spec.space), [study.spec.space]);
  const special = useMemo(
    () => new Set([...result.front, ...(result.best ? [result.best] : [])].map((trial) => trial.number)),
    [result],
  );
  const onTheWay = useMemo(() => reachedOnTheWay(study, curves), [study, curves]);
  const box = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW,
    overscan: 8,
    getItemKey: (i) => rows[i]?.number ?? i,
    initialRect: { width: 800, height: 400 },
  });
  const sort = (column: Column) =>
    setOrder({
      by: column.by,
      descending: order.by === column.by ? !order.descending : (column.descending ?? false),
    });
  return (
    <section className="card trials" aria-label="Trials">
      <header className="card-head">
        <h2>Trials</h2>
        <span className="muted num">{formatCount(trials.length)}</span>
      </header>
      <div className="table-wrap" ref={box}>
        <table className="data" aria-label="All trials" aria-rowcount={rows.length + 1}>
          <colgroup>
            {columns.map((column) => (
              <col key={column.by} style={{ width: column.width }} />
            ))}
            <col style={{ width: '6rem' }} />
          </colgroup>
          <thead>
            <tr>
              {columns.map((column) => {
                const by = order.by === column.by;
                return (
                  <th
                    key={column.by}
                    scope="col"
                    className={column.right ? 'right truncate' : 'truncate'}
                    aria-sort={by ? (order.descending ? 'descending' : 'ascending') : undefined}
                    title={column.word}
                  >
                    <button type="button" className="sort" onClick={() => sort(column)}>
                      {column.word}
                      {by ? (order.descending ? ' ↓' : ' ↑') : ''}
                    </button>
                  </th>
                );
              })}
              <th scope="col">Run</th>
            </tr>
          </thead>
          <VirtualBody
            virtualizer={virtualizer}
            columns={columns.length + 1}
            more={false}
            loadMore={() => {}}
            row={(index, key) => {
              const trial = rows[index];
              return (
                trial && (
                  <Row
                    key={key}
                    trial={trial}
                    curve={onTheWay.get(trial.number)}
                    index={index}
                    params={params}
                    objectives={study.spec.objectives.length}
                    special={special.has(trial.number)}
                    chosen={trial.number === chosen}
                    onChoose={onChoose}
                  />
                )
              );
            }}
          />
        </table>
      </div>
    </section>
  );
}

function columnsOf({ spec }: Study): Column[] {
  return [
    { by: 'number', word: 'Trial', width: '5.5rem', right: true, descending: true },
    { by: 'state', word: 'State', width: '9rem' },
    ...spec.objectives.map((objective, m) => ({
      by: `value:${m}`,
      word: objective.name,
      width: '7rem',
      right: true,
      descending: isMaximized(objective),
    })),
    { by: 'duration', word: 'Took', width: '6.5rem', right: true, descending: true },
    ...Object.keys(spec.space).map((name) => ({
      by: `param:${name}`,
      word: name,
      width: `${Math.min(11, Math.max(7, 2.5 + name.length * 0.5))}rem`,
      right: true,
    })),
  ];
}

const Row = memo(function Row({
  trial,
  curve,
  index,
  params,
  objectives,
  special,
  chosen,
  onChoose,
}: {
  trial: StudyTrial;
  /** Of one that was not to its end, what it reached. */
  curve: StudyCurve | undefined;
  index: number;
  params: string[];
  objectives: number;
  /** The best one, or one of the front. */
  special: boolean;
  chosen: boolean;
  onChoose: (trial: number | undefined) => void;
}) {
  return (
    <tr
      className="linked"
      aria-rowindex={index + 2}
      aria-selected={chosen}
      data-special={special}
      style={{ height: ROW }}
    >
      <td className="right num">
        <button
          type="button"
          className="row-link"
          aria-label={`Trial ${trial.number}${special ? (objectives > 1 ? ', on the front' : ', the best') : ''}`}
          onClick={() => onChoose(chosen ? undefined : trial.number)}
        >
          {special && <span aria-hidden="true">★ </span>}
          {trial.number}
        </button>
      </td>
      <td>
        <StateBadge state={shownState(trial.state)} />
      </td>
      {Array.from({ length: objectives }, (_, m) => (
        <td key={m} className="right num">
          {trial.values[m] !== undefined ? (
            formatNumber(trial.values[m])
          ) : m === 0 && curve && trial.state !== 'FAILED' ? (
            <span className="muted" title={`at step ${curve.steps.at(-1)}`}>
              {formatNumber(curve.values.at(-1) ?? 'NaN')}
            </span>
          ) : (
            <span className="muted">–</span>
          )}
        </td>
      ))}
      <td className="right">
        <Duration from={trial.startedAt} to={trial.endedAt} live={trial.state === 'RUNNING'} />
      </td>
      {params.map((name) => {
        const value = trial.params[name];
        return (
          <td
            key={name}
            className="right num truncate"
            title={value === undefined ? undefined : String(value)}
          >
            {value === undefined ? <span className="muted">–</span> : formatJson(value)}
          </td>
        );
      })}
      <td>
        {trial.runId ? (
          <Link
            to="/runs/$id"
            params={{ id: trial.runId }}
            className="beside"
            aria-label={`Tracked run of trial ${trial.number}`}
          >
            <code>{trial.runId.slice(0, 6)}</code>
          </Link>
        ) : (
          <span className="muted">–</span>
        )}
      </td>
    </tr>
  );
});
