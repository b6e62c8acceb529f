import { expect, test } from "vitest";
import { count, day, fen, moment, percent } from "./format";

test("percentages keep what matters", () => {
  expect([0, 0.0004, 0.034, 0.125, 0.9996, 1].map(percent)).toEqual([
    "0%",
    "<0.1%",
    "3.4%",
    "13%",
    ">99.9%",
    "100%",
  ]);
});

test("moments stand in the business zone", () => {
  expect(moment("2026-11-20T16:30:00Z", 480)).toBe("2026-11-21 00:30");
  expect(day("2026-11-20T16:30:00Z", 0)).toBe("2026-11-20");
});

test("numbers and money", () => {
  expect(count(12_345, "zh")).toBe("12,345");
  expect(fen(-123_450, "zh")).toBe("-¥1,234.5");
});
