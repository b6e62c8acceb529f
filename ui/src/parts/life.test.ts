import { expect, test } from "vitest";
import type { Schema } from "../api/client";
import { matrixOf, shade } from "./matrix";
import { causesOf, moversOf } from "./moves";
import { psiLevel } from "./Psi";
import { at, byTag, pieces, startOf } from "./stretches";
import { points, relative, terms } from "./terms";

const text = (zh: string) => ({ zh, en: zh });

function stretch(tag: string, value: string, from: string, to: string | null, known: string | null = null) {
  return {
    tag,
    name: text(tag),
    value,
    shown: text(value),
    version: "v",
    unseen_at: null,
    valid_from: `${from}T16:00:00Z`,
    valid_to: to && `${to}T16:00:00Z`,
    known_from: `${from}T16:00:00Z`,
    known_to: known,
  };
}

function contribution(code: string, raw: number) {
  return {
    code,
    name: text(code),
    value: true,
    shown: text("是"),
    weight: 500_000,
    strength: 100,
    points: raw,
    text: text(""),
  };
}

test("a score is cut into the terms that add, in a bar of one hundred", () => {
  const parts = [
    contribution("a", 50_000_000),
    contribution("none", 0),
    contribution("b", 25_000_000),
  ];
  const found = terms(parts, 100_000_000);
  expect(found.map((term) => [term.one.code, term.points, term.start, term.width])).toEqual([
    ["a", 50, 0, 50],
    ["b", 25, 50, 25],
  ]);
  expect(points(62_500_000)).toBe(62.5);
});

test("a change of a weight is told as a share with its sign", () => {
  expect(relative(-200_000, 1_000_000)).toBe("−20%");
  expect(relative(651_000, 350_000)).toBe("+186%");
});

test("history goes by tag, oldest first, without what is not believed any more", () => {
  const lines = [
    stretch("n", "2", "2026-05-01", null),
    stretch("stage", "silent", "2026-06-01", null),
    stretch("stage", "active", "2026-03-01", "2026-06-01"),
    stretch("stage", "wrong", "2026-03-01", "2026-06-01", "2026-07-01T00:00:00Z"),
    stretch("n", "1", "2026-03-01", "2026-05-01"),
    stretch("still", "x", "2026-03-01", null),
    stretch("*", "true", "2026-03-01", null),
  ];
  const found = byTag(lines, new Set(["stage"]));
  expect(found.map((one) => [one.tag, one.changes])).toEqual([["stage", 1], ["n", 1], ["still", 0]]);
  const stage = found[0]!.stretches;
  expect(stage.map((one) => one.value)).toEqual(["active", "silent"]);
  expect(at(stage, "2026-06-01T15:59:59Z")?.value).toBe("active");
  expect(at(stage, "2026-06-01T16:00:00Z")?.value).toBe("silent");
  expect(at(stage, "2026-01-01T00:00:00Z")).toBeUndefined();
});

test("a business day begins at midnight of its zone", () => {
  expect(startOf("2026-09-01", 480)).toBe("2026-08-31T16:00:00Z");
});

test("pieces fill the strip from the first moment to its end", () => {
  const lines = [stretch("a", "x", "2026-01-01", "2026-01-06"), stretch("a", "y", "2026-01-06", null)];
  const found = pieces(lines, "2026-01-01T16:00:00Z", "2026-01-11T16:00:00Z");
  expect(found.map((one) => [one.start, one.width])).toEqual([[0, 50], [50, 50]]);
});

test("a migration adds up, and who was no customer neither stayed nor moved", () => {
  const value = (code: string | null, absent = false) => ({ ...text(code ?? "未知"), value: code, absent });
  const data: Schema["Migration"] = {
    tag: { code: "stage", name: text("阶段") },
    before: "2026-08-01T00:00:00Z",
    after: "2026-09-01T00:00:00Z",
    values: [value("active"), value("silent"), value("absent", true)],
    cells: [
      { before: 0, after: 0, customers: 5 },
      { before: 0, after: 1, customers: 3 },
      { before: 2, after: 0, customers: 7 },
    ],
  };
  const found = matrixOf(data);
  expect(found.rows).toEqual([8, 0, 7]);
  expect(found.columns).toEqual([12, 3, 0]);
  expect([found.both, found.stayed, found.moved]).toEqual([8, 5, 3]);
  expect([shade(0, 8), shade(1, 8), shade(8, 8)]).toEqual([0, 1, 5]);
});

test("moves of one customer in one step become one row; equal reasons add up", () => {
  const base = { customer_id: "C1", change: "entered", between: "a", as_of: "b", before: "x", after: "y" };
  const said = { before_shown: text("甲"), after_shown: text("乙") };
  const moves: Schema["Move"][] = [
    { ...base, tag: "t1", name: text("t1"), ...said },
    { ...base, tag: "t2", name: text("t2"), ...said },
    { ...base, customer_id: "C2", tag: null, name: null, ...said },
  ];
  expect(moversOf(moves).map((one) => [one.customer, one.reasons.length])).toEqual([["C1", 2], ["C2", 1]]);
  const reason = { change: "left", tag: "t1", name: text("t1"), ...said };
  const reasons = [
    { ...reason, as_of: "a", customers: 2 },
    { ...reason, as_of: "b", customers: 3 },
  ];
  expect(causesOf(reasons, null).map((one) => one.customers)).toEqual([5]);
  expect(causesOf(reasons, "b").map((one) => one.customers)).toEqual([3]);
});

test("stability is read by the usual levels", () => {
  expect([0, 0.0999, 0.1, 0.2499, 0.25].map(psiLevel)).toEqual(["stable", "stable", "drift", "drift", "broken"]);
});
