import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { post } from '../api/client';
import type { Json, PipelineRun, Task } from '../api/types';
import { ProblemNote } from '../ui/ProblemNote';
import { newerRun } from './live';
import { pipelineRunKeys } from './queries';

/** Lets a person answer a task that waits for one. What it asks for is given as lines of `name = value`. */
export function Approval({ run, task }: { run: PipelineRun; task: Task }) {
  const client = useQueryClient();
  const [by, setBy] = useState('');
  const [comment, setComment] = useState('');
  const [inputs, setInputs] = useState('');
  const answer = useMutation({
    mutationFn: (approved: boolean) =>
      post<PipelineRun>(
        `/pipeline-runs/${encodeURIComponent(run.id)}/tasks/${encodeURIComponent(task.name)}/answer`,
        { approved, by, comment, inputs: inputsOf(inputs) },
      ),
    onSuccess: (told) =>
      client.setQueryData<PipelineRun>(pipelineRunKeys.detail(told.id), (known) => newerRun(known, told)),
  });
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    answer.mutate(true);
  };
  return (
    <form className="approval" onSubmit={onSubmit}>
      <label>
        Your name <input value={by} onChange={(event) => setBy(event.target.value)} autoComplete="name" />
      </label>
      <label>
        Comment <input value={comment} onChange={(event) => setComment(event.target.value)} />
      </label>
      <label>
        Inputs, a line each
        <textarea
          rows={3}
          placeholder="share = 0.1"
          value={inputs}
          onChange={(event) => setInputs(event.target.value)}
        />
      </label>
      <div className="actions">
        <button type="submit" className="button" disabled={answer.isPending}>
          Approve
        </button>
        <button
          type="button"
          className="button quiet"
          disabled={answer.isPending}
          onClick={() => answer.mutate(false)}
        >
          Reject
        </button>
      </div>
      {answer.error && <ProblemNote error={answer.error} />}
    </form>
  );
}

/** `share = 0.1` as a number, `note = fine` as text. */
export function inputsOf(text: string): Record<string, Json> {
  const inputs: Record<string, Json> = {};
  for (const line of text.split('\n')) {
    const at = line.indexOf('=');
    if (at < 0) continue;
    const value = line.slice(at + 1).trim();
    inputs[line.slice(0, at).trim()] = scalar(value);
  }
  return inputs;
}

function scalar(text: string): Json {
  if (text === 'true' || text === 'false') return text === 'true';
  return text !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
}
