import { describe, expect, it } from "vitest";
import { LiveConsole } from "../../../src/boot/live-console.js";
import { collectingLog } from "../../collecting-log.js";

const numbered = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => `line ${from + at}`);

const fast = { linesMs: 1, waitsMs: 1 };

/** A log, and when something is written to it for the first time. */
function tellingLog(logged: string[]) {
  let tell: () => void = () => undefined;
  const written = new Promise<void>((resolve) => (tell = resolve));
  const log = collectingLog(logged);
  return {
    log: {
      ...log,
      line: (text: string) => {
        log.line(text);
        tell();
      },
      untrusted: (lines: readonly string[]) => {
        log.untrusted(lines);
        tell();
      },
    },
    written,
  };
}

describe("the console of a running boot", () => {
  it("is shown as it comes, and only once", async () => {
    const logged: string[] = [];
    const { log, written } = tellingLog(logged);
    const live = new LiveConsole(log, 1000, fast);
    live.show(["one"]);
    live.show(["two"]);
    expect(logged).toEqual([]);
    await written;
    expect(logged).toEqual(["one", "two"]);
    live.end();
    expect(logged).toEqual(["one", "two"]);
  });

  it("is cut in the middle when it has very many lines", () => {
    const logged: string[] = [];
    const live = new LiveConsole(collectingLog(logged), 1000);
    live.show(numbered(0, 150));
    for (let at = 150; at < 500; at += 1) live.show([`line ${at}`]);
    live.end();
    expect(logged.slice(0, 200)).toEqual(numbered(0, 200));
    expect(logged.slice(200)).toEqual(["  (270 lines are only in the file of the console)", ...numbered(470, 500)]);
  });

  it("has what is waited for, now and then, until the boot is over", async () => {
    const logged: string[] = [];
    const { log, written } = tellingLog(logged);
    const live = new LiveConsole(log, 60_000, fast);
    live.begin(() => "`listening`");
    await written;
    live.end();
    expect(logged[0]).toMatch(/^ {2}0\.\d\d s of 60\.0 s, waiting for `listening`$/);
    const { length } = logged;
    live.begin(() => "a guest that is gone");
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(logged).toHaveLength(length);
  });

  it("has no such lines in a log that is shown when all is over", async () => {
    const logged: string[] = [];
    const live = new LiveConsole({ ...collectingLog(logged), isHeldBack: true }, 60_000, fast);
    live.begin(() => "`listening`");
    await new Promise((resolve) => setTimeout(resolve, 10));
    live.end();
    expect(logged).toEqual([]);
  });
});
