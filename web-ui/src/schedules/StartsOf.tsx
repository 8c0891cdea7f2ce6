import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { schedulesQuery, triggersQuery } from './queries';

/** The schedules and triggers that start runs of a pipeline. */
export function StartsOf({ pipeline }: { pipeline: string }) {
  const schedules = useQuery(schedulesQuery()).data?.filter(({ spec }) => spec.pipeline === pipeline) ?? [];
  const triggers = useQuery(triggersQuery()).data?.filter(({ spec }) => spec.pipeline === pipeline) ?? [];
  if (schedules.length + triggers.length === 0) return null;
  return (
    <ul className="params" aria-label="What starts it">
      {schedules.map(({ name, paused }) => (
        <li key={name} className="chip">
          <span className="muted">schedule</span>
          <Link to="/schedules/$name" params={{ name }}>
            {name}
          </Link>
          {paused && <span className="muted">paused</span>}
        </li>
      ))}
      {triggers.map(({ name, paused }) => (
        <li key={name} className="chip">
          <span className="muted">trigger</span>
          <Link to="/triggers/$name" params={{ name }}>
            {name}
          </Link>
          {paused && <span className="muted">paused</span>}
        </li>
      ))}
    </ul>
  );
}
