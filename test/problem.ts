import { Problem } from "../src/platform/problem.js";

/** The problem that a function throws. */
export function problemOf(body: () => unknown): Problem {
  try {
    body();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
