import { ProblemNote } from '../ui/ProblemNote';
import { useAct } from './queries';

/** Lets a schedule or a trigger start nothing for now, or go on. */
export function PauseButton({
  kind,
  name,
  paused,
}: {
  kind: 'schedules' | 'triggers';
  name: string;
  paused: boolean;
}) {
  const act = useAct(kind, name);
  return (
    <>
      <button
        type="button"
        className="button"
        disabled={act.isPending}
        aria-label={`${paused ? 'Resume' : 'Pause'} ${name}`}
        title={paused ? 'Go on; the pause is not made up for' : 'Start nothing until it is resumed'}
        onClick={() => act.mutate(paused ? 'resume' : 'pause')}
      >
        {paused ? 'Resume' : 'Pause'}
      </button>
      {act.error && <ProblemNote error={act.error} />}
    </>
  );
}
