// What a guest prints, judged and shown everywhere: nothing of it is obeyed, and it takes no more work than plain text.
import fc from "fast-check";
import { SaxesParser } from "saxes";
import { expect } from "vitest";
import { bootJson } from "../../../src/artifact/boot-files.js";
import { junit } from "../../../src/artifact/junit.js";
import { type TranscriptEnd, explainStream } from "../../../src/boot/judge/explain.js";
import { Lines } from "../../../src/boot/judge/lines.js";
import { printedJson } from "../../../src/platform/log.js";
import { Problem } from "../../../src/platform/problem.js";
import { createLog } from "../../../src/platform/runner/console-log.js";
import { prose } from "../../../src/summary/markup.js";
import { targetNames, targets } from "../../../src/targets/targets.js";
import { obeyed } from "../../actions-runner.js";
import { asyncOf, changed, textOf } from "../../fuzz/inputs.js";
import { bootOf, bootedImage } from "../../unit/artifact/fixtures.js";
import { realConsoles, rulesOf } from "../../unit/boot/consoles.js";
import { attack } from "../attack.js";
import { isForeign, obeyedByTerminal, orders, texts } from "../hostile.js";

const lines = realConsoles.flatMap(({ console }) => Buffer.from(console).toString("latin1").split("\n"));
const banners = textOf(...new Set(lines), "\n", "Fatal error: exception ", "EL1 ", "CRIT: ", "trap caught", "[exit=0]");
const bytes = fc.oneof(
  texts(256 * 1024).map((text) => Buffer.from(text)),
  banners.map((text) => Buffer.from(text)),
  changed(...realConsoles.map(({ console }) => Buffer.from(console))),
  // Partial UTF-8, and bytes of no encoding.
  fc.uint8Array({ maxLength: 2_000 }).map((some) => Buffer.from(some)),
);
/** What becomes the evidence of a verdict, in the log and in JSON. */
const evidence = fc
  .tuple(fc.constantFrom("Fatal error: exception ", "Solo5: trap: "), fc.array(orders, { minLength: 1, maxLength: 6 }))
  .map(([banner, words]) => Buffer.from(`\n${banner}${words.join("").replaceAll("\n", "")}\n`));
const ends: fc.Arbitrary<TranscriptEnd> = fc.oneof(
  fc.constant<TranscriptEnd>({ kind: "stopped", byTimeout: true }),
  fc.integer({ min: 0, max: 255 }).map((status): TranscriptEnd => ({ kind: "exit", status })),
);
/** Byte by byte at first, then in larger pieces. */
const cuts = fc.integer({ min: 1_000, max: 70_000 }).map((size) => (content: Buffer) => {
  const pieces: Buffer[] = [...content.subarray(0, 500)].map((byte) => Buffer.of(byte));
  for (let at = 500; at < content.length; at += size) pieces.push(content.subarray(at, at + size));
  return pieces;
});
const booted = targetNames.filter((name) => targets[name].vmms.length > 0);

async function processorMs(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

export const consoles = attack(
  "consoles",
  1,
  fc.record({
    console: fc
      .tuple(fc.array(bytes, { minLength: 1, maxLength: 4 }), fc.option(evidence, { nil: Buffer.alloc(0) }))
      .map(([pieces, last]) => [...pieces, last]),
    cut: cuts,
    end: ends,
    name: fc.constantFrom(...booted),
  }),
  async ({ console, cut, end, name }) => {
    const whole = Buffer.concat(console);
    const rules = { ...rulesOf(name, "tcg"), expect: [/listening on [0-9.]+/u], forbid: [/forbidden/u] };
    const judged = (content: Buffer) =>
      explainStream(asyncOf(cut(content)), () => end, rules).catch((error: unknown) => {
        if (error instanceof Problem) return error;
        throw error;
      });
    // Plain text of the same size, at the same time on the same machine. Square work would be thousands of times more.
    const plain = await processorMs(() => judged(Buffer.alloc(whole.length, `${"x".repeat(79)}\n`)));
    let verdict: Awaited<ReturnType<typeof judged>> | undefined;
    const ms = await processorMs(async () => (verdict = await judged(whole)));
    expect(ms, `plain text took ${plain} ms`).toBeLessThan(40 * plain + 1_000);

    let written = "";
    const log = createLog({ gitHub: true, write: (text) => (written += text), colour: false, verbose: true });
    const shown = new Lines().add(whole);
    log.untrusted(shown);
    if (verdict === undefined || verdict instanceof Problem) log.error(String(verdict));
    else {
      for (const text of [verdict.summary, verdict.evidence?.line ?? "", verdict.remedy ?? ""]) {
        log.line(text);
        log.fact("verdict", text);
        log.error(text);
        expect(prose(text)).not.toMatch(/<(?!\/?code>)|[|@]/);
      }
      const boot = bootOf(verdict, { consoleEnd: shown.slice(-50), consoleLog: "/w/console.log" });
      const image = bootedImage({ path: "/w/www", name: "www", bytes: 1, sha256: "ab".repeat(32) }, boot);
      const about = { target: name, architecture: "x86_64", images: [image] } as const;
      for (const json of [bootJson(about), printedJson(verdict)]) {
        expect(json).not.toMatch(obeyedByTerminal);
        expect(obeyed(json)).toEqual([]);
        JSON.parse(json);
      }
      const parser = new SaxesParser();
      parser.on("error", (error) => {
        throw error;
      });
      parser.write(junit(about)).close();
    }
    expect(obeyed(written).filter(isForeign)).toEqual([]);
    expect(written).not.toMatch(obeyedByTerminal);
    return verdict instanceof Problem ? "refused" : (verdict?.verdict ?? "none");
  },
);
