import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import type { Study } from '../api/types';
import { usePageTitle } from '../app/usePageTitle';
import { Command } from '../ui/Command';
import { ProblemNote } from '../ui/ProblemNote';
import { Skeleton } from '../ui/Skeleton';
import { StateBadge } from '../ui/StateBadge';
import { Ago } from '../ui/Time';
import { VirtualBody } from '../ui/VirtualBody';
import { studiesQuery } from './queries';
import { TrialBar } from './TrialBar';
import { methodInWords, objectiveInWords, settingsInWords, valuesInWords } from './words';
import './studies.css';

const ROW = 40;

/** The studies whose trials any worker asks for, newest first. */
export function StudiesPage() {
  usePageTitle('Studies');
  const studies = useInfiniteQuery(studiesQuery());
  const items = studies.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <main className="page">
      <div className="page-head">
        <h1>Studies</h1>
        <p className="muted">Those of pipelines’ tasks are on the pages of their runs.</p>
      </div>
      {studies.error && items.length === 0 ? (
        <ProblemNote error={studies.error} onRetry={() => studies.refetch()} />
      ) : (
        <section className="card">
          {studies.isPending ? (
            <div className="card-body">
              <Skeleton lines={6} height="1.4rem" />
            </div>
          ) : items.length === 0 ? (
            <NoStudy />
          ) : (
            <StudyTable
              studies={items}
              more={studies.hasNextPage}
              loadMore={() => !studies.isFetchingNextPage && void studies.fetchNextPage()}
            />
          )}
        </section>
      )}
      {studies.hasNextPage && (
        <button
          type="button"
          className="button more"
          disabled={studies.isFetchingNextPage}
          onClick={() => studies.fetchNextPage()}
        >
          {studies.isFetchingNextPage ? 'Loading…' : 'Load more'}
        </button>
      )}
    </main>
  );
}

function NoStudy() {
  const body = '{"space": {"lr": {"type": "double", "low": 1e-5, "high": 0.1, "log": true}}, ';
  const rest = '"objectives": [{"name": "auc", "direction": "maximize"}], "maxTrials": 100}';
  return (
    <div className="empty no-study">
      <strong>There is no study yet</strong>
      <p>
        A study searches for good params: it proposes trials, learns from what they reach, and stops those
        early that lead nowhere. Make one, and let workers in any language ask for trials and tell what they
        have come to:
      </p>
      <Command
        label="the command"
        text={`curl -X PUT ${location.origin}/api/v1/studies/first -H 'content-type: application/json' \\\n  -d '${body}${rest}'`}
      />
      <p>
        Or write <code>study:</code> at a task of a pipeline: it then runs as the trials of one, and shows
        them on the page of its run.
      </p>
    </div>
  );
}

function StudyTable({ studies, more, loadMore }: { studies: Study[]; more: boolean; loadMore: () => void }) {
  const virtualizer = useWindowVirtualizer({
    count: studies.length,
    estimateSize: () => ROW,
    overscan: 12,
    scrollMargin: 170,
    getItemKey: (i) => studies[i]?.name ?? i,
  });
  return (
    <div className="table-wrap">
      <table className="data studies" aria-label="Studies" aria-rowcount={more ? -1 : studies.length + 1}>
        <thead>
          <tr>
            <th scope="col">State</th>
            <th scope="col">Study</th>
            <th scope="col">Objective</th>
            <th scope="col">Trials</th>
            <th scope="col" className="right">
              Best
            </th>
            <th scope="col">Sampler, pruner</th>
            <th scope="col">Changed</th>
          </tr>
        </thead>
        <VirtualBody
          virtualizer={virtualizer}
          columns={7}
          more={more}
          loadMore={loadMore}
          row={(index, key) => {
            const study = studies[index];
            return study && <StudyRow key={key} study={study} index={index} />;
          }}
        />
      </table>
    </div>
  );
}

function StudyRow({ study, index }: { study: Study; index: number }) {
  const { name, spec, state, bestValues, updatedAt } = study;
  const objectives = spec.objectives.map(objectiveInWords).join(', ');
  const pruner = methodInWords(spec.pruner, 'none');
  return (
    <tr className="linked" aria-rowindex={index + 2} style={{ height: ROW }}>
      <td>
        <StateBadge state={state} />
      </td>
      <td className="truncate">
        <Link to="/studies/$name" params={{ name }} className="row-link">
          {name}
        </Link>
      </td>
      <td className="truncate" title={objectives}>
        {objectives}
      </td>
      <td>
        <TrialBar study={study} />
      </td>
      <td className="right num truncate" title={spec.objectives.length > 1 ? 'one of the front' : undefined}>
        {bestValues.length > 0 ? valuesInWords(bestValues) : <span className="muted">–</span>}
      </td>
      <td
        className="truncate"
        title={[settingsInWords(spec.sampler), settingsInWords(spec.pruner)].join('; ')}
      >
        {methodInWords(spec.sampler, 'tpe')}
        {pruner !== 'none' && <span className="muted"> · {pruner}</span>}
      </td>
      <td className="muted">
        <Ago at={updatedAt} />
      </td>
    </tr>
  );
}
