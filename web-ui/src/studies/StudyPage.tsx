import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { sightQuery, useStop } from './queries';
import { StudyFrame } from './StudyFrame';
import { StudyView } from './StudyView';

const route = getRouteApi('/studies/$name');

/** One study that workers ask for trials. */
export function StudyPage() {
  const { name } = route.useParams();
  const { trial } = route.useSearch();
  const navigate = route.useNavigate();
  const sight = useQuery(sightQuery({ study: name }));
  const stop = useStop(name);
  return (
    <StudyFrame title={name} sight={sight} crumbs={<Link to="/studies">Studies</Link>}>
      {(seen) => (
        <StudyView
          sight={seen}
          title={name}
          chosen={trial}
          onChoose={(chosen) =>
            void navigate({ search: { trial: chosen }, replace: true, resetScroll: false })
          }
          actions={
            seen.study.state === 'RUNNING' && (
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
      )}
    </StudyFrame>
  );
}
