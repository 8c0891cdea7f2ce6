import {
  type ColumnDef,
  createColumnHelper,
  createSortedRowModel,
  type RowData,
  rowSortingFeature,
  sortFn_alphanumeric,
  sortFn_basic,
  tableFeatures,
  useTable,
} from '@tanstack/react-table';

const features = tableFeatures({
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
  sortFns: { alphanumeric: sortFn_alphanumeric, basic: sortFn_basic },
});

/** The helper with which a page declares the columns of its table. */
export function columnsOf<T extends RowData>() {
  return createColumnHelper<typeof features, T>();
}

interface Props<T extends RowData> {
  label: string;
  // biome-ignore lint/suspicious/noExplicitAny: each column has a value type of its own
  columns: ColumnDef<typeof features, T, any>[];
  data: T[];
  /** Columns, by id, whose cells are numbers. */
  right?: readonly string[];
  rowId: (row: T) => string;
  selected?: string;
}

/** A small table that sorts by a click on a column's head. Long lists have their own, virtual one. */
export function DataTable<T extends RowData>({
  label,
  columns,
  data,
  right = [],
  rowId,
  selected,
}: Props<T>) {
  const table = useTable({ features, columns, data, getRowId: rowId });
  return (
    <div className="table-wrap">
      <table className="data" aria-label={label}>
        <thead>
          {table.getHeaderGroups().map((group) => (
            <tr key={group.id}>
              {group.headers.map((header) => {
                const sorted = header.column.getIsSorted();
                return (
                  <th
                    key={header.id}
                    scope="col"
                    className={right.includes(header.column.id) ? 'right' : undefined}
                    aria-sort={sorted ? (sorted === 'asc' ? 'ascending' : 'descending') : undefined}
                  >
                    {header.column.getCanSort() ? (
                      <button
                        type="button"
                        className="sort"
                        onClick={header.column.getToggleSortingHandler()}
                      >
                        <table.FlexRender header={header} />
                        {sorted === 'asc' ? ' ↑' : sorted === 'desc' ? ' ↓' : ''}
                      </button>
                    ) : (
                      <table.FlexRender header={header} />
                    )}
                  </th>
                );
              })}
            </tr>
          ))}
        </thead>
        <tbody>
          {table.getRowModel().rows.map((row) => (
            <tr key={row.id} aria-selected={selected === undefined ? undefined : row.id === selected}>
              {row.getAllCells().map((cell) => (
                <td key={cell.id} className={right.includes(cell.column.id) ? 'right num' : undefined}>
                  <table.FlexRender cell={cell} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
