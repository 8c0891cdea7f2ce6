import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import { ApiError } from '../api/client';
import type { Pool } from '../api/types';
import { usePageTitle } from '../app/usePageTitle';
import { Command } from '../ui/Command';
import { formatCount } from '../ui/format';
import { ProblemNote } from '../ui/ProblemNote';
import { Skeleton } from '../ui/Skeleton';
import { PoolForm } from './PoolForm';
import { poolsQuery, useDeletePool } from './queries';
import { Uses } from './Uses';
import './pools.css';

const route = getRouteApi('/pools');

/** The pools: how full each is, and of the one in the address who has it and who waits. */
export function PoolsPage() {
  usePageTitle('Pools');
  const { pool: chosen } = route.useSearch();
  const navigate = route.useNavigate();
  const pools = useQuery(poolsQuery());
  const [making, setMaking] = useState(false);
  const names = pools.data?.map((pool) => pool.name) ?? [];
  const choose = (pool: string | undefined) =>
    void navigate({ search: { pool }, replace: true, resetScroll: false });
  return (
    <main className="page">
      <div className="page-head">
        <h1>Pools</h1>
        {names.length > 0 && !making && (
          <div className="end">
            <button type="button" className="button" onClick={() => setMaking(true)}>
              New pool
            </button>
          </div>
        )}
      </div>
      {making && (
        <section className="card card-body">
          <PoolForm
            taken={names}
            onDone={(name) => {
              setMaking(false);
              choose(name);
            }}
            onCancel={() => setMaking(false)}
          />
        </section>
      )}
      {pools.error && !pools.data ? (
        <ProblemNote error={pools.error} onRetry={() => pools.refetch()} />
      ) : !pools.data ? (
        <div className="card card-body">
          <Skeleton lines={3} height="1.4rem" />
        </div>
      ) : pools.data.length === 0 ? (
        <section className="card">
          <NoPool onMake={making ? undefined : () => setMaking(true)} />
        </section>
      ) : (
        pools.data.map((pool) => (
          <PoolCard
            key={pool.name}
            pool={pool}
            open={pool.name === chosen}
            onOpen={(open) => choose(open ? pool.name : undefined)}
          />
        ))
      )}
    </main>
  );
}

function NoPool({ onMake }: { onMake: (() => void) | undefined }) {
  return (
    <div className="empty no-pool">
      <strong>There is no pool yet</strong>
      <p>
        A pool limits how many tasks of all pipelines use something at once: licences, connections to a
        database, what a disk stands. It has slots; a task with <code>pools: [licence]</code> takes one while
        it runs, and waits while all are taken. Make one here, or by
      </p>
      <Command label="the command" text="./pipewright pools set licence 2" />
      {onMake && (
        <button type="button" className="button" onClick={onMake}>
          New pool
        </button>
      )}
    </div>
  );
}

function PoolCard({ pool, open, onOpen }: { pool: Pool; open: boolean; onOpen: (open: boolean) => void }) {
  const [resizing, setResizing] = useState(false);
  const { name, description } = pool;
  return (
    <section className="card pool" aria-label={`Pool ${name}`}>
      <header className="pool-head">
        <div className="pool-name">
          <h2>
            <Link
              to="/pools"
              search={open ? {} : { pool: name }}
              replace
              resetScroll={false}
              aria-expanded={open}
              title={open ? 'Hide who has it' : 'Show who has it and who waits'}
            >
              <span aria-hidden="true">{open ? '▾' : '▸'}</span> {name}
            </Link>
          </h2>
          {description && <span className="muted">{description}</span>}
        </div>
        <PoolBar pool={pool} />
        <div className="actions">
          <button
            type="button"
            className="button"
            aria-label={`Change ${name}`}
            aria-expanded={resizing}
            onClick={() => setResizing(!resizing)}
          >
            Change
          </button>
          <DeleteButton name={name} onDone={() => onOpen(false)} />
        </div>
      </header>
      {resizing && (
        <div className="card-body">
          <PoolForm pool={pool} onDone={() => setResizing(false)} onCancel={() => setResizing(false)} />
        </div>
      )}
      {open && <Uses pool={pool} />}
    </section>
  );
}

/** How many of the slots are taken; more than there are after it was made smaller. */
function PoolBar({ pool: { slots, taken, waiting } }: { pool: Pool }) {
  const parts = [
    { word: 'taken', tone: taken > slots ? 'failed' : 'running', count: taken },
    { word: 'free', tone: 'waiting', count: Math.max(0, slots - taken) },
  ].filter((part) => part.count > 0);
  const words = parts.map((part) => `${formatCount(part.count)} ${part.word}`).join(', ');
  return (
    <div className="pool-bar">
      <span className="task-bar">
        <span className="bar" role="img" aria-label={words}>
          {parts.map((part) => (
            <i key={part.word} data-tone={part.tone} style={{ flexGrow: part.count }} />
          ))}
        </span>
      </span>
      <span className="num">
        {formatCount(taken)} of {formatCount(slots)} taken
      </span>
      <span
        className={waiting > 0 ? 'num state' : 'num muted'}
        data-tone={waiting > 0 ? 'retrying' : undefined}
      >
        {formatCount(waiting)} waiting
      </span>
    </div>
  );
}

/** Deletes a pool; one that is needed only when that is said again. */
function DeleteButton({ name, onDone }: { name: string; onDone: () => void }) {
  const remove = useDeletePool();
  const needed = remove.error instanceof ApiError && remove.error.problem.code === 'POOL_IN_USE';
  const button = (force: boolean, word: string, label: string) => (
    <button
      type="button"
      className="button"
      aria-label={label}
      disabled={remove.isPending}
      onClick={() => remove.mutate({ name, force }, { onSuccess: onDone })}
    >
      {word}
    </button>
  );
  if (!remove.error) return button(false, 'Delete', `Delete ${name}`);
  return (
    <div className="pool-problem">
      <ProblemNote error={remove.error} />
      <div className="actions">
        {needed && button(true, 'Delete all the same', `Delete ${name} all the same`)}
        <button type="button" className="button quiet" onClick={() => remove.reset()}>
          Keep it
        </button>
      </div>
    </div>
  );
}
