import { expect, test } from "vitest";
import { nameOf, say } from ".";
import { en } from "./en";
import { zh } from "./zh";

const places = (text: string) =>
  [...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1]).toSorted();

test("both languages fill the same places", () => {
  for (const key of Object.keys(zh) as (keyof typeof zh)[]) {
    expect(places(en[key]), key).toEqual(places(zh[key]));
  }
});

test("places are filled", () => {
  expect(say("zh", "overview.age", { n: 3 })).toBe("3 天前");
  expect(say("en", "profile.known", { a: 4, b: 9 })).toBe("4 of 9 tags have a value");
});

test("codes of the domain have names, strange ones stand for themselves", () => {
  expect(nameOf("zh", "id", "phone")).toBe("手机号");
  expect(nameOf("en", "reason", "odd_code")).toBe("odd code");
  expect(nameOf("en", "reason", "bad_phone")).toBe("not a phone number");
});
