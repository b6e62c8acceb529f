import type { Spread } from "../api/client";
import type { Lang } from "../i18n";

export interface Slice {
  label: string;
  customers: number;
  share: number;
  /** The raw value of a bar; undefined for a bin and for the rest. */
  value?: string | number | boolean;
  unknown?: boolean;
}

/** Turns a spread into slices over all customers, those without a value last. */
export function slices(spread: Spread, lang: Lang, other: string, unknown: string): Slice[] {
  const total = Math.max(1, spread.total);
  const slice = (label: string, customers: number): Slice => ({
    label,
    customers,
    share: customers / total,
  });
  const found = spread.bars.map((bar): Slice => {
    const raw = bar.value.value;
    const plain = slice(bar.value[lang], bar.customers);
    return raw === null || Array.isArray(raw) ? plain : { ...plain, value: raw };
  });
  const bins = spread.bins.map((bin) => slice(`${bin.low[lang]} – ${bin.high[lang]}`, bin.customers));
  const rest = spread.other > 0 ? [slice(other, spread.other)] : [];
  const missing = spread.total - spread.known;
  const blank = missing > 0 ? [{ ...slice(unknown, missing), unknown: true }] : [];
  return [...found, ...bins, ...rest, ...blank];
}

/** The expression that selects the customers of a slice, null where there is none. */
export function selects(code: string, type: string, slice: Slice): string | null {
  if (slice.unknown) return `${code} is null`;
  if (typeof slice.value === "boolean") return slice.value ? code : `not ${code}`;
  if (typeof slice.value === "number") return `${code} = ${slice.value}`;
  if (typeof slice.value !== "string") return null;
  const quoted = `'${slice.value.replaceAll("'", "''")}'`;
  return type === "list" ? `contains(${code}, ${quoted})` : `${code} = ${quoted}`;
}
