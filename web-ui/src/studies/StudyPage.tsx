import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useCallback } from 'react';
import { usePageTitle } from '../app/usePageTitle';
import { ProblemNote } from '../ui/ProblemNote';
import { Skeleton } from '../ui/Skeleton';
import { sightQuery, useStop } from './queries';
import { StudyView } from './StudyView';
import './studies.css';

const route = getRouteApi('/studies/$name');

/** One study that workers ask for trials. */
export function StudyPage() {
  const { name } = route.useParams();
  const { trial } = route.useSearch();
  const navigate = route.useNavigate();
  const sight = useQuery(sightQuery({ study: name }));
  const stop = useStop(name);
  usePageTitle(name);
  const onChoose = useCallback(
    (chosen: number | undefined) =>
      void navigate({ search: { trial: chosen }, replace: true, resetScroll: false }),
    [navigate],
  );
  return (
    <main className="page study-page">
      <nav className="crumbs" aria-label="Where this is">
        <Link to="/studies">Studies</Link>
      </nav>
      {sight.data ? (
        <StudyView
          sight={sight.data}
          title={name}
          chosen={trial}
          onChoose={onChoose}
          actions={
            sight.data.study.state === 'RUNNING' && (
              <button
                type="button"
                className="button"
                title="No further trial is made; those that run are told to stop when they next report"
                disabled={stop.isPending}
                onClick={() => stop.mutate()}
              >
                Stop
              </button>
            )
          }
          problem={stop.error}
        />
      ) : sight.error ? (
        <>
          <h1>{name}</h1>
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
