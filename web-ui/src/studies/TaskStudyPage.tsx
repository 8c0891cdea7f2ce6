import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useCallback } from 'react';
import { usePageTitle } from '../app/usePageTitle';
import { pipelineRunQuery } from '../pipeline-runs/queries';
import { ProblemNote } from '../ui/ProblemNote';
import { Skeleton } from '../ui/Skeleton';
import { sightQuery } from './queries';
import { StudyView } from './StudyView';
import './studies.css';

const route = getRouteApi('/pipeline-runs/$id/studies/$task');

/** The study that a task of a pipeline run is. */
export function TaskStudyPage() {
  const { id, task } = route.useParams();
  const { trial } = route.useSearch();
  const navigate = route.useNavigate();
  const sight = useQuery(sightQuery({ run: id, task }));
  const run = useQuery(pipelineRunQuery(id));
  usePageTitle(task);
  const onChoose = useCallback(
    (chosen: number | undefined) =>
      void navigate({ search: { trial: chosen }, replace: true, resetScroll: false }),
    [navigate],
  );
  return (
    <main className="page study-page">
      <nav className="crumbs" aria-label="Where this is">
        <Link to="/pipeline-runs">Pipeline runs</Link>
        <span>/</span>
        <Link to="/pipeline-runs/$id" params={{ id }} search={{ task }}>
          {run.data ? `${run.data.pipeline} #${run.data.number}` : 'The run'}
        </Link>
      </nav>
      {sight.data ? (
        <StudyView
          sight={sight.data}
          title={task}
          chosen={trial}
          onChoose={onChoose}
          linkOf={(number) => (
            <Link to="/pipeline-runs/$id" params={{ id }} search={{ task: `${task}[${number}]` }}>
              Task {task}[{number}]
            </Link>
          )}
        />
      ) : sight.error ? (
        <>
          <h1>{task}</h1>
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
