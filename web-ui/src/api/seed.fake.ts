/** A source of numbers in [0, 1) that gives the same ones for the same seed: for fakes. */
export function seeded(seed: string): () => number {
  let state = 2166136261;
  for (const char of seed) state = Math.imul(state ^ (char.codePointAt(0) ?? 0), 16777619);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Hexadecimal digits for a seed. */
export function hex(seed: string, digits: number): string {
  const random = seeded(seed);
  return Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join('');
}
