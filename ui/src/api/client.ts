import createClient from "openapi-fetch";
import { remembered } from "../i18n";
import type { components, paths } from "./schema";

export type Schema = components["schemas"];
export type Failure = Schema["Failure"];
export type Shown = Schema["Shown"];
export type Text = Schema["Text"];
export type Spread = Schema["Spread"];

/** What the API refused, with its code and every problem. */
export class ApiError extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

export const client = createClient<paths>({
  baseUrl: globalThis.location.origin,
  fetch: (request) => {
    // what is refused is told in the language of the page, not in that of the browser
    request.headers.set("Accept-Language", remembered() === "zh" ? "zh-CN" : "en");
    return globalThis.fetch(request);
  },
});

interface Answer<T> {
  data?: T;
  error?: unknown;
}

function isFailure(error: unknown): error is Failure {
  return typeof error === "object" && error !== null && "problems" in error;
}

/** Waits for an answer; throws ApiError for anything that is not a success. */
export async function take<T>(answer: Promise<Answer<T>>): Promise<T> {
  const { data, error } = await answer;
  if (data !== undefined) return data;
  const unreadable = { code: "ZY609", message: String(error), where: "", hint: "", problems: [] };
  throw new ApiError(isFailure(error) ? error : unreadable);
}
