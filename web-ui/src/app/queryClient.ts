import { QueryClient } from '@tanstack/react-query';
import { ApiError } from '../api/client';
import { onReturn } from '../api/connection';

export function makeQueryClient(): QueryClient {
  const client = new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        refetchOnWindowFocus: true,
        // A problem that the server explains is not answered better a second time, unless a part of it is just
        // starting again; a server that is away is asked again when it is back.
        retry: (count, error) =>
          error instanceof ApiError ? error.problem.code === 'UNAVAILABLE' && count < 4 : count < 2,
      },
    },
  });
  onReturn(() => void client.invalidateQueries());
  return client;
}
