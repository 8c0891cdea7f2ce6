import { get } from './client';
import type { Page } from './types';

/** All items of a list that is known to be short: page after page, `most` at the utmost. */
export async function getAll<T>(path: string, signal?: AbortSignal, most = 2_000, limit = 200): Promise<T[]> {
  const items: T[] = [];
  let after: string | null | undefined;
  do {
    const page: Page<T> = await get(path, { limit, after }, signal);
    items.push(...page.items);
    after = page.items.length > 0 ? page.next : null;
  } while (after && items.length < most);
  return items;
}
