import { QueryClientProvider } from '@tanstack/react-query';
import { createMemoryHistory, RouterProvider } from '@tanstack/react-router';
import { render } from '@testing-library/react';
import { vi } from 'vitest';
import type { Problem } from '../api/types';
import { makeQueryClient } from './queryClient';
import { makeRouter } from './router';

/**
 * Renders the whole app at an address; `answers` are the API's bodies by path, without the query, and everything else
 * is answered with the code of a problem.
 */
export function renderAt(address: string, answers: Record<string, unknown>, missing = 'NOT_FOUND') {
  const asked: string[] = [];
  vi.stubGlobal('fetch', (input: string) => {
    const url = new URL(input, 'http://fake');
    asked.push(url.pathname + url.search);
    const body = answers[url.pathname.replace('/api/v1', '')];
    return Promise.resolve(
      body === undefined
        ? Response.json(notFound(url.pathname, missing), {
            status: 404,
            headers: { 'content-type': 'application/problem+json' },
          })
        : Response.json(body),
    );
  });
  const queryClient = makeQueryClient();
  const router = makeRouter(queryClient, createMemoryHistory({ initialEntries: [address] }));
  const screen = render(
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
    </QueryClientProvider>,
  );
  return { ...screen, router, asked };
}

function notFound(path: string, code: string): Problem {
  return {
    type: `/docs/problems#${code}`,
    code,
    title: 'There is nothing at this address',
    status: 404,
    detail: `Nothing at ${path}`,
    remedy: 'Look elsewhere.',
  };
}
