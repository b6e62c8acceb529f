import type { ReactNode } from "react";

export interface Column<T> {
  key: string;
  title: string;
  right?: boolean;
  render: (row: T) => ReactNode;
}

interface Props<T> {
  columns: Column<T>[];
  rows: readonly T[];
  rowKey: (row: T, place: number) => string | number;
  label: string;
  busy?: boolean;
}

/** A plain table that scrolls sideways on its own, by keyboard too. */
export function Grid<T>({ columns, rows, rowKey, label, busy = false }: Props<T>) {
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls needs focus
    <div className="scroll" tabIndex={0} role="region" aria-label={label} aria-busy={busy}>
      <table className={busy ? "grid-busy" : ""}>
        <thead>
          <tr>
            {columns.map((one) => (
              <th key={one.key} scope="col" className={one.right ? "right" : ""}>
                {one.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, place) => (
            <tr key={rowKey(row, place)}>
              {columns.map((one) => (
                <td key={one.key} className={one.right ? "right" : ""}>
                  {one.render(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
