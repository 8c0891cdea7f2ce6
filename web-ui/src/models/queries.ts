import { queryOptions } from '@tanstack/react-query';
import { apiUrl, get } from '../api/client';
import { getAll } from '../api/pages';
import type { FileRef, ModelVersion, RegisteredModel } from '../api/types';

export const modelKeys = {
  all: ['models'] as const,
  list: () => [...modelKeys.all, 'list'] as const,
  detail: (name: string) => [...modelKeys.all, 'detail', name] as const,
  versions: (name: string) => [...modelKeys.detail(name), 'versions'] as const,
};

export function modelsQuery() {
  return queryOptions({
    queryKey: modelKeys.list(),
    queryFn: ({ signal }) => getAll<RegisteredModel>('/models', signal),
  });
}

export function modelQuery(name: string) {
  return queryOptions({
    queryKey: modelKeys.detail(name),
    queryFn: ({ signal }) => get<RegisteredModel>(`/models/${encodeURIComponent(name)}`, {}, signal),
  });
}

export function modelVersionsQuery(name: string) {
  return queryOptions({
    queryKey: modelKeys.versions(name),
    queryFn: ({ signal }) => getAll<ModelVersion>(`/models/${encodeURIComponent(name)}/versions`, signal),
  });
}

export function fileUrl(file: FileRef): string {
  return apiUrl(`/blobs/${encodeURIComponent(file.digest)}`, {
    filename: file.path.split('/').at(-1),
    download: 1,
  });
}
