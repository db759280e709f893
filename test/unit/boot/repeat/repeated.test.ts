import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import type { BootRequest } from "../../../../src/boot/boot-request.js";
import { consolePath } from "../../../../src/boot/devices/devices.js";
import type { Reason } from "../../../../src/boot/judge/verdict.js";
import { bootRepeatedly } from "../../../../src/boot/repeat/repeated.js";
import type { Accelerator, BootReport } from "../../../../src/boot/report.js";
import { fakeContext } from "../../project/fixtures.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "unikernel-ci-"));
  return () => rmSync(folder, { recursive: true });
});

const request = { imagePath: "/dist/hello", accelerator: "auto", block: [] } as unknown as BootRequest;

interface Seen {
  readonly accelerators: string[];
  /** The most boots at the same time. */
  most: number;
}

/** Boots that end as told, one after the other, and write a console. */
function bootsOf(ends: readonly (Reason | "pass")[], accelerator: Accelerator = "native", cores = 4) {
  const fake = fakeContext(folder, () => Promise.resolve({ exitCode: 0 }));
  const context = { ...fake, host: { ...fake.host, cores } };
  const seen: Seen = { accelerators: [], most: 0 };
  let running = 0;
  const boot = async (_: unknown, asked: BootRequest): Promise<BootReport> => {
    const { repetition } = asked;
    const end = ends[(repetition ?? 1) - 1] ?? "pass";
    running += 1;
    seen.most = Math.max(seen.most, running);
    seen.accelerators.push(asked.accelerator);
    const consoleLog = consolePath(context, asked.imagePath, asked.scenario, repetition);
    mkdirSync(dirname(consoleLog), { recursive: true });
    writeFileSync(consoleLog, `begin\n${end === "pass" ? "listening" : "trap"} at 0x${repetition}0000000\nend\n`);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    const verdict =
      end === "pass"
        ? { verdict: "passed" as const, reason: "ready" as const, summary: "seen", atMs: 5, bootMs: repetition ?? 0 }
        : {
            verdict: end === "accelerator" ? ("skipped" as const) : ("failed" as const),
            reason: end,
            summary: end,
            atMs: 5,
          };
    const attempt = { accelerator, monitor: "qemu" as const, inCarrier: false, argv: [], verdict };
    return { imagePath: asked.imagePath, image: {} as never, verdict, attempts: [attempt], consoleLog, consoleEnd: [] };
  };
  const run = (times: number, asked = request) => bootRepeatedly(context, asked, times, 7, boot);
  return { run, seen, context, consoles: () => readdirSync(dirname(consolePath(context, "/dist/hello"))) };
}

describe("a repeated boot", () => {
  test("that is not repeated is a boot like any other", async () => {
    const { run, consoles } = bootsOf([]);
    expect(await run(1)).not.toHaveProperty("repeats");
    expect(consoles()).toEqual(["console-hello.log"]);
  });

  test("has one verdict, all times, and one console", async () => {
    const { run, consoles } = bootsOf([]);
    const report = await run(6);
    expect(report.verdict).toMatchObject({ verdict: "passed", summary: "passed 6 of 6 boots: seen", bootMs: 4 });
    expect(report.repeats).toMatchObject({ asked: 6, passed: 6, failed: 0, skipped: 0, readyMs: [] });
    expect(report.repeats?.bootMs.toSorted()).toEqual([1, 2, 3, 4, 5, 6]);
    expect(report.span?.startMs).toBe(7);
    expect(consoles()).toEqual(["console-hello.log"]);
  });

  test("that is flaky shows where the consoles differ, and keeps the console of the first failure", async () => {
    const { run, consoles } = bootsOf(["pass", "pass", "trap", "pass"]);
    const { verdict, repeats, consoleLog } = await run(4);
    expect(verdict).toMatchObject({ verdict: "failed", reason: "flaky" });
    expect(repeats?.difference).toEqual({
      line: 2,
      from: 1,
      passed: ["begin", "listening at 0x10000000", "end"],
      failed: ["begin", "trap at 0x30000000", "end"],
    });
    expect(readFileSync(consoleLog ?? "", "utf8")).toContain("trap");
    expect(consoles()).toEqual(["console-hello.log"]);
  });

  test("runs on all cores, or on half of them by emulation, after the first boot alone", async () => {
    const native = bootsOf([]);
    await native.run(20);
    expect(native.seen.most).toBe(4);
    const emulated = bootsOf([], "tcg");
    await emulated.run(20);
    expect(emulated.seen.most).toBe(2);
    const small = bootsOf([], "tcg", 1);
    await small.run(5);
    expect(small.seen.most).toBe(1);
  });

  test("does not try a KVM again that failed the first boot", async () => {
    const { run, seen } = bootsOf([], "tcg");
    await run(3);
    expect(seen.accelerators).toEqual(["auto", "tcg", "tcg"]);
  });

  test("stops when the first boot is skipped, or the first five fail", async () => {
    const skipped = bootsOf(["accelerator"]);
    expect(await skipped.run(9)).toMatchObject({ verdict: { verdict: "skipped", reason: "accelerator" } });
    expect(skipped.seen.accelerators).toHaveLength(1);
    const failing = bootsOf(
      Array.from({ length: 9 }, () => "timeout" as const),
      "native",
      1,
    );
    expect((await failing.run(9)).verdict.summary).toBe(
      "failed 5 of 5 boots (the other 4 were not started), first: timeout",
    );
  });

  test("must not write to a disk that lasts", async () => {
    const block = [{ name: "storage", path: "disk.img", readOnly: false }] as unknown as BootRequest["block"];
    const { run, context } = bootsOf([]);
    await expect(run(2, { ...request, block })).rejects.toThrow("input repeat: 2 boots would write to disk.img");
    expect(existsSync(dirname(consolePath(context, "/dist/hello")))).toBe(false);
    await run(1, { ...request, block });
    await run(2, { ...request, block: block.map((disk) => ({ ...disk, readOnly: true })) });
  });
});
