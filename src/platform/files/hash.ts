import { createHash } from "node:crypto";

/** SHA-256 of a text in hexadecimal, or its first digits, which are enough for a few distinct names. */
export function hashOf(text: string, digits = 64): string {
  return createHash("sha256").update(text).digest("hex").slice(0, digits);
}
