import { type RefObject, useLayoutEffect, useState } from 'react';

/** The width of an element, for a picture that is drawn in its pixels. */
export function useWidth(ref: RefObject<HTMLElement | null>, least = 240): number {
  const [width, setWidth] = useState(640);
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    const measure = () => element.clientWidth > 0 && setWidth(Math.max(least, element.clientWidth));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [ref, least]);
  return width;
}
