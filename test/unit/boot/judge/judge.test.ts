import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test, vi } from "vitest";
import { trapName } from "../../../../src/boot/judge/dialect.js";
import { Judge, judgeInSlices, judgeInTime } from "../../../../src/boot/judge/judge.js";
import type { Rules } from "../../../../src/boot/judge/rules.js";
import { type Reason, reasons, ruleNames } from "../../../../src/boot/judge/verdict.js";
import {
  type Row,
  accelerators,
  allRows,
  answer,
  banner,
  complaint,
  dies,
  ended,
  endings,
  ends,
  exit,
  firecrackers,
  judge,
  lastWords,
  line,
  ready,
  signsOfLife,
  spt,
  success,
  unfinishedLines,
  unikraftEnds,
  virtio,
  virtioKvm,
  waiting,
} from "../cases.js";
import type { GuestEvent } from "../../../../src/boot/judge/events.js";
import { explainConsole } from "../../../../src/boot/judge/explain.js";
import { judgeHttp } from "../../../../src/boot/probes/answers.js";
import { parseProbe } from "../../../../src/boot/probes/probe-text.js";
import { Problem } from "../../../../src/platform/problem.js";
import { processorMs } from "../../../processor-time.js";
import { rulesOf } from "../consoles.js";
import type * as TimeLimit from "../../../../src/platform/time-limit.js";

// The real limit, shortened where a test runs into it on purpose: seconds of a processor otherwise.
const longest = vi.hoisted(() => ({ ms: Number.POSITIVE_INFINITY }));
vi.mock("../../../../src/platform/time-limit.js", async (importOriginal) => {
  const original = await importOriginal<typeof TimeLimit>();
  return {
    ...original,
    withinTime: (limitMs: number, work: () => unknown) => original.withinTime(Math.min(limitMs, longest.ms), work),
  };
});

function table(rows: readonly Row[]): void {
  test.each(rows.map((row) => [row[0], row] as const))("%s", (_, [, rules, events, right, summary]) => {
    const { verdict, reason, atMs, summary: said } = judge(rules, events);
    expect(`${verdict} ${reason} ${atMs}`).toBe(right);
    if (summary !== undefined) expect(said).toBe(summary);
  });
}

describe("how a guest ended", () => table(endings));
describe("ends that differ by one sign", () => table(ends));
describe("Firecracker’s own log", () => table(firecrackers));
describe("what success is", () => table(success));
describe("last words", () => table(lastWords));
describe("how Unikraft ended", () => table(unikraftEnds));
describe("signs of life after last words", () => table(signsOfLife));
describe("unfinished lines", () => table(unfinishedLines));
describe("an accelerator’s failure is not the guest’s", () => table(accelerators));

test("every reason that the judge can give is in the tables", () => {
  const shown = allRows.map(([, , , right]) => right.split(" ")[1]);
  // Decided before a guest is started (plan.ts and boot.ts), and of several boots (repeat/).
  const elsewhere: readonly Reason[] = ["unsupported", "not-asked", "flaky"];
  expect(new Set([...shown, ...elsewhere])).toEqual(new Set(reasons));
});

test("every rule that can decide is in the tables", () => {
  expect(new Set(allRows.map(([, rules, events]) => judge(rules, events).rule))).toEqual(new Set(ruleNames));
});

test("the documentation has every reason and every rule", () => {
  const rows = readFileSync(new URL("../../../../docs/verdicts.md", import.meta.url), "utf8").matchAll(
    /^\| (?:<a id="[a-z-]+"><\/a>)?`([a-z-]+)` \|/gm,
  );
  expect(new Set(Array.from(rows, ([, name]) => name))).toEqual(new Set([...reasons, ...ruleNames]));
});

// Summaries link to them.
test("the documentation has an anchor for each reason", () => {
  const page = readFileSync(new URL("../../../../docs/verdicts.md", import.meta.url), "utf8");
  expect(Array.from(page.matchAll(/<a id="([^"]*)"><\/a>`([^`]*)`/g), ([, id, name]) => [id, name])).toEqual(
    expect.arrayContaining(reasons.map((reason) => [reason, reason])),
  );
});

test.each([
  ["Solo5: trap: type=#PF ec=0x2 rip=0x108aeb", " (page fault)"],
  ["Solo5: trap: type=#DE ec=0x0 rip=0x108aeb", " (division by zero)"],
  [
    "[    0.1] CRIT: [libkvmplat] <traps.c @ 1> Unhandled Trap 13 (general protection), error code=0x0",
    " (general protection fault)",
  ],
  ["CRIT: [libkvmplat] EL1 sync trap caught", ""],
])("the name of the trap in %s is%s", (line, name) => {
  expect(trapName(line)).toBe(name);
});

// Found by fuzzing: the rest of the line was looked at behind each of the words, for each kind of mark.
test.each(['"', "Fatal error: ", "Fatal error: tick 4 "])("a long line of %j is read at once", (word) => {
  const lines = Array.from({ length: 100 }, (_, index) => line(index, word.repeat(16_384 / word.length)));
  expect(processorMs(() => judge(virtio, lines))).toBeLessThan(5_000);
});

describe("the verdict", () => {
  test("stays after it was given", () => {
    const judge = new Judge({ ...virtio, forbid: [/no/] });
    const verdict = judge.see(line(10, "no"));
    expect(verdict).toMatchObject({ verdict: "failed", reason: "forbidden" });
    expect(judge.see(line(20, ended(0)))).toBe(verdict);
    expect(judge.see(exit(30, 83))).toBe(verdict);
  });

  test("has its evidence, its times and the status", () => {
    const rules = { ...spt, ...waiting };
    expect(judge(rules, [banner, ready, line(200, ended(0)), exit(210, 0)])).toEqual({
      verdict: "passed",
      reason: "ready",
      rule: "exit-status",
      summary: "seen `listening on port 80`",
      evidence: { line: "listening on port 80", atMs: 100 },
      exitStatus: 0,
      readyMs: 100,
      bootMs: 100,
      atMs: 210,
    });
    expect(judge({ ...spt, expectExit: 3 }, [ready, line(200, ended(2)), exit(210, 2)])).toEqual({
      verdict: "failed",
      reason: "exit-status",
      rule: "exit-status",
      summary: "exited with status 2, not 3",
      evidence: { line: ended(2), atMs: 200 },
      exitStatus: 2,
      atMs: 210,
    });
  });

  test("of a tender that refuses quotes its error, not its warnings", () => {
    const refusal = "solo5-spt: Device 'service' of type NET_BASIC declared but not attached.";
    const events = [
      complaint(1, "solo5-spt: Warning: x"),
      complaint(2, refusal),
      complaint(3, "solo5-spt: All declared"),
      exit(4, 1),
    ];
    expect(judge(spt, events).evidence).toEqual({ line: refusal, atMs: 2 });
  });

  test("of a timeout names the last line and the missing one", () => {
    const { summary, evidence } = judge({ ...virtio, expect: [/port/, /never/] }, [ready, line(500, "idle")]);
    expect(summary).toBe("no line matched never within 60 s");
    expect(evidence).toEqual({ line: "idle", atMs: 500 });
  });

  test("of a trap has the trap’s first line", () => {
    const events = [
      line(9, "Solo5: trap: type=#PF ec=0x2"),
      line(10, "Solo5: trap: cr2=0x10"),
      line(11, "Solo5: ABORT: x.c:1: Fatal trap"),
      exit(20, 83),
    ];
    expect(judge(virtio, events).evidence?.line).toBe("Solo5: trap: type=#PF ec=0x2");
  });
});

test("the deadline is the nearest of all deadlines", () => {
  const judge = new Judge({ ...virtioKvm, ...waiting });
  expect(judge.deadlineMs).toBe(10_000);
  judge.see(banner);
  expect(judge.deadlineMs).toBe(10_000);
  judge.see(line(50, "booting"));
  expect(judge.deadlineMs).toBe(60_000);
  judge.see(ready);
  expect(judge.deadlineMs).toBe(3_100);
  judge.see(line(200, dies));
  expect(judge.deadlineMs).toBe(3_200);
  judge.see(line(350, "alive"));
  expect(judge.deadlineMs).toBe(3_100);
});

describe("probes", () => {
  const asked: Rules = { ...spt, probes: ["http://:80/", "tcp://:443"] };
  table([
    [
      "all must hold, then it is watched",
      asked,
      [banner, answer(200, 0, true), answer(900, 1, true)],
      "passed ready 3900",
    ],
    ["no line of its own is needed", asked, [answer(200, 0, true), answer(900, 1, true)], "passed ready 3900"],
    [
      "one that never holds",
      asked,
      [banner, ready, answer(200, 0, true), answer(900, 1, false)],
      "failed timeout 60000",
    ],
    [
      "an answer that holds at last",
      asked,
      [answer(200, 0, false), answer(300, 1, true), answer(400, 0, true)],
      "passed ready 3400",
    ],
    [
      "an answer that held is not taken back",
      asked,
      [answer(200, 0, true), answer(210, 0, false), answer(300, 1, true)],
      "passed ready 3300",
    ],
    [
      "a death after the last answer",
      asked,
      [answer(200, 0, true), answer(300, 1, true), line(900, dies), exit(910, 2)],
      "failed exception 910",
    ],
    [
      "an end before the last answer",
      asked,
      [banner, ready, answer(200, 0, true), exit(300, 0)],
      "failed unexpected-exit 300",
    ],
    [
      "a clean end after the last answer",
      asked,
      [answer(200, 0, true), answer(300, 1, true), exit(400, 0)],
      "passed ready 400",
    ],
    [
      "lines are asked for as well",
      { ...asked, expect: [/listening/] },
      [answer(200, 0, true), answer(300, 1, true)],
      "failed no-output 60000",
    ],
    [
      "the last of lines and answers counts",
      { ...asked, expect: [/listening/] },
      [answer(50, 0, true), answer(60, 1, true), ready],
      "passed ready 3100",
    ],
  ]);

  test("the verdict shows the last answer to a failed probe", () => {
    const events = [
      banner,
      ready,
      answer(200, 0, true),
      answer(300, 1, false, "timed out"),
      answer(900, 1, false, "connection refused"),
    ];
    const { summary, evidence } = judge(asked, events);
    expect(summary).toBe("`tcp://:443` was not answered as expected within 60 s");
    expect(evidence).toEqual({ line: "tcp://:443: connection refused", atMs: 900 });
  });

  test("boot and ready times differ", () => {
    const { bootMs, readyMs, summary } = judge(asked, [
      banner,
      ready,
      answer(200, 0, true),
      answer(900, 1, true, "connected"),
    ]);
    expect({ bootMs, readyMs, summary }).toEqual({
      bootMs: 100,
      readyMs: 900,
      summary: "seen `tcp://:443: connected`",
    });
  });
});

describe("judge in time", () => {
  /** It tries 2^40 ways through the line. */
  const catastrophic = /^(a+)+$/u;
  const line = `${"a".repeat(40)}!`;
  const rules = rulesOf("spt", "native");
  const seen = (...texts: readonly string[]): GuestEvent[] => texts.map((text) => ({ kind: "console", text, atMs: 0 }));

  function problemOf(work: () => unknown): Problem {
    try {
      work();
    } catch (error) {
      if (error instanceof Problem) return error;
      throw error;
    }
    return expect.unreachable("nothing was thrown");
  }

  describe("a pattern that backtracks exponentially", () => {
    afterEach(() => void (longest.ms = Number.POSITIVE_INFINITY));

    test.each([
      ["expect", { expect: [catastrophic] }],
      ["forbid", { forbid: [/innocent/u, catastrophic] }],
    ])("of %s is a mistake of the user, with the patterns named", (_, asked) => {
      // Seconds, so that the test also ends, and fails, without the limit.
      const slow = `${"a".repeat(29)}!`;
      const problem = problemOf(() => judgeInTime(new Judge({ ...rules, ...asked }), seen("one", slow), 100));
      expect(problem.message).toBe("inputs expect and forbid: matching the guest’s output took longer than 0.1 s");
      expect(problem.facts.found).toContain(catastrophic.source);
    });

    test("stops `explain` too", () => {
      longest.ms = 200;
      expect(() =>
        explainConsole(Buffer.from(`${line}\n`), { kind: "stopped" }, { ...rules, expect: [catastrophic] }),
      ).toThrow(Problem);
    });

    test("of a probe is an answer that does not hold", () => {
      const probe = parseProbe("http://:80/ body=/^(a+)+$/");
      if (probe.kind !== "http") throw new Error("no HTTP probe");
      const { holds, said } = judgeHttp(probe, { status: 200, body: line, bytes: line.length, end: "whole" });
      expect(holds).toBe(false);
      expect(said).toMatch(/^the body \(41 bytes\) could not be matched against \/\^\(a\+\)\+\$\/ within 1 s/);
    });
  });

  test("a pattern of ours has a time, too", () => {
    const words = { ...rules.words, chrome: [catastrophic] };
    const problem = problemOf(() => judgeInTime(new Judge({ ...rules, words }), seen(line), 100));
    expect(problem.message).toBe("matching the guest’s output took longer than 0.1 s");
  });

  test("slow reads add up: a pattern that is slow each time is refused, and does not starve other boots", () => {
    const slow = (length: number) => `${"a".repeat(length)}!`;
    // As slow as counts, on any machine.
    let length = 16;
    while (processorMs(() => catastrophic.test(slow(length))) < 150) length += 1;
    const judge = new Judge({ ...rules, expect: [catastrophic] });
    expect(() => {
      for (let read = 0; read < 30; read++) judgeInTime(judge, seen(slow(length)), 1_500);
    }).toThrow("took longer than 1.5 s");
  });

  test("other boots take their turns while a flood is judged", async () => {
    let turns = 0;
    let isJudged = false;
    const other = () => {
      turns += 1;
      if (!isJudged) setImmediate(other);
    };
    setImmediate(other);
    await judgeInSlices(new Judge(rules), seen(...Array.from({ length: 100 }, () => "x".repeat(16 * 1024))));
    isJudged = true;
    expect(turns).toBeGreaterThan(20);
  });

  test.each([
    ["CRIT: EL1 "],
    ["CRIT: "],
    [`'Fatal error: exception `],
    ['"Fatal error: '],
    [":WARN"],
    [" 2026-01-01T00:00:00 [a:b"],
    ["Powered by "],
    ["\u001b["],
  ])("a line of half a million characters costs no more than its length: %j again and again", (piece) => {
    const text = piece.repeat(Math.ceil(2 ** 19 / piece.length));
    for (const target of ["spt", "unikraft-qemu", "unikraft-firecracker"] as const) {
      const judge = new Judge(rulesOf(target, "native"));
      expect(
        processorMs(() => {
          judge.see({ kind: "console", text, atMs: 0 });
          judge.see({ kind: "monitor", text, atMs: 0 });
        }),
      ).toBeLessThan(3_000);
    }
  });

  test("of several events at once the first decisive one wins", () => {
    const judge = new Judge({ ...rules, forbid: [/two/u, /three/u] });
    expect(judgeInTime(judge, seen("one", "two", "three"))).toMatchObject({
      reason: "forbidden",
      evidence: { line: "two" },
    });
  });
});
