import { expect, test } from "vitest";
import type { Schema } from "../api/client";
import { selects, slices } from "../parts/spread";
import { BEHAVIOUR, clauseFor, everyTag, examplesFor, readsBehaviours } from "./expressions";
import { filterGroup, size } from "./Tags";

type Line = Schema["TagLine"];

function line(code: string, type: Line["type"], values: string[] = []): Line {
  return {
    code,
    name: { zh: `名${code}`, en: code },
    kind: "fact",
    type,
    sensitivity: "P1",
    marketing_use: "include",
    priority: "P2",
    known: null,
    coverage: null,
    values: values.map((value) => ({ value, zh: `值${value}`, en: value })),
  };
}

const group = (code: string, tags: Line[], groups: Schema["TagGroup"][] = []) => ({
  code,
  name: { zh: code, en: code },
  groups,
  tags,
});
const stage = line("stage", "enum", ["new", "old", "it's"]);
const spend = line("spend", "money");
const tree = group("top", [spend], [group("low", [stage])]);

test("a tree is filtered by Chinese name and by code", () => {
  expect(size(tree)).toBe(2);
  expect(filterGroup(tree, "名stage")?.tags).toEqual([]);
  expect(filterGroup(tree, "spend")?.groups).toEqual([]);
  expect(filterGroup(tree, "nothing")).toBeNull();
});

test("values become clauses, quotes doubled", () => {
  expect(clauseFor(stage).map((one) => one.text)).toContain("stage = 'it''s'");
  expect(clauseFor(line("list", "list", ["a"]))[0]?.text).toBe("contains(list, 'a')");
  expect(clauseFor(spend).map((one) => one.text)).toEqual([
    "spend >= yuan(6000)",
    "spend < yuan(1000)",
    "spend is null",
  ]);
});

test("examples use only tags that exist", () => {
  expect(everyTag([tree, tree]).map((one) => one.code)).toEqual(["spend", "stage"]);
  expect(examplesFor([spend])).toEqual(["spend >= yuan(6000)"]);
  expect(examplesFor([])).toEqual([]);
});

test("slices add up to all customers and lead to their expression", () => {
  const spread = {
    total: 10,
    known: 7,
    other: 2,
    bins: [],
    bars: [{ value: { value: "new", zh: "新", en: "New" }, customers: 5 }],
  };
  const found = slices(spread, "zh", "其他", "未知");
  expect(found.map((one) => [one.label, one.customers])).toEqual([
    ["新", 5],
    ["其他", 2],
    ["未知", 3],
  ]);
  expect(found.map((one) => selects("stage", "enum", one))).toEqual([
    "stage = 'new'",
    null,
    "stage is null",
  ]);
});

test("brackets outside of texts hold behaviours", () => {
  expect(readsBehaviours(BEHAVIOUR)).toBe(true);
  expect(readsBehaviours("stage = 'new' and spend > yuan(6000)")).toBe(false);
  expect(readsBehaviours("stage = '[new]'")).toBe(false);
  expect(readsBehaviours("stage = 'it''s' and [count(*) of visit] > 1")).toBe(true);
});
