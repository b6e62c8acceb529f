import type { Schema, Text } from "../api/client";

type Move = Schema["Move"];

export interface Mover {
  customer: string;
  change: string;
  asOf: string;
  reasons: { tag: string | null; name: Text | null; before: Text; after: Text }[];
}

/** One row per customer and step, with all that changed for her; the API gives one per tag. */
export function moversOf(moves: Move[]): Mover[] {
  const found = new Map<string, Mover>();
  for (const one of moves) {
    const key = `${one.as_of} ${one.change} ${one.customer_id}`;
    const mover = found.get(key) ?? {
      customer: one.customer_id,
      change: one.change,
      asOf: one.as_of,
      reasons: [],
    };
    mover.reasons.push({
      tag: one.tag,
      name: one.name,
      before: one.before_shown,
      after: one.after_shown,
    });
    found.set(key, mover);
  }
  return [...found.values()];
}

export interface Cause {
  tag: string | null;
  name: Text | null;
  before: Text;
  after: Text;
  change: string;
  customers: number;
}

/** The reasons of one step, or of all with equal ones added up, most frequent first. */
export function causesOf(reasons: Schema["Reason"][], asOf: string | null): Cause[] {
  const found = new Map<string, Cause>();
  for (const one of reasons) {
    if (asOf && one.as_of !== asOf) continue;
    const { change, tag, name, before_shown: before, after_shown: after } = one;
    const key = [change, tag, before.zh, after.zh].join("\u0000");
    const cause = found.get(key) ?? { tag, name, before, after, change, customers: 0 };
    cause.customers += one.customers;
    found.set(key, cause);
  }
  return [...found.values()].toSorted((a, b) => b.customers - a.customers);
}
