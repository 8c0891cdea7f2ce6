import { type FormEvent, type ReactNode, useId, useState } from 'react';
import { ApiError } from '../api/client';
import type { Pool } from '../api/types';
import { ProblemNote } from '../ui/ProblemNote';
import { useSetPool } from './queries';

/** Makes a pool, or changes one; what the server refuses stands at the field that it is about. */
export function PoolForm({
  pool,
  taken = [],
  onDone,
  onCancel,
}: {
  /** The one to change; left out for a new one. */
  pool?: Pool;
  /** Names that a new one cannot have. */
  taken?: readonly string[];
  onDone: (name: string) => void;
  onCancel?: () => void;
}) {
  const [name, setName] = useState(pool?.name ?? '');
  const [slots, setSlots] = useState(String(pool?.slots ?? 1));
  const [description, setDescription] = useState(pool?.description ?? '');
  const set = useSetPool();
  // To set one that is there would change it.
  const there = !pool && taken.includes(name.trim());
  const said = messagesOf(set.error);
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    if (there) return;
    set.mutate(
      {
        name: name.trim(),
        slots: slots.trim() === '' ? null : Number(slots),
        // Left out it stays as it is; emptied it goes.
        description: description === (pool?.description ?? '') ? undefined : description,
      },
      { onSuccess: (told) => onDone(told.name) },
    );
  };
  return (
    <form className="pool-form" aria-label={pool ? `Change ${pool.name}` : 'A new pool'} onSubmit={onSubmit}>
      {!pool && (
        <Field word="Name" error={there ? `There is a pool “${name.trim()}” already.` : said.fields.name}>
          {(props) => (
            <input
              {...props}
              required
              placeholder="licence"
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
      )}
      <Field word="Slots" error={said.fields.slots}>
        {(props) => (
          <input
            {...props}
            type="number"
            className="num"
            value={slots}
            onChange={(event) => setSlots(event.target.value)}
          />
        )}
      </Field>
      <Field word="For people" error={said.fields.description}>
        {(props) => (
          <input
            {...props}
            placeholder="what it stands for"
            value={description}
            onChange={(event) => setDescription(event.target.value)}
          />
        )}
      </Field>
      <div className="actions">
        <button type="submit" className="button" disabled={set.isPending}>
          {pool ? 'Save' : 'Make'}
        </button>
        {onCancel && (
          <button type="button" className="button quiet" onClick={onCancel}>
            Cancel
          </button>
        )}
      </div>
      {said.rest !== null && <ProblemNote error={said.rest} />}
    </form>
  );
}

type FieldProps = { id: string; 'aria-invalid'?: true; 'aria-describedby'?: string };

function Field({
  word,
  error,
  children,
}: {
  word: string;
  error: string | undefined;
  children: (props: FieldProps) => ReactNode;
}) {
  const id = useId();
  const note = `${id}-note`;
  return (
    <div className="field">
      <label htmlFor={id}>{word}</label>
      {children(error ? { id, 'aria-invalid': true, 'aria-describedby': note } : { id })}
      {error && (
        <p id={note} role="alert" className="field-error">
          {error}
        </p>
      )}
    </div>
  );
}

const FIELDS = ['name', 'slots', 'description'];

/** What is said about a field, with what to do; and all other errors as they are. */
export function messagesOf(error: unknown): { fields: Record<string, string | undefined>; rest: unknown } {
  if (!(error instanceof ApiError)) return { fields: {}, rest: error };
  const { errors = [], remedy } = error.problem;
  const known = errors.filter(({ path }) => path !== undefined && FIELDS.includes(path));
  if (known.length === 0) return { fields: {}, rest: error };
  return {
    fields: Object.fromEntries(
      known.map((each) => [each.path, [each.message, each.remedy ?? remedy].filter(Boolean).join(' ')]),
    ),
    rest: null,
  };
}
