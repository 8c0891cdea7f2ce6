import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { usePageTitle } from '../app/usePageTitle';
import { ProblemNote } from '../ui/ProblemNote';
import { Skeleton } from '../ui/Skeleton';
import type { Sight } from './queries';
import './studies.css';

interface Props {
  title: string;
  crumbs: ReactNode;
  sight: UseQueryResult<Sight>;
  children: (sight: Sight) => ReactNode;
}

/** A study's page: where it is, and the study once it is there. */
export function StudyFrame({ title, crumbs, sight, children }: Props) {
  usePageTitle(title);
  return (
    <main className="page study-page">
      <nav className="crumbs" aria-label="Where this is">
        {crumbs}
      </nav>
      {sight.data ? (
        children(sight.data)
      ) : sight.error ? (
        <>
          <h1>{title}</h1>
          <ProblemNote error={sight.error} onRetry={() => sight.refetch()} />
        </>
      ) : (
        <div className="card card-body">
          <Skeleton lines={8} height="1.6rem" />
        </div>
      )}
    </main>
  );
}
