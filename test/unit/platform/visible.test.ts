import { describe, expect, it } from "vitest";
import { visible } from "../../../src/platform/visible.js";

describe("visible", () => {
  it.each([
    ["\x1b[2Jcleared", "\\x1b[2Jcleared"],
    ["a\rb", "a\\x0db"],
    ["a\nb", "a\\x0ab"],
    ["a\0b", "a\\x00b"],
    ["a\x7fb", "a\\x7fb"],
    ["a\x85b\x9b31m", "a\\x85b\\x9b31m"],
    ["a\u2028b\u2029c", "a\\u2028b\\u2029c"],
    ["a\u202eb", "a\\u202eb"],
  ])("writes %j as %j", (text, shown) => {
    expect(visible(text)).toBe(shown);
  });

  it("leaves tabs, accents, emoji and replacement characters as they are", () => {
    const text = "a\tb é 👩‍💻 \ufffd";
    expect(visible(text)).toBe(text);
  });
});
