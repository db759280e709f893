import { split } from "shlex";

/**
 * In characters. Linux accepts no longer argument (execve(2), MAX_ARG_STRLEN), and the time to split grows with the
 * square of the length.
 */
export const longestWords = 128 * 1024;

/** Splits a text at whitespace as a POSIX shell does, with its quotes and backslashes. Expands nothing. */
export function splitWords(text: string): readonly string[] | "too long" | "not closed" {
  if (text.length > longestWords) return "too long";
  try {
    return split(text);
  } catch {
    return "not closed";
  }
}
