import { afterEach, expect, test, vi } from "vitest";
import { client } from "./client";

afterEach(() => {
  vi.unstubAllGlobals();
  localStorage.clear();
});

test.each([
  ["en", "en"],
  ["zh", "zh-CN"],
  [null, "zh-CN"],
])("asks in the language of the page: %s", async (chosen, asked) => {
  const asking = vi.fn(async (_request: Request) => Response.json({}));
  vi.stubGlobal("fetch", asking);
  if (chosen) localStorage.setItem("zhiyan.lang", chosen);
  await client.GET("/api/overview");
  expect(asking.mock.calls[0]?.[0].headers.get("Accept-Language")).toBe(asked);
});
