import { hex } from '../api/seed.fake';
import type { ModelVersion, PipelineRun, RegisteredModel } from '../api/types';

/** A model with `count` versions, the newest first; the newest is the candidate, the one before it the champion. */
export function modelVersions(
  name: string,
  count: number,
  now: number,
  source?: PipelineRun,
): ModelVersion[] {
  return Array.from({ length: count }, (_, i): ModelVersion => {
    const version = count - i;
    const auc = 0.7863 - i * 0.011;
    const file = (path: string, size: number) => ({
      path,
      size,
      digest: `sha256:${hex(`${name}-${version}-${path}`, 64)}`,
    });
    const dataset = (dataset: string, role: string, rows: number, size: number) => ({
      name: dataset,
      digest: `sha256:${hex(dataset, 64)}`,
      size,
      role,
      rows,
    });
    const train = source?.tasks.find((task) => task.name === 'train')?.attempts.at(-1);
    return {
      name,
      version,
      aliases: i === 0 ? ['candidate'] : i === 1 ? ['champion'] : [],
      modelId: `m-${hex(`${name}-${version}`, 32)}`,
      flavor: 'xgboost',
      digest: `sha256:${hex(`${name}-${version}-all`, 64)}`,
      size: 182_400 - i * 1_311,
      files: [file('MLmodel', 812), file('model.ubj', 178_220 - i * 1_311), file('schema.json', 3_368)],
      metrics: {
        auc,
        accuracy: 0.765 - i * 0.005,
        macroF1: 0.7012 - i * 0.009,
        logLoss: 0.4981 + i * 0.006,
        'train-auc': 0.9641,
        'train-logloss': 0.3012,
        'validation-auc': 0.7911 - i * 0.01,
        'validation-logloss': 0.4833 + i * 0.006,
      },
      lineage: {
        runId: train?.trackedRunId ?? hex(`${name}-${version}-run`, 32),
        runName: 'train',
        pipeline: 'credit-risk',
        pipelineVersion: 3,
        pipelineRunId: source?.id ?? hex(`${name}-${version}-pr`, 36),
        datasets: [
          dataset('german_credit.csv', 'input', 1_000, 48_213),
          dataset('train.csv', 'train', 800, 38_500),
        ],
      },
      createdAt: new Date(now - (i * 26 + 0.4) * 3_600_000).toISOString(),
    };
  });
}

export function registeredModel(versions: ModelVersion[], description?: string): RegisteredModel {
  const latest = versions[0];
  return {
    name: latest?.name ?? 'empty',
    description,
    versions: versions.length,
    latest,
    aliases: Object.fromEntries(
      versions.flatMap((each) => each.aliases.map((alias) => [alias, each.version])),
    ),
    createdAt: versions.at(-1)?.createdAt ?? new Date(0).toISOString(),
    updatedAt: latest?.createdAt ?? new Date(0).toISOString(),
  };
}
