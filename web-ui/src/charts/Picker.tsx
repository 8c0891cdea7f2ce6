import { type KeyboardEvent, type PointerEvent, type ReactNode, useState } from 'react';

export interface Area {
  left: number;
  top: number;
  width: number;
  height: number;
}

/**
 * What lies over a picture of trials: the pointer's nearest one is marked and told of, a click or the arrow keys
 * choose one. It draws nothing of the picture anew.
 */
export function Picker({
  area: { left, top, width, height },
  label,
  count,
  chosen,
  nearest,
  there = () => true,
  mark,
  words,
  tip,
  at,
  onChoose,
}: {
  area: Area;
  label: string;
  count: number;
  /** -1 for none. */
  chosen: number;
  /** Of a point of the area; -1 for none. */
  nearest: (x: number, y: number) => number;
  /** Whether the picture shows it. */
  there?: (index: number) => boolean;
  mark: (index: number, how: 'hovered' | 'chosen') => ReactNode;
  /** In one line, for those who hear it. */
  words: (index: number) => string;
  tip: (index: number) => ReactNode;
  /** Where the tip stands; at the pointer unless given. */
  at?: (index: number) => [number, number];
  onChoose: (index: number) => void;
}) {
  const [hover, setHover] = useState<{ index: number; x: number; y: number }>();
  const shown = hover && hover.index < count && there(hover.index) ? hover : undefined;
  const move = (event: PointerEvent) => {
    const box = event.currentTarget.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const index = nearest(x, y);
    setHover(index < 0 ? undefined : { index, x, y });
  };
  const press = (event: KeyboardEvent) => {
    const next = step(event.key, chosen, count, there);
    if (next === undefined) return;
    event.preventDefault();
    onChoose(next);
  };
  const [x, y] = shown ? (at?.(shown.index) ?? [shown.x, shown.y]) : [0, 0];
  return (
    <>
      <svg className="marks" aria-hidden="true">
        <g transform={`translate(${left} ${top})`}>
          {chosen >= 0 && there(chosen) && mark(chosen, 'chosen')}
          {shown && mark(shown.index, 'hovered')}
        </g>
      </svg>
      <div
        role="slider"
        className="picker"
        style={{ left, top, width, height }}
        tabIndex={count > 0 ? 0 : -1}
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={Math.max(0, count - 1)}
        aria-valuenow={Math.max(0, chosen)}
        aria-valuetext={chosen < 0 ? 'none' : words(chosen)}
        onPointerMove={move}
        onPointerLeave={() => setHover(undefined)}
        onClick={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          onChoose(nearest(event.clientX - box.left, event.clientY - box.top));
        }}
        onKeyDown={press}
      />
      {shown && (
        <div
          className="tip num"
          role="presentation"
          style={{
            left: left + x,
            top: top + y,
            transform: `translate(${x > width / 2 ? 'calc(-100% - 12px)' : '12px'}, ${y > height / 2 ? '-100%' : '0'})`,
          }}
        >
          {tip(shown.index)}
        </div>
      )}
    </>
  );
}

/** Which one a key leads to; undefined for other keys, -1 to none. */
export function step(
  key: string,
  chosen: number,
  count: number,
  there: (index: number) => boolean,
): number | undefined {
  const from = (start: number, by: number) => {
    for (let i = start; i >= 0 && i < count; i += by) if (there(i)) return i;
    return chosen;
  };
  switch (key) {
    case 'ArrowRight':
    case 'ArrowUp':
      return from(chosen + 1, 1);
    case 'ArrowLeft':
    case 'ArrowDown':
      return from(chosen < 0 ? count - 1 : chosen - 1, -1);
    case 'Home':
      return from(0, 1);
    case 'End':
      return from(count - 1, -1);
    case 'Escape':
      return chosen < 0 ? undefined : -1;
    default:
      return undefined;
  }
}
