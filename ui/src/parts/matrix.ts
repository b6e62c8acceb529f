import type { Schema } from "../api/client";

type Data = Schema["Migration"];

export interface Matrix {
  /** Customers by place of the value before, then after. */
  counts: number[][];
  rows: number[];
  columns: number[];
  /** Customers on both days, those who kept their value, those who changed it. */
  both: number;
  stayed: number;
  moved: number;
}

function sum(numbers: number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}

/** Arranges the cells of a migration; who was no customer on a day is in the sums of rows only. */
export function matrixOf(data: Data): Matrix {
  const size = data.values.length;
  const counts = Array.from({ length: size }, () => Array.from({ length: size }, () => 0));
  for (const cell of data.cells) counts[cell.before]![cell.after]! += cell.customers;
  const rows = counts.map(sum);
  const columns = counts.map((_, place) => sum(counts.map((row) => row[place] ?? 0)));
  const here = data.values.map((one) => !one.absent);
  let both = 0;
  let stayed = 0;
  counts.forEach((row, before) =>
    row.forEach((n, after) => {
      if (!here[before] || !here[after]) return;
      both += n;
      if (before === after) stayed += n;
    }),
  );
  return { counts, rows, columns, both, stayed, moved: both - stayed };
}

/** Strength of a cell's colour, 0 to 5, by its share of the row; nothing is 0. */
export function shade(n: number, row: number): number {
  if (n === 0 || row === 0) return 0;
  return Math.min(5, 1 + Math.floor((n / row) * 5));
}
