import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { post } from '../api/client';
import type { PipelineRun } from '../api/types';
import { ProblemNote } from '../ui/ProblemNote';
import { isRunOver } from '../ui/states';
import { newerRun } from './live';
import { pipelineRunKeys } from './queries';

type Action = 'cancel' | 'pause' | 'resume' | 'retry' | 'rerun';

/** What can be done to a run as it stands. */
export function RunActions({ run }: { run: PipelineRun }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const act = useMutation({
    mutationFn: (action: Action) =>
      post<PipelineRun>(
        `/pipeline-runs/${encodeURIComponent(run.id)}/${action}`,
        action === 'rerun' ? {} : undefined,
      ),
    onSuccess: (told, action) => {
      client.setQueryData<PipelineRun>(pipelineRunKeys.detail(told.id), (known) => newerRun(known, told));
      if (action === 'rerun') void navigate({ to: '/pipeline-runs/$id', params: { id: told.id } });
    },
  });
  const button = (action: Action, word: string, title: string) => (
    <button
      type="button"
      className="button quiet"
      title={title}
      disabled={act.isPending}
      onClick={() => act.mutate(action)}
    >
      {word}
    </button>
  );
  return (
    <div className="actions" role="toolbar" aria-label="What to do with the run">
      {isRunOver(run.state) ? (
        <>
          {run.state !== 'SUCCEEDED' &&
            button('retry', 'Retry', 'Run the tasks again that did not succeed, in this run')}
          {button('rerun', 'Run again', 'Start a new run with the same params')}
        </>
      ) : (
        <>
          {run.paused
            ? button('resume', 'Resume', 'Let new tasks start again')
            : button('pause', 'Pause', 'Let nothing new start; what runs goes on')}
          {button('cancel', 'Cancel', 'Stop the run; a second time also the tasks of its finally')}
        </>
      )}
      {act.error && <ProblemNote error={act.error} />}
    </div>
  );
}
