import { createHash } from "node:crypto";

/** SHA-256 of a text in hexadecimal, or so many digits of it: enough to tell a few names apart. */
export function hashOf(text: string, digits = 64): string {
  return createHash("sha256").update(text).digest("hex").slice(0, digits);
}
