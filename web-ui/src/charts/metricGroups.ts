/** Metrics that share one chart: those whose keys differ only by `train-` or `validation-`. */
export interface MetricGroup {
  name: string;
  members: { key: string; label: string }[];
}

const SPLIT = /^(train|validation)-(.+)$/;
const ORDER = ['train', 'validation', 'value'];

/** Groups in the order of their names; in each, train comes before validation. */
export function groupMetrics(keys: readonly string[]): MetricGroup[] {
  const groups = new Map<string, MetricGroup>();
  for (const key of keys) {
    const [, split, rest] = SPLIT.exec(key) ?? [];
    const name = rest ?? key;
    const group = groups.get(name) ?? { name, members: [] };
    group.members.push({ key, label: split ?? 'value' });
    groups.set(name, group);
  }
  for (const group of groups.values()) {
    group.members.sort((a, b) => ORDER.indexOf(a.label) - ORDER.indexOf(b.label));
  }
  return [...groups.values()].sort((a, b) => a.name.localeCompare(b.name));
}
