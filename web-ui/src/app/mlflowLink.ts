/**
 * Where a link that an MLflow client printed leads here: those have MLflow's own addresses behind a `#`. Null for any other.
 */
export function mlflowLink(hash: string): string | null {
  const path = hash.replace(/^#/, '').replace(/\?.*$/, '');
  const run = /^\/experiments\/\d+\/runs\/([0-9a-zA-Z-]+)/.exec(path);
  if (run) return `/runs/${run[1]}`;
  const model = /^\/models\/([^/]+)/.exec(path);
  if (model) return `/models/${model[1]}`;
  return null;
}
