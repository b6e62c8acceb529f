import type { Schema, Text } from "../api/client";

type Line = Schema["StretchLine"];

/** What history calls being a customer at all. */
export const CUSTOMER = "*";

export interface TagHistory {
  tag: string;
  name: Text;
  /** Oldest first. */
  stretches: Line[];
  /** Times at which one value gave way to another. */
  changes: number;
}

/** The believed stretches by tag, each in the order of time; what changed first, `closed` foremost. */
export function byTag(lines: Line[], closed: ReadonlySet<string>): TagHistory[] {
  const found = new Map<string, TagHistory>();
  for (const one of lines) {
    if (one.known_to !== null || one.tag === CUSTOMER) continue;
    const history = found.get(one.tag) ?? { tag: one.tag, name: one.name, stretches: [], changes: 0 };
    history.stretches.push(one);
    found.set(one.tag, history);
  }
  for (const one of found.values()) {
    one.stretches.sort((a, b) => a.valid_from.localeCompare(b.valid_from));
    one.changes = one.stretches.filter(
      (line, place) => place > 0 && line.value !== one.stretches[place - 1]?.value,
    ).length;
  }
  return [...found.values()].toSorted(
    (a, b) =>
      Number(b.changes > 0) - Number(a.changes > 0) ||
      Number(closed.has(b.tag)) - Number(closed.has(a.tag)) ||
      b.changes - a.changes ||
      a.tag.localeCompare(b.tag),
  );
}

/** The stretch that holds at a moment; undefined: no value then. */
export function at(stretches: Line[], moment: string): Line | undefined {
  return stretches.find(
    (one) => one.valid_from <= moment && (one.valid_to === null || moment < one.valid_to),
  );
}

/** The first moment of a business day, in UTC, as the API writes moments. */
export function startOf(day: string, offsetMinutes: number): string {
  const midnight = Date.parse(`${day}T00:00:00Z`) - offsetMinutes * 60_000;
  return new Date(midnight).toISOString().replace(".000Z", "Z");
}

export interface Piece {
  start: number;
  width: number;
  line: Line;
}

/** Stretches as pieces of a strip of 100 from `from` to `to`; an open end reaches to the end. */
export function pieces(stretches: Line[], from: string, to: string): Piece[] {
  const low = Date.parse(from);
  const whole = Math.max(1, Date.parse(to) - low);
  const place = (moment: string | null) =>
    Math.min(100, Math.max(0, (((moment ? Date.parse(moment) : low + whole) - low) / whole) * 100));
  return stretches.map((line) => {
    const start = place(line.valid_from);
    return { start, width: Math.max(0.8, place(line.valid_to) - start), line };
  });
}
