import type { Artifact } from '../api/types';

export type ArtifactNode =
  | { kind: 'file'; name: string; artifact: Artifact }
  | { kind: 'folder'; name: string; path: string; size: number; files: number; children: ArtifactNode[] };

type Folder = Extract<ArtifactNode, { kind: 'folder' }>;

/** Artifacts as the tree that their paths spell; folders first, each by name. */
export function artifactTree(artifacts: readonly Artifact[]): ArtifactNode[] {
  const root: Folder = { kind: 'folder', name: '', path: '', size: 0, files: 0, children: [] };
  for (const artifact of artifacts) {
    const parts = artifact.path.split('/');
    const name = parts.pop() ?? artifact.path;
    let folder = root;
    for (const part of parts) {
      folder = descend(folder, part);
      folder.size += artifact.size;
      folder.files += 1;
    }
    folder.children.push({ kind: 'file', name, artifact });
  }
  return sort(root.children);
}

function descend(folder: Folder, name: string): Folder {
  const known = folder.children.find(
    (child): child is Folder => child.kind === 'folder' && child.name === name,
  );
  if (known) return known;
  const path = folder.path ? `${folder.path}/${name}` : name;
  const made: Folder = { kind: 'folder', name, path, size: 0, files: 0, children: [] };
  folder.children.push(made);
  return made;
}

function sort(nodes: ArtifactNode[]): ArtifactNode[] {
  for (const node of nodes) if (node.kind === 'folder') sort(node.children);
  return nodes.sort((a, b) =>
    a.kind === b.kind ? a.name.localeCompare(b.name) : a.kind === 'folder' ? -1 : 1,
  );
}
