import { split } from "shlex";

/** In characters. Linux takes no longer word (execve(2), MAX_ARG_STRLEN), and splitting takes time with the square of the length. */
export const longestWords = 128 * 1024;

/** Words as a POSIX shell splits them: blanks separate, quotes and backslashes keep together. Nothing is expanded. */
export function splitWords(text: string): readonly string[] | "too long" | "not closed" {
  if (text.length > longestWords) return "too long";
  try {
    return split(text);
  } catch {
    return "not closed";
  }
}
