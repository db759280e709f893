import { describe, expect, it, test } from "vitest";
import { aligned, bufferedLog, firstOf, seconds, size, visible, wrap } from "../../../src/platform/log.js";
import { createLog } from "../../../src/platform/runner/console-log.js";

describe("a buffered log", () => {
  const terminal = () => {
    const written: string[] = [];
    return {
      written,
      log: createLog({ gitHub: false, write: (text) => written.push(text), colour: false, verbose: true }),
    };
  };

  test("keeps the lines of parallel work apart", () => {
    const { written, log } = terminal();
    const one = bufferedLog(log);
    const other = bufferedLog(log);
    one.log.fact("a", "first");
    other.log.line("b");
    one.log.untrusted(["::error::quoted"]);
    one.log.warning("careful");
    expect(written).toEqual([]);
    other.flush();
    one.flush();
    expect(written.join("")).toBe("b\n  a           first\n  | ::error::quoted\nWarning: careful\n");
  });

  test("writes nothing twice", () => {
    const { written, log } = terminal();
    const { log: buffer, flush } = bufferedLog(log);
    buffer.notice("once");
    flush();
    flush();
    expect(written).toEqual(["Notice: once\n"]);
  });

  test("does not hold back the result of a group", async () => {
    const { log } = terminal();
    expect(await bufferedLog(log).log.group("Boot", () => Promise.resolve(7))).toBe(7);
  });

  test("keeps a tone", () => {
    const written: string[] = [];
    const { log, flush } = bufferedLog(
      createLog({ gitHub: false, write: (text) => written.push(text), colour: true, verbose: false }),
    );
    log.line("PASSED", "good");
    flush();
    expect(written).toEqual(["\x1b[32mPASSED\x1b[0m\n"]);
  });
});

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

it("columns are as wide as their widest cell, without trailing spaces", () => {
  expect(
    aligned([
      ["target", "boots", ""],
      ["hvt", "kvm", ""],
      ["virtio", "no", "x"],
    ]),
  ).toEqual(["target  boots", "hvt     kvm", "virtio  no     x"]);
  expect(aligned([])).toEqual([]);
});

it("a long list of names ends in how many more there are", () => {
  expect(firstOf(["a", "b", "c"], 2)).toEqual(["a", "b", "and 1 more"]);
  expect(firstOf(["a", "b"], 2)).toEqual(["a", "b"]);
});

it("durations and sizes have few digits", () => {
  expect([310, 24_800, 119_900, 192_000].map(seconds)).toEqual(["0.31 s", "24.8 s", "119.9 s", "3 min 12 s"]);
  expect([999, 1000, 99_499, 99_500, 1_900_000, 1e9].map(size)).toEqual([
    "999 B",
    "1.0 kB",
    "99.5 kB",
    "100 kB",
    "1.9 MB",
    "1.00 GB",
  ]);
});

describe("a table that is too wide", () => {
  const rows = [
    ["target", "boot"],
    ["hvt x86_64", "no: it runs only on aarch64 machines"],
  ];

  it("keeps its words, on more lines", () => {
    expect(aligned(rows, 30)).toEqual([
      "target      boot",
      "hvt x86_64  no: it runs only",
      "            on aarch64",
      "            machines",
    ]);
  });

  it("stays as it is where it fits, or where words are too long", () => {
    expect(aligned(rows, 80)).toEqual(aligned(rows));
    expect(aligned([["a".repeat(90), "b"]], 80)).toEqual([`${"a".repeat(90)}  b`]);
  });
});

it("a text is wrapped between words", () => {
  expect(wrap("one two three", 7)).toEqual(["one two", "three"]);
  expect(wrap("wonderful day", 4)).toEqual(["wonderful", "day"]);
});
