import { describe, expect, test } from "vitest";
import { LineReader } from "../../../../src/platform/process/line-reader.js";

/** All lines of the chunks. */
function read(...chunks: readonly (string | Buffer)[]): string[] {
  const reader = new LineReader();
  return [...chunks.flatMap((chunk) => reader.add(Buffer.from(chunk))), ...reader.end()];
}

const inBytes = (text: string) => [...Buffer.from(text)].map((byte) => Buffer.of(byte));

describe("output is cut into lines", () => {
  test.each<readonly [name: string, chunks: readonly (string | Buffer)[], lines: readonly string[]]>([
    ["CR LF, LF and CR each end a line", ["a\r\nb\nc\rd"], ["a", "b", "c", "d"]],
    ["a CR LF that is split over chunks ends one line", ["a\r", "\nb\r", "c"], ["a", "b", "c"]],
    ["empty lines are kept", ["\na\n\n"], ["", "a", ""]],
    ["nothing is no line", ["", ""], []],
    ["the last CR ends a line", ["a\r"], ["a"]],
    ["a character that is split over chunks stays one", inBytes("né €\n"), ["né €"]],
    ["half a character at the end is kept as U+FFFD", [Buffer.from([0x61, 0xe2, 0x82])], ["a\ufffd"]],
    ["colours stay", ["\u001b[31mred\u001b[0m\n"], ["\u001b[31mred\u001b[0m"]],
  ])("%s", (_, chunks, lines) => {
    expect(read(...chunks)).toEqual(lines);
  });

  test.each(["\n", "\r\n", "\r"])(
    "at the same places, at once or byte by byte, even for the longest lines (%j)",
    (end) => {
      const text = [16_383, 16_384, 16_385, 40_000, 0, 1].map((length) => "x".repeat(length)).join(end);
      expect(read(text)).toEqual(read(...inBytes(text)));
      expect(read(text).map((line) => line.length)).toEqual([16_383, 16_384, 16_384, 1, 16_384, 16_384, 7_232, 0, 1]);
    },
  );

  test("a line without end is cut, and nothing of it is lost", () => {
    const reader = new LineReader();
    const long = Buffer.from("x".repeat(100_000));
    const lines = Array.from({ length: 20 }, () => reader.add(long)).flat();
    expect(lines.length).toBeGreaterThan(100);
    expect(Math.max(...lines.map((line) => line.length))).toBe(16 * 1024);
    expect([...lines, ...reader.end()].join("").length).toBe(2_000_000);
  });
});
