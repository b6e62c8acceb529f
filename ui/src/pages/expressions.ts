import type { Schema } from "../api/client";

type Group = Schema["TagGroup"];
type Line = Schema["TagLine"];

export interface Offer {
  text: string;
  /** The name of the value that the clause asks for; absent where the clause is its own name. */
  label?: { zh: string; en: string };
}

/** Every tag below the groups, each once. */
export function everyTag(groups: Group[]): Line[] {
  const found = new Map<string, Line>();
  const visit = (group: Group) => {
    for (const one of group.tags) found.set(one.code, one);
    group.groups.forEach(visit);
  };
  groups.forEach(visit);
  return [...found.values()];
}

const FIRST: Partial<Record<Line["type"], (code: string) => string[]>> = {
  bool: (code) => [code, `not ${code}`],
  int: (code) => [`${code} >= 3`, `${code} = 0`],
  decimal: (code) => [`${code} >= 0.5`, `${code} < 0.5`],
  money: (code) => [`${code} >= yuan(6000)`, `${code} < yuan(1000)`],
  date: (code) => [`days_since(${code}) <= 90`, `days_since(${code}) > 180`],
  moment: (code) => [`days_since(${code}) <= 90`, `days_since(${code}) > 180`],
};

function quoted(value: unknown): string {
  return `'${String(value).replaceAll("'", "''")}'`;
}

/** Clauses that a tag offers, by its type and closed values. */
export function clauseFor(tag: Line): Offer[] {
  const valued = tag.values.map((one): Offer => {
    const text =
      tag.type === "list"
        ? `contains(${tag.code}, ${quoted(one.value)})`
        : `${tag.code} = ${quoted(one.value)}`;
    return { text, label: one };
  });
  const typed = FIRST[tag.type]?.(tag.code).map((text) => ({ text })) ?? [];
  return [...valued, ...typed, { text: `${tag.code} is null` }];
}

/** A condition over what customers did, which needs no tag; such are counted, but not followed. */
export const BEHAVIOUR = "[count(*) of web_event where type = 'view' window 30d] >= 3";

/** Whether a condition reads behaviours in brackets, outside of quoted texts. */
export function readsBehaviours(text: string): boolean {
  return text.replaceAll(/'[^']*'/g, "").includes("[");
}

/** Up to three examples from the tags that there are: one clause, two joined, one negated. */
export function examplesFor(tags: Line[]): string[] {
  const closed = tags.find((one) => one.type === "enum" && one.values.length > 2);
  const money = tags.find((one) => one.type === "money");
  const day = tags.find((one) => one.type === "date");
  const flag = tags.find((one) => one.type === "bool" && one.marketing_use === "include");
  const last = closed && `${closed.code} in (${closed.values.slice(-2).map((one) => `'${one.value}'`).join(", ")})`;
  return [
    money && `${money.code} >= yuan(6000)`,
    last && day && `${last} and days_since(${day.code}) <= 365`,
    flag && money && `not ${flag.code} and (${money.code} > yuan(1000) or ${money.code} is null)`,
  ].filter((one): one is string => Boolean(one));
}
