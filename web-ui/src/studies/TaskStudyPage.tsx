import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { pipelineRunQuery } from '../pipeline-runs/queries';
import { sightQuery } from './queries';
import { StudyFrame } from './StudyFrame';
import { StudyView } from './StudyView';

const route = getRouteApi('/pipeline-runs/$id/studies/$task');

/** The study that a task of a pipeline run is. */
export function TaskStudyPage() {
  const { id, task } = route.useParams();
  const { trial } = route.useSearch();
  const navigate = route.useNavigate();
  const sight = useQuery(sightQuery({ run: id, task }));
  const run = useQuery(pipelineRunQuery(id));
  return (
    <StudyFrame
      title={task}
      sight={sight}
      crumbs={
        <>
          <Link to="/pipeline-runs">Pipeline runs</Link>
          <span>/</span>
          <Link to="/pipeline-runs/$id" params={{ id }} search={{ task }}>
            {run.data ? `${run.data.pipeline} #${run.data.number}` : 'The run'}
          </Link>
        </>
      }
    >
      {(seen) => (
        <StudyView
          sight={seen}
          title={task}
          chosen={trial}
          onChoose={(chosen) =>
            void navigate({ search: { trial: chosen }, replace: true, resetScroll: false })
          }
          linkOf={(number) => (
            <Link to="/pipeline-runs/$id" params={{ id }} search={{ task: `${task}[${number}]` }}>
              Task {task}[{number}]
            </Link>
          )}
        />
      )}
    </StudyFrame>
  );
}
