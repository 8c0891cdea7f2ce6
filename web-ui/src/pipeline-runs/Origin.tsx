import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { PipelineRun } from '../api/types';

/** What started a run, leading there; nothing for one that somebody asked for. */
export function Origin({ run }: { run: PipelineRun }) {
  const what = originOf(run);
  return (
    what && (
      <div>
        <dt>Started by</dt>
        <dd>{what}</dd>
      </div>
    )
  );
}

function originOf({ origin, parentRunId }: PipelineRun): ReactNode {
  const { by, schedule, backfill, trigger, run } = origin;
  if (typeof schedule === 'string') {
    return (
      <>
        schedule{' '}
        <Link to="/schedules/$name" params={{ name: schedule }}>
          {schedule}
        </Link>
      </>
    );
  }
  if (typeof backfill === 'string') {
    return (
      <Link to="/backfills/$id" params={{ id: backfill }}>
        a backfill
      </Link>
    );
  }
  if (typeof trigger === 'string') {
    return (
      <>
        trigger{' '}
        <Link to="/triggers/$name" params={{ name: trigger }}>
          {trigger}
        </Link>
      </>
    );
  }
  const other = parentRunId ?? (by === 'rerun' && typeof run === 'string' ? run : undefined);
  return (
    other && (
      <Link to="/pipeline-runs/$id" params={{ id: other }}>
        {parentRunId ? 'the run that called it' : 'a rerun of another run'}
      </Link>
    )
  );
}
