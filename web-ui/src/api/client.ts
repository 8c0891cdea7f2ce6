import { reportUnreachable } from './connection';
import type { Problem } from './types';

const BASE = '/api/v1';

/** A request that did not succeed, with what the server said about it. */
export class ApiError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.name = 'ApiError';
    this.problem = problem;
  }

  get status(): number {
    return this.problem.status;
  }
}

type Query = Record<string, string | number | undefined | null>;

/** The address of `path` below the API, with the parts of `query` that are set. */
export function apiUrl(path: string, query: Query = {}): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') params.set(key, String(value));
  }
  const text = params.toString();
  return `${BASE}${path}${text ? `?${text}` : ''}`;
}

/** A path whose parts are encoded, but whose slashes stay: `models/credit risk/model.json`. */
export function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

/** Reads JSON; every failure is an [ApiError]. */
export function get<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> {
  return call<T>(apiUrl(path, query), { headers: { accept: 'application/json' }, signal });
}

/** Asks for something to be done; every failure is an [ApiError]. */
export function post<T>(path: string, body?: unknown, query?: Query): Promise<T> {
  return send<T>('POST', apiUrl(path, query), body);
}

/** Makes or changes what is at an address; every failure is an [ApiError]. */
export function put<T>(path: string, body: unknown): Promise<T> {
  return send<T>('PUT', apiUrl(path), body);
}

/** Deletes what is at an address; every failure is an [ApiError]. */
export function remove(path: string, query?: Query): Promise<void> {
  return send<void>('DELETE', apiUrl(path, query));
}

function send<T>(method: string, url: string, body?: unknown): Promise<T> {
  return call<T>(url, {
    method,
    headers: { accept: 'application/json', 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
}

async function call<T>(url: string, request: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(url, request);
  } catch (error) {
    if (request.signal?.aborted) throw error;
    reportUnreachable();
    throw new ApiError(unreachable());
  }
  if (response.status === 204) return undefined as T;
  if (response.ok) return (await response.json()) as T;
  // A proxy in front of a server that is gone answers these without a problem.
  const problem = await problemOf(response);
  if (problem.code === 'SERVER_UNREACHABLE') reportUnreachable();
  throw new ApiError(problem);
}

async function problemOf(response: Response): Promise<Problem> {
  const text = await response.text();
  if (response.headers.get('content-type')?.includes('json')) {
    try {
      const body = JSON.parse(text) as Partial<Problem>;
      if (body.code && body.detail) return { ...unknown(response, text), ...body } as Problem;
    } catch {
      // Not JSON after all: told below as it came.
    }
  }
  if ([502, 504].includes(response.status) || (response.status === 500 && text === '')) return unreachable();
  return unknown(response, text);
}

function unknown(response: Response, text: string): Problem {
  return {
    type: 'about:blank',
    code: `HTTP_${response.status}`,
    title: response.statusText || 'The server answered with an error',
    status: response.status,
    detail: `${new URL(response.url, location.href).pathname} answered ${response.status}${text ? `: ${text.slice(0, 200)}` : ''}`,
  };
}

function unreachable(): Problem {
  return {
    type: '/docs/problems#SERVER_UNREACHABLE',
    code: 'SERVER_UNREACHABLE',
    title: 'The server does not answer',
    status: 503,
    detail: `Nothing answers at ${location.origin}.`,
    remedy: 'Start it with ./pipewright up. This page goes on by itself when it is back.',
  };
}
