import type { Virtualizer } from '@tanstack/react-virtual';
import { type ReactNode, useEffect } from 'react';

/** The rows of a long table that are looked at; the next page is asked for when its end comes in sight. */
export function VirtualBody<Scroll extends Element | Window>({
  virtualizer,
  columns,
  more,
  loadMore,
  row,
}: {
  virtualizer: Virtualizer<Scroll, Element>;
  columns: number;
  more: boolean;
  loadMore: () => void;
  /** A `tr` with the key. */
  row: (index: number, key: string | number | bigint) => ReactNode;
}) {
  const rows = virtualizer.getVirtualItems();
  const { count, scrollMargin } = virtualizer.options;
  const before = rows[0] ? rows[0].start - scrollMargin : 0;
  const after = virtualizer.getTotalSize() + scrollMargin - (rows.at(-1)?.end ?? 0);
  const atEnd = (rows.at(-1)?.index ?? 0) >= count - 1;
  const scrolled = (virtualizer.scrollOffset ?? 0) > 0;

  useEffect(() => {
    if (more && atEnd && scrolled) loadMore();
  }, [more, atEnd, scrolled, loadMore]);

  return (
    <tbody>
      {before > 0 && <Spacer columns={columns} height={before} />}
      {rows.map(({ index, key }) => row(index, key))}
      {after > 0 && <Spacer columns={columns} height={after} />}
    </tbody>
  );
}

/** Stands for the rows that are not drawn. */
function Spacer({ columns, height }: { columns: number; height: number }) {
  return (
    <tr>
      <td colSpan={columns} style={{ height, padding: 0, border: 0 }} />
    </tr>
  );
}
