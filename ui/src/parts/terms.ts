import type { Schema } from "../api/client";

export type Contribution = Schema["Contribution"];

/** Full strength of weight 1 is 100 points; scores come in millionths of it. */
const UNIT = 1_000_000;

export interface Term {
  one: Contribution;
  /** Points as people read them. */
  points: number;
  /** Start and width in a bar of 100. */
  start: number;
  width: number;
}

/** A score or a contribution as people read it: 62.5. */
export function points(raw: number): number {
  return Math.round((raw / UNIT) * 100) / 100;
}

/** A weight as it is declared: 0.15. */
export function weight(raw: number): number {
  return Math.round((raw / UNIT) * 10_000) / 10_000;
}

/** The contributions that add, one after the other in a bar that `most` points would fill. */
export function terms(contributions: Contribution[], most: number): Term[] {
  const full = Math.max(1, most);
  let start = 0;
  return contributions
    .filter((one) => one.points > 0)
    .map((one) => {
      const width = (one.points / full) * 100;
      const term = { one, points: points(one.points), start, width };
      start += width;
      return term;
    });
}

/** Weight changes as a share of the weight, with its sign: +20%. */
export function relative(change: number, of: number): string {
  const share = Math.round((change / Math.max(1, of)) * 100);
  return `${share > 0 ? "+" : "−"}${Math.abs(share)}%`;
}
