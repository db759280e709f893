import fc from "fast-check";
import { expect } from "vitest";
import { HelperVmReader } from "../../../src/boot/helper-vm/helper-process.js";
import { type TranscriptEnd, explainConsole, explainStream } from "../../../src/boot/judge/explain.js";
import { framesOfDebugger } from "../../../src/boot/crash/debugger.js";
import { crashAddresses, ocamlFrames } from "../../../src/boot/crash/frames.js";
import { consoleDifference } from "../../../src/collect/console-difference.js";
import { nearestLine } from "../../../src/summary/nearest-line.js";
import { Lines } from "../../../src/boot/judge/lines.js";
import { vmmRemedy } from "../../../src/boot/judge/decision.js";
import { Problem } from "../../../src/platform/problem.js";
import { LineReader } from "../../../src/platform/process/line-reader.js";
import { targetNames, targets } from "../../../src/targets/targets.js";
import { realConsoles, rulesOf } from "../../unit/boot/consoles.js";
import { asyncOf, changed, cuts, textOf } from "../inputs.js";
import { quickly, target } from "../target.js";

/** Every line of the real consoles, and what cuts and dresses lines. */
const words = [
  ...new Set(realConsoles.flatMap(({ console }) => Buffer.from(console).toString("latin1").split("\n"))),
  ...[
    "\n",
    "\r\n",
    "\r",
    "\u001b[",
    "\u001b]0;",
    "\u001b\\",
    "\u0007",
    "\0",
    "\u001b[31m",
    "\ufeff",
    "€",
    "“",
    "”",
    '"',
    "'",
    "`",
    "«",
    "‘",
    " ",
  ],
  ...[
    "Fatal error: ",
    "Fatal error: exception ",
    "Fatal error: out of memory",
    "Booting from ROM..",
    "Logfile Opened",
    "##[group]Run make boot",
    "Post job cleanup.",
    "Solo5: Halted",
    "CRIT: ",
    "Solo5: solo5_exit(0) called",
    'Raised in file "',
  ],
  ...[
    "solo5-hvt: ",
    "qemu-system-x86_64: warning: ",
    "[exit=0]",
    "carrier: start",
    "carrier: end 0",
    "carrier: error ",
  ],
];
const consoles = fc.oneof(
  textOf(...words).map((text) => Buffer.from(text)),
  changed(...realConsoles.map(({ console }) => Buffer.from(console))),
);
const rules = fc
  .tuple(
    fc.constantFrom(...targetNames.filter((name) => targets[name].vmms.length > 0)),
    fc.constantFrom("kvm", "tcg", "native"),
  )
  .map(([name, accelerator]) => rulesOf(name, accelerator as "kvm"));
const ends: fc.Arbitrary<TranscriptEnd> = fc.oneof(
  fc.constant<TranscriptEnd>({ kind: "stopped" }),
  fc.integer({ min: 0, max: 255 }).map((status): TranscriptEnd => ({ kind: "exit", status })),
);

/** A log whose prefix cannot be read is refused, and so is another system's. */
function refusal(error: unknown): string {
  if (error instanceof Problem) return error.message;
  throw error;
}

export const consoleTargets = [
  target("console: lines are the same however they come", fc.tuple(consoles, cuts()), ([bytes, cut]) => {
    const whole = new Lines();
    const pieces = new Lines();
    const lines = quickly(() => whole.add(bytes));
    expect(quickly(() => cut(bytes).flatMap((piece) => pieces.add(piece)))).toEqual(lines);
    expect(pieces.unfinished).toBe(whole.unfinished);
  }),
  target("console: lines of a program are the same however they come", fc.tuple(consoles, cuts()), ([bytes, cut]) => {
    const [whole, pieces] = [new LineReader(), new LineReader()];
    const lines = quickly(() => [...whole.add(bytes), ...whole.end()]);
    expect([...cut(bytes).flatMap((piece) => pieces.add(piece)), ...pieces.end()]).toEqual(lines);
  }),
  target(
    "console: the verdict is the same however it comes",
    fc.tuple(consoles, cuts(), rules, ends),
    async ([bytes, cut, judged, end]) => {
      const asked = { ...judged, expect: [/listening on [0-9.]+/u], forbid: [/forbidden/u] };
      const explained = (pieces: readonly Uint8Array[]) =>
        explainStream(asyncOf(pieces), () => end, asked).catch(refusal);
      expect(await explained(cut(bytes))).toEqual(await explained([bytes]));
    },
  ),
  target(
    "console: the verdict takes no longer than the console is long",
    fc.tuple(consoles, rules, ends),
    ([bytes, judged, end]) => {
      const verdict = quickly(() => {
        try {
          return explainConsole(bytes, end, judged).verdict;
        } catch (error) {
          return refusal(error);
        }
      });
      expect(verdict).toMatch(
        /^(?:passed|failed|skipped|this log has a prefix that I cannot read|this console is not of the target: .*)$/,
      );
    },
  ),
  target("console: the carrier’s protocol is the same however it comes", fc.tuple(consoles, cuts()), ([bytes, cut]) => {
    const pieces = new HelperVmReader();
    expect(cut(bytes).flatMap((piece) => pieces.add(piece))).toEqual(new HelperVmReader().add(bytes));
  }),
  target("console: remedies for a monitor’s words", textOf(...words), (text) => {
    quickly(() => vmmRemedy(text));
  }),
  target("console: the place of a crash", fc.tuple(consoles, consoles), ([bytes, other]) => {
    const [lines, others] = [new Lines().add(bytes), new Lines().add(other)];
    quickly(() => [crashAddresses(lines), ocamlFrames(lines), framesOfDebugger(lines.join("\n"))]);
    quickly(() => [consoleDifference(lines, others), nearestLine(others[0] ?? "", lines)]);
    expect(consoleDifference(lines, lines)).toEqual([]);
  }),
];
