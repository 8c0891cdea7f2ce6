import { afterEach, describe, expect, it, vi } from 'vitest';
import { ApiError, apiUrl, encodePath, get } from './client';

afterEach(() => vi.unstubAllGlobals());

function answering(body: string, init: ResponseInit): void {
  vi.stubGlobal('fetch', () => {
    const response = new Response(body, init);
    Object.defineProperty(response, 'url', { value: 'http://pipewright/api/v1/runs/x' });
    return Promise.resolve(response);
  });
}

async function failing(): Promise<ApiError> {
  const error = await get('/runs/x').catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(ApiError);
  return error as ApiError;
}

it('writes addresses without what is not set', () => {
  expect(apiUrl('/runs', { limit: 50, after: null, state: undefined, pipeline: 'a b' })).toBe(
    '/api/v1/runs?limit=50&pipeline=a+b',
  );
  expect(apiUrl('/runs')).toBe('/api/v1/runs');
  expect(encodePath('models/credit risk/a?.json')).toBe('models/credit%20risk/a%3F.json');
});

it('reads JSON', async () => {
  answering('{"id":"x"}', { status: 200 });
  expect(await get('/runs/x')).toEqual({ id: 'x' });
});

describe('what goes wrong', () => {
  it('is told in the server’s words', async () => {
    const problem = {
      type: '/docs/problems#RUN_NOT_FOUND',
      code: 'RUN_NOT_FOUND',
      title: 'T',
      status: 404,
      detail: 'D',
      remedy: 'R',
    };
    answering(JSON.stringify(problem), {
      status: 404,
      headers: { 'content-type': 'application/problem+json' },
    });
    expect((await failing()).problem).toEqual(problem);
  });

  it.each<[string, string, ResponseInit, string]>([
    ['no JSON', '<html>', { status: 403, headers: { 'content-type': 'text/html' } }, 'HTTP_403'],
    ['broken JSON', '{', { status: 500, headers: { 'content-type': 'application/json' } }, 'HTTP_500'],
    [
      'JSON of another form',
      '{"a":1}',
      { status: 418, headers: { 'content-type': 'application/json' } },
      'HTTP_418',
    ],
    ['a proxy without a server', '', { status: 502 }, 'SERVER_UNREACHABLE'],
  ])('has a code with %s', async (_, body, init, code) => {
    answering(body, init);
    const { problem } = await failing();
    expect(problem.code).toBe(code);
    expect(problem.detail).not.toBe('');
  });

  it('says so when nothing answers', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('refused')));
    const { problem } = await failing();
    expect(problem.code).toBe('SERVER_UNREACHABLE');
    expect(problem.remedy).toContain('./pipewright up');
  });
});
