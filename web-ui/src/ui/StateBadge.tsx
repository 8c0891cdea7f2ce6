import { lookOf } from './states';

/** A state as its word in its colour. */
export function StateBadge({ state, pill = false }: { state: string; pill?: boolean }) {
  const look = lookOf(state);
  return (
    <span className={pill ? 'state pill' : 'state'} data-tone={look.tone} data-active={look.active}>
      {look.word}
    </span>
  );
}
