import { describe, expect, test } from "vitest";
import { Lines } from "../../../../src/boot/judge/lines.js";

/** The lines of the chunks, and what is left unfinished in the end. */
function read(...chunks: readonly (string | Buffer)[]) {
  const lines = new Lines();
  return { lines: chunks.flatMap((chunk) => lines.add(Buffer.from(chunk))), unfinished: lines.unfinished };
}

const inBytes = (bytes: Buffer) => [...bytes].map((byte) => Buffer.of(byte));

describe("a console is cut into lines", () => {
  test.each<
    readonly [name: string, chunks: readonly (string | Buffer)[], lines: readonly string[], unfinished: string]
  >([
    ["CRLF, LF and CR each end a line", ["a\r\nb\nc\rd"], ["a", "b", "c"], "d"],
    ["a CRLF that is split over chunks ends one line", ["a\r", "\nb\r", "\n"], ["a", "b"], ""],
    ["empty lines are dropped", ["\n\r\n\na\n\n"], ["a"], ""],
    ["a line is put together from many chunks", ["lis", "ten", "ing\n"], ["listening"], ""],
    ["an unfinished last line is available", ["a\nlast"], ["a"], "last"],
    [
      "escape sequences are taken out: colours, cursor, title",
      ["\u001b[31mred\u001b[0m\u001b[2J\u001b]0;title\u0007!\u001bc\n"],
      ["red!"],
      "",
    ],
    ["an escape sequence that is split over chunks is taken out", ["\u001b", "[3", "1mred\n"], ["red"], ""],
    ["a title that ends with ESC \\, split over chunks", ["\u001b]0;ti", "tle\u001b", "\\red\n"], ["red"], ""],
    ["half an escape sequence is no text yet", ["ok\u001b[3"], [], "ok"],
    ["half a title is no text yet", ["ok\u001b]0;tit"], [], "ok"],
    ["a line of escape codes alone is dropped", ["\u001b[2J\u001b[H\n"], [], ""],
    ["NUL is dropped", ["a\0b\0\n"], ["ab"], ""],
    ["8-bit text that is not UTF-8 becomes U+FFFD", [Buffer.from("caf\xe9\n", "latin1")], ["caf\ufffd"], ""],
    ["a character that is split over chunks stays one", inBytes(Buffer.from("né €\n")), ["né €"], ""],
    [
      "invalid UTF-8 split over chunks neither hides nor joins lines",
      inBytes(Buffer.from("a\xe2\x82\nb\xff\xc3(\n", "latin1")),
      ["a\ufffd", "b\ufffd\ufffd("],
      "",
    ],
    ["a byte order mark in the middle is kept", ["x\ufeffy\n"], ["x\ufeffy"], ""],
  ])("%s", (_, chunks, lines, unfinished) => {
    expect(read(...chunks)).toEqual({ lines, unfinished });
  });

  test("a long line is cut at the same places, at once or in pieces", () => {
    const long = Buffer.from(`${"x".repeat(40_000)}\ny\n`);
    const pieces = Array.from({ length: 41 }, (_, index) => long.subarray(index * 1000, (index + 1) * 1000));
    expect(read(long)).toEqual(read(...pieces));
    expect(read(long).lines.map((line) => line.length)).toEqual([16_384, 16_384, 7_232, 1]);
  });

  test("an endless line is cut without loss", () => {
    const lines = new Lines();
    const long = "x".repeat(100_000);
    const cut = Array.from({ length: 20 }, () => lines.add(Buffer.from(long))).flat();
    expect(Math.max(...cut.map((line) => line.length))).toBeLessThanOrEqual(16 * 1024);
    expect(lines.unfinished.length).toBeLessThanOrEqual(16 * 1024);
    expect(cut.join("") + lines.unfinished).toBe(long.repeat(20));
  });
});
