import { describe, expect, it } from "vitest";
import { visible } from "../../../../src/platform/log.js";
import { Problem } from "../../../../src/platform/problem.js";
import { createLog, wantsColour } from "../../../../src/platform/runner/console-log.js";
import { obeyed } from "../../../actions-runner.js";

function collect(gitHub: boolean, options: { readonly colour?: boolean; readonly verbose?: boolean } = {}) {
  const written: string[] = [];
  const write = (text: string) => void written.push(text);
  const log = createLog({ gitHub, write, colour: options.colour ?? false, verbose: options.verbose ?? false });
  return { log, text: () => written.join("") };
}

const hostile = [
  "::set-env name=PATH::/evil",
  "   ::add-mask::a",
  "##[error]x",
  "text before ##[add-path]/evil",
  "first\r::set-env name=A::b",
  "first\n::set-env name=A::b",
  "\0::error::x",
  "\u00a0::error::x",
  "\u2028::error::x",
  "::stop-commands::mine",
  "::endgroup::",
  "ends with CR\r",
  "\x1b[2J::error::x",
  "%0A::error::x",
  "%0D%0A##[error]x",
  "::error::%0A::add-mask::x",
];

describe("the log on Actions", () => {
  it.each(hostile)("lets nothing that a guest prints become a command: %j", (line) => {
    const { log, text } = collect(true);
    log.untrusted(["before", line, "after"]);
    expect(obeyed(text())).toEqual([]);
    expect(text()).toMatch(/^::stop-commands::([0-9a-f]{32})\n {2}\| before\n {2}\| .*\n {2}\| after\n::\1::\n$/);
  });

  it.each(hostile)("lets nothing that our own lines carry become a command: %j", (line) => {
    const { log, text } = collect(true);
    log.line(line);
    log.fact("image", line);
    log.fact(line, "x");
    expect(obeyed(text())).toEqual([]);
  });

  it.each(hostile)("keeps an annotation one command: %j", (line) => {
    const { log, text } = collect(true);
    log.error(line);
    expect(obeyed(text())).toEqual([text().trimEnd()]);
    expect(text()).toMatch(/^::error::[^\r\n]*\n$/);
    // Decoded as by the runner: a text that looks encoded is shown unchanged.
    const data = text().slice("::error::".length, -1);
    expect(data.replaceAll("%0A", "\n").replaceAll("%25", "%")).toBe(line.split("\n").map(visible).join("\n"));
  });

  it.each(hostile)("lets nothing that a compiler prints become more than an annotation: %j", (line) => {
    const { log, text } = collect(true);
    log.annotate("error", { file: `a,b:c%${line}`, line: 3, endLine: 4, column: 5, endColumn: 6 }, line);
    expect(obeyed(text())).toEqual([text().trimEnd()]);
    expect(text()).toMatch(/^::error file=a%2Cb%3Ac%25[^:,\r\n]*,line=3,endLine=4,col=5,endColumn=6::[^\r\n]*\n$/);
    expect(text()).not.toMatch(/(?!\n)\p{Cc}/u);
  });

  it("annotates no sources on a terminal", () => {
    const { log, text } = collect(false);
    log.annotate("error", { file: "a.ml", line: 1, endLine: 1 }, "bad");
    expect(text()).toBe("");
  });

  it("takes a new token each time", () => {
    const { log, text } = collect(true);
    log.untrusted(["a"]);
    log.untrusted(["a"]);
    const tokens = [...text().matchAll(/^::stop-commands::(.*)$/gm)].map((match) => match[1]);
    expect(new Set(tokens).size).toBe(2);
  });

  it("folds a group, shows its duration, and closes it also when the step throws", async () => {
    const { log, text } = collect(true);
    const step = log.group("Boot", () => {
      log.fact("image", "www.hvt");
      return Promise.reject(new Error("no"));
    });
    await expect(step).rejects.toThrow("no");
    expect(text()).toMatch(/^::group::Boot\n {2}image {7}www\.hvt\n {2}took {8}\d\.\d\d s\n::endgroup::\n$/);
  });

  it("shows a problem with several lines as one annotation", () => {
    const { log, text } = collect(true);
    log.error(new Problem("100% wrong", { do: ["this", "and that"] }).toString());
    expect(text()).toBe("::error::100%25 wrong%0A  do         this%0A             and that\n");
  });

  it("has notices, warnings and debug lines", () => {
    const { log, text } = collect(true);
    log.notice("a");
    log.warning("b");
    log.debug("c");
    expect(text()).toBe("::notice::a\n::warning::b\n::debug::c\n");
  });
});

describe("the log on a terminal", () => {
  it("shows a group, with its duration at the end", async () => {
    const { log, text } = collect(false);
    const result = await log.group("Build", () => {
      log.fact("image", "one\ntwo");
      log.line("plain");
      return Promise.resolve(7);
    });
    expect(result).toBe(7);
    expect(text()).toMatch(/^> Build\n {2}image {7}one\n {14}two\nplain\n {2}took {8}\d\.\d\d s\n$/);
  });

  it("shows what a guest prints without obeying it", () => {
    const { log, text } = collect(false);
    log.untrusted(["\x1b[2J::error::x\r", "##[error]"]);
    expect(text()).toBe("  | \\x1b[2J::error::x\n  | ##[error]\n");
  });

  it("labels errors, and hides debug lines unless verbose", () => {
    const { log, text } = collect(false);
    log.error("a\n  do  b");
    log.debug("hidden");
    expect(text()).toBe("Error: a\n  do  b\n");
    const verbose = collect(false, { verbose: true });
    verbose.log.debug("shown");
    expect(verbose.text()).toBe("shown\n");
  });

  it("colours the first word of a line with a tone, and escapes colours in the line", () => {
    for (const gitHub of [false, true]) {
      const { log, text } = collect(gitHub, { colour: true });
      log.line("  PASSED   seen \x1b[31m", "good");
      log.line("  FAILED   x", "bad");
      log.line("  SKIPPED  x", "open");
      log.line("  plain");
      expect(text()).toBe(
        "  \x1b[32mPASSED\x1b[0m   seen \\x1b[31m\n  \x1b[31mFAILED\x1b[0m   x\n  \x1b[33mSKIPPED\x1b[0m  x\n  plain\n",
      );
    }
  });

  it("keeps a line with a tone from becoming a command", () => {
    const { log, text } = collect(true, { colour: true });
    log.line("  PASSED   x: seen ::error::y\n::error::z", "good");
    expect(obeyed(text())).toEqual([]);
  });

  it("does not colour a tone without colours", () => {
    const { log, text } = collect(true);
    log.line("  PASSED   x", "good");
    expect(text()).toBe("  PASSED   x\n");
  });

  it.each([
    [{}, true],
    [{ TERM: "xterm" }, true],
    [{ NO_COLOR: "" }, true],
    [{ NO_COLOR: "1" }, false],
    [{ NO_COLOR: "0", TERM: "xterm" }, false],
    [{ TERM: "dumb" }, false],
  ])("with %j, colours are allowed: %s", (environment, wanted) => {
    expect(wantsColour(environment)).toBe(wanted);
  });

  it("colours labels", () => {
    const { log, text } = collect(false, { colour: true });
    log.warning("a");
    expect(text()).toBe("\x1b[33mWarning:\x1b[0m a\n");
  });
});
