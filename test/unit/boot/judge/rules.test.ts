import { describe, expect, test } from "vitest";
import { anyDialect, dialects } from "../../../../src/boot/judge/dialect.js";
import { type Expectations, checkExpectations, rulesFor } from "../../../../src/boot/judge/rules.js";
import type { Probe } from "../../../../src/boot/probes/probe.js";
import type { Accelerator } from "../../../../src/boot/report.js";
import type { ImageSystem } from "../../../../src/image/image.js";
import { Problem } from "../../../../src/platform/problem.js";
import { type TargetName, targets } from "../../../../src/targets/targets.js";

const asked: Expectations = { until: "auto", settle: 3, timeout: 60, expect: [], forbid: [], probe: [] };
const ping: Probe = { kind: "ping", text: "ping" };

describe("impossible expectations are refused before a boot", () => {
  test.each<readonly [name: string, target: TargetName, asked: Partial<Expectations>, message: RegExp]>([
    ["waiting for lines without any", "spt", { until: "expect" }, /`until: expect` needs the input expect or probe/],
    [
      "probes of a guest that should exit",
      "spt",
      { until: "exit", probe: [ping] },
      /input probe conflicts with `until: exit`/,
    ],
    [
      "probes of a guest that should exit with a status",
      "spt",
      { expectExit: 0, probe: [ping] },
      /input probe conflicts with `expect-exit: 0`/,
    ],
    [
      "a status of a guest that keeps running",
      "spt",
      { until: "running", expectExit: 0 },
      /input expect-exit conflicts with `until: running`/,
    ],
    [
      "the status of a target that reports none",
      "unikraft-qemu",
      { expectExit: 3 },
      /unikraft-qemu does not report an exit status/,
    ],
    [
      "the end of a guest whose end may not show",
      "unikraft-firecracker",
      { until: "exit", expect: [/bye/] },
      /input until: `exit` cannot be judged for unikraft-firecracker/,
    ],
    [
      "a settle as long as the timeout",
      "spt",
      { settle: 60 },
      /input settle \(60 s\) must be less than input timeout \(60 s\)/,
    ],
    [
      "a settle that outlasts the timeout, with lines",
      "spt",
      { timeout: 2, expect: [/x/] },
      /input settle \(3 s\) .* input timeout \(2 s\)/,
    ],
  ])("%s", (_, target, more, message) => {
    const check = () => checkExpectations({ ...asked, ...more }, { target: targets[target], isMarked: true });
    expect(check).toThrow(Problem);
    expect(check).toThrow(message);
  });

  test.each<readonly [name: string, target: TargetName, asked: Partial<Expectations>]>([
    ["nothing asked", "unikraft-qemu", {}],
    ["lines to wait for", "unikraft-qemu", { until: "expect", expect: [/x/] }],
    ["answers to wait for", "unikraft-qemu", { until: "expect", probe: [ping] }],
    ["the end of a guest of which every end shows", "virtio", { until: "exit" }],
    ["a status on the console", "virtio", { expectExit: 3 }],
    ["a long settle with `until: exit`", "hvt", { until: "exit", settle: 90 }],
    ["a long settle with a status", "hvt", { settle: 90, expectExit: 0 }],
    ["a status with `until: exit`", "hvt", { until: "exit", expectExit: 0 }],
  ])("%s is fine", (_, target, more) => {
    expect(() => checkExpectations({ ...asked, ...more }, { target: targets[target], isMarked: true })).not.toThrow();
  });
});

describe("the rules of an attempt", () => {
  const rulesOf = (name: TargetName, system: ImageSystem, accelerator: Accelerator, inHelperVm = false) => {
    const guest = { target: targets[name], isMarked: system.kind !== "unmarked" };
    const machine = { vmm: "qemu", accelerator, mayFallBack: accelerator === "kvm", inHelperVm } as const;
    return rulesFor({ ...asked, settle: 0.5, expectExit: 3, probe: [ping] }, guest, machine);
  };

  test("the target’s words, the attempt’s VMM, seconds as milliseconds", () => {
    expect(rulesOf("virtio", { kind: "solo5", abi: 3, abiVersion: 1, devices: [] }, "kvm")).toEqual({
      words: dialects.solo5,
      exitReport: "console",
      mayHang: false,
      vmm: "qemu",
      accelerator: "kvm",
      mayFallBack: true,
      until: "auto",
      settleMs: 500,
      timeoutMs: 60_000,
      graceMs: 3_000,
      expect: [],
      forbid: [],
      probes: ["ping"],
      expectExit: 3,
    });
  });

  test("a kernel without marks may print the words of any backend", () => {
    expect(rulesOf("unikraft-qemu", { kind: "unmarked" }, "tcg")).toMatchObject({
      words: anyDialect(),
      exitReport: "console",
      mayHang: true,
    });
    expect(rulesOf("unikraft-qemu", { kind: "unikraft", platform: "qemu" }, "tcg")).toMatchObject({
      words: dialects.unikraft,
      exitReport: "none",
    });
  });

  test("emulation gets more time, and settles as long", () => {
    const system: ImageSystem = { kind: "unikraft", platform: "qemu" };
    expect(rulesOf("unikraft-qemu", system, "tcg")).toMatchObject({ timeoutMs: 180_000, settleMs: 500, graceMs: 700 });
    expect(rulesOf("unikraft-qemu", system, "native")).toMatchObject({ timeoutMs: 60_000 });
  });

  test("a guest in a helper VM settles longer too", () => {
    const system: ImageSystem = { kind: "solo5", abi: 1, abiVersion: 2, devices: [] };
    expect(rulesOf("hvt", system, "tcg", true)).toMatchObject({ timeoutMs: 180_000, settleMs: 1_500 });
  });
});
