import { useMemo } from 'react';
import type { Artifact } from '../api/types';
import { formatBytes, plural } from '../ui/format';
import { type ArtifactNode, artifactTree } from './artifactTree';
import { artifactUrl } from './queries';

/** The files of a run as a tree; each can be downloaded. */
export function ArtifactList({
  runId,
  artifacts,
  live,
}: {
  runId: string;
  artifacts: Artifact[];
  live: boolean;
}) {
  const tree = useMemo(() => artifactTree(artifacts), [artifacts]);
  if (tree.length === 0) {
    return <p className="card-body muted">{live ? 'No file yet.' : 'This run left no files.'}</p>;
  }
  return <Nodes nodes={tree} runId={runId} top />;
}

function Nodes({ nodes, runId, top = false }: { nodes: ArtifactNode[]; runId: string; top?: boolean }) {
  return (
    <ul className={top ? 'tree top' : 'tree'}>
      {nodes.map((node) =>
        node.kind === 'folder' ? (
          <li key={`d-${node.name}`}>
            <details open={node.files <= 20}>
              <summary>
                <span className="truncate">{node.name}/</span>
                <span className="muted num end">
                  {plural(node.files, 'file')} · {formatBytes(node.size)}
                </span>
              </summary>
              <Nodes nodes={node.children} runId={runId} />
            </details>
          </li>
        ) : (
          <li key={`f-${node.name}`} className="file">
            <a
              href={artifactUrl(runId, node.artifact.path)}
              download={node.name}
              className="truncate"
              title={`Download ${node.artifact.path}`}
            >
              {node.name}
            </a>
            <span className="muted num end">{formatBytes(node.artifact.size)}</span>
            <span className="muted" aria-hidden="true">
              ↓
            </span>
          </li>
        ),
      )}
    </ul>
  );
}
