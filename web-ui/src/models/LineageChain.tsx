import { Link } from '@tanstack/react-router';
import type { ModelVersion } from '../api/types';
import { formatBytes, plural, shortDigest } from '../ui/format';

/** A version's origin as a chain: datasets → pipeline run → tracked run → model version. */
export function LineageChain({ version }: { version: ModelVersion }) {
  const { lineage } = version;
  return (
    <ol className="chain">
      {lineage.datasets.length > 0 && (
        <li>
          <span className="label">{lineage.datasets.length === 1 ? 'Dataset' : 'Datasets'}</span>
          {lineage.datasets.map((dataset) => (
            <div key={`${dataset.role}-${dataset.digest}`} className="dataset">
              <b className="truncate">{dataset.name}</b>
              <span className="muted num">
                {dataset.role} ·{' '}
                {dataset.rows === undefined ? formatBytes(dataset.size) : plural(dataset.rows, 'row')}
              </span>
              <code className="muted" title={dataset.digest}>
                {shortDigest(dataset.digest)}
              </code>
            </div>
          ))}
        </li>
      )}
      {lineage.pipelineRunId && (
        <li>
          <span className="label">Pipeline run</span>
          <Link to="/pipeline-runs/$id" params={{ id: lineage.pipelineRunId }}>
            {lineage.pipeline ?? 'pipeline'} v{lineage.pipelineVersion}
          </Link>
          <code className="muted">{lineage.pipelineRunId.slice(0, 8)}</code>
        </li>
      )}
      <li>
        <span className="label">Tracked run</span>
        <Link to="/runs/$id" params={{ id: lineage.runId }}>
          {lineage.runName ?? lineage.runId.slice(0, 12)}
        </Link>
        <code className="muted">{lineage.runId.slice(0, 12)}</code>
      </li>
      <li className="this">
        <span className="label">Model version</span>
        <b>
          {version.name} v{version.version}
        </b>
        <code className="muted" title={version.digest}>
          {shortDigest(version.digest)}
        </code>
      </li>
    </ol>
  );
}
