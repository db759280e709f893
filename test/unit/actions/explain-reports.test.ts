import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { fileURLToPath } from "node:url";
import { type ExplainOptions, explain } from "../../../src/actions/explain.js";
import { readInputs } from "../../../src/actions/interface.js";
import type { Verdict } from "../../../src/boot/judge/verdict.js";

/** Consoles made after public bug reports: test/fixtures/console/README.md. */
const pathOf = (report: string) =>
  fileURLToPath(new URL(`../../fixtures/console/reports/${report}.txt`, import.meta.url));

async function explained(
  path: string,
  given: Readonly<Record<string, string>>,
  options: ExplainOptions = {},
): Promise<Verdict> {
  let text = "";
  const inputs = readInputs((name) => given[name]);
  await explain(path, inputs, options, (more) => (text += more), true);
  return JSON.parse(text) as Verdict;
}

const qemu = { target: "unikraft-qemu" };
const virtio = { target: "virtio" };
const unstarted = "Unikraft could not start the program: main was never called";

test.each<[string, Readonly<Record<string, string>>, ExplainOptions, string, string]>([
  ["uk-banner-only", qemu, { exitCode: "83" }, "failed no-output", "exited without output of its own"],
  ["uk-minimal-banner-hang", qemu, { stillRunning: true }, "failed no-output", "no output of its own"],
  [
    "uk-failed-launch",
    qemu,
    { exitCode: "83" },
    "failed no-output",
    "Unikraft could not start the program: main was never called",
  ],
  [
    "fc-kvm-object",
    { target: "unikraft-firecracker", accelerator: "kvm" },
    { exitCode: "1" },
    "skipped accelerator",
    "KVM is missing or forbidden",
  ],
  [
    "fc-kvm-object",
    { target: "unikraft-firecracker" },
    { exitCode: "1" },
    "skipped accelerator",
    "KVM is missing or forbidden",
  ],
  [
    "hvt-signal",
    { target: "hvt" },
    { exitCode: "1" },
    "failed monitor",
    "solo5-hvt was stopped from outside by SIGTERM",
  ],
  [
    "hvt-signal",
    { target: "hvt" },
    { exitCode: "124" },
    "passed ready",
    "running; then stopped from outside (status 124)",
  ],
  [
    "hvt-signal",
    { target: "hvt" },
    { exitCode: "143" },
    "failed monitor",
    "solo5-hvt was stopped from outside by SIGTERM",
  ],
  ["exit-124", { target: "hvt" }, {}, "passed ready", "running; then stopped from outside (status 124)"],
  ["stamped-hang", { target: "hvt" }, { stillRunning: true }, "failed no-output", "no output of its own"],
  ["uk-pagefault-hang", qemu, { stillRunning: true }, "failed trap", "the processor trapped (page fault)"],
  ["uk-long-crash", qemu, { stillRunning: true }, "failed trap", "the processor trapped"],
  ["uk-old-mount", qemu, { stillRunning: true }, "failed no-output", unstarted],
  ["uk-old-thread", qemu, { stillRunning: true }, "failed no-output", unstarted],
  ["uk-weak-main", qemu, { exitCode: "83" }, "failed no-output", unstarted],
  ["uk-weak-main", qemu, { stillRunning: true }, "failed no-output", unstarted],
  ["uk-no-allocator", qemu, { stillRunning: true }, "failed no-output", unstarted],
  ["uk-no-allocator", qemu, { exitCode: "85" }, "failed no-output", unstarted],
  ["uk-lwip", qemu, { stillRunning: true }, "failed no-output", "no output of its own"],
  ["uk-actions-log", qemu, { exitCode: "83" }, "failed exit-status", "exited with status 3"],
  ["uk-restarts", qemu, { stillRunning: true }, "failed reboot-loop", "the guest restarted itself"],
  ["virtio-restarts", virtio, { stillRunning: true }, "failed reboot-loop", "the guest restarted itself"],
  ["virtio-ctrl-a-x", virtio, { exitCode: "0" }, "failed monitor", "qemu was stopped from outside"],
  ["virtio-old-halted", virtio, { stillRunning: true }, "failed exception", "uncaught exception"],
  ["virtio-halted", virtio, { stillRunning: true }, "passed exited", "exited with status 0"],
  ["virtio-zero-buffers", virtio, { stillRunning: true }, "failed no-output", "no output of its own"],
  ["hvt-old-banner", { target: "hvt" }, { stillRunning: true }, "passed ready", "running"],
  ["hvt-seccomp", { target: "hvt" }, { exitCode: "159" }, "failed monitor", "solo5-hvt was killed by SIGSYS"],
  [
    "hvt-restarted",
    { target: "hvt" },
    { exitCode: "2" },
    "failed exception",
    "uncaught exception (the last of 2 boots in this log; the one before: uncaught exception)",
  ],
  ["qubes-out-of-memory", { target: "qubes" }, { stillRunning: true }, "failed abort", "OCaml’s runtime gave up"],
  ["qubes-exception", { target: "qubes" }, { stillRunning: true }, "failed exception", "uncaught exception"],
  [
    "qubes-two-boots",
    { target: "qubes" },
    { stillRunning: true },
    "passed ready",
    "running (the last of 2 boots in this log; the one before: uncaught exception)",
  ],
  ["qubes-grub", { target: "qubes" }, { stillRunning: true }, "failed no-output", "no output of its own"],
  ["xen-hello", { target: "xen" }, { exitCode: "0" }, "passed exited", "exited with status 0"],
  ["muen-hello", { target: "muen" }, { stillRunning: true }, "passed exited", "exited with status 0"],
  [
    "fc-kvm-panic",
    { target: "unikraft-firecracker" },
    { exitCode: "134" },
    "skipped accelerator",
    "KVM is missing or forbidden",
  ],
])("%s with %j %j: %s", async (report, given, options, right, summary) => {
  const { verdict, reason, summary: said } = await explained(pathOf(report), given, options);
  expect({ told: `${verdict} ${reason}`, said }).toEqual({ told: right, said: summary });
});

const written = async (lines: readonly string[], given: Readonly<Record<string, string>>, exitCode?: string) => {
  const folder = mkdtempSync(join(tmpdir(), "unikernel-ci-"));
  try {
    const path = join(folder, "console.txt");
    writeFileSync(path, lines.map((line) => `${line}\n`).join(""));
    return await explained(path, given, exitCode === undefined ? {} : { exitCode });
  } finally {
    rmSync(folder, { recursive: true });
  }
};

test.each([
  ["spt", "hello"],
  ["hvt", "solo5-hvt: Exiting on signal 15"],
  ["virtio", "hello"],
  ["unikraft-qemu", "qemu-system-x86_64: terminating on signal 15 from pid 7 (timeout)"],
])("the status of `timeout` is one, in the file or as an option: %s %s", async (target, last) => {
  const lines = ["hello", last];
  const inFile = await written([...lines, "[exit=124]"], { target });
  expect(await written(lines, { target }, "124")).toEqual(inFile);
  expect(inFile.summary).toMatch(/; then stopped from outside \(status 124\)$/);
});

test("the status 124 of the guest itself is not that of `timeout`", async () => {
  for (const target of ["hvt", "spt"]) {
    const lines = [...solo5Banner, "hello", "Solo5: solo5_exit(124) called"];
    const inFile = await written([...lines, "[exit=124]"], { target });
    expect(inFile).toMatchObject({ reason: "exit-status", exitStatus: 124 });
    expect(await written(lines, { target }, "124")).toEqual(inFile);
  }
});

test.each([
  ["143", "SIGTERM"],
  ["130", "SIGINT"],
])("a shell’s status %s of a VMM is its end by %s, for every target", async (status, signal) => {
  for (const target of ["hvt", "spt", "virtio", "unikraft-qemu", "unikraft-firecracker"]) {
    const { reason, summary } = await written(["hello"], { target }, status);
    expect({ target, reason, summary }).toEqual({
      target,
      reason: "monitor",
      summary: expect.stringMatching(new RegExp(` was stopped from outside by ${signal}$`)) as string,
    });
  }
});

const solo5Banner = [
  "            |      ___|",
  "  __|  _ \\  |  _ \\ __ \\",
  "\\__ \\ (   | | (   |  ) |",
  "____/\\___/ _|\\___/____/",
  "Solo5: Bindings version v0.9.0",
  "Solo5: Memory map: 64 MB addressable:",
];
const minimalBanner = ["Powered by Unikraft Helene (0.18.0~20800b7)"];
const trap = [...minimalBanner, "[    0.372817] CRIT: [libkvmplat] RIP: 00000010088df442 CS: 0008"];

/** What logs put in front of a console's lines; the time differs from line to line. */
const prefixes: readonly (readonly [name: string, (index: number) => string])[] = [
  ["a date and a time", (index) => `[2022-02-23 12:34:${30 + index}] `],
  ["GitHub’s raw log", (index) => `2026-11-30T09:59:5${index}.1234567Z `],
  ["gh run view --log", (index) => `boot\tBoot it\t2026-11-30T09:59:5${index}.1234567Z `],
  ["journald", (index) => `Nov ${index < 2 ? "30" : " 1"} 18:59:5${index} builder solo5-run[4321]: `],
  ["journald, short-iso", (index) => `2026-11-30T18:59:5${index}+0000 builder hvt[4321]: `],
  ["docker compose", () => "unikernel-1  | "],
  ["docker logs -t, through compose", (index) => `app-1 | 2026-11-30T09:59:5${index}.12345${index}Z `],
  ["our own log", () => "  | "],
  ["our own log in GitHub’s", (index) => `2026-11-30T09:59:5${index}.1234567Z   | `],
  ["seconds since the start", (index) => `${index}.${index}53 `],
  ["padded seconds", (index) => `[${String(index * 3.3).padStart(5)}] `],
  ["a number of seconds that is whole at times", (index) => `${(index + 1) / 2}: `],
  ["a clock alone", (index) => `09:5${index}:01 AM: `],
  ["an indent", () => "    "],
];

describe.each(prefixes)("a log with a prefix: %s", (_, prefix) => {
  const prefixed = (lines: readonly string[]) => lines.map((line, index) => prefix(index) + line);
  const told = async (lines: readonly string[], target: string, exitCode?: string) => {
    const { verdict, reason, evidence } = await written(lines, { target }, exitCode);
    return `${verdict} ${reason}: ${evidence?.line ?? ""}`;
  };

  test("a banner is no output", async () => {
    expect(await told([...prefixed(solo5Banner), "[exit=124]"], "hvt")).toMatch(/^failed no-output/);
    expect(await told([...prefixed(minimalBanner), "[exit=124]"], "unikraft-qemu")).toMatch(/^failed no-output/);
  });

  test("an end, a crash and a complaint are read", async () => {
    const ended = [...solo5Banner, "hello", "Solo5: solo5_exit(3) called"];
    expect(await told(prefixed(ended), "virtio", "83")).toBe("failed exit-status: Solo5: solo5_exit(3) called");
    expect(await told([...prefixed(trap), "[exit=124]"], "unikraft-qemu")).toMatch(/^failed trap: \[ {4}0\.37/);
    const refused = ["solo5-hvt: x.hvt: Executable is not for the solo5-hvt target", "solo5-hvt: bye"];
    expect(await told(prefixed(refused), "hvt", "1")).toBe(`failed monitor: ${refused[0] ?? ""}`);
  });

  test("the runner’s lines around are not the guest’s", async () => {
    const lines = prefixed(["##[group]Run solo5-hvt", ...solo5Banner, "##[endgroup]"]);
    expect(await told([...lines, "##[error]Process completed with exit code 1.", "[exit=124]"], "hvt")).toMatch(
      /^failed no-output/,
    );
  });
});

test("lines of others in the same log are left out", async () => {
  const lines = [
    "db-1     | ready",
    ...solo5Banner.map((line) => `uk-1     | ${line}`),
    "db-1     | checkpoint",
    "[exit=124]",
  ];
  expect((await written(lines, { target: "hvt" })).reason).toBe("no-output");
});

test("the runner’s lines around a console without a prefix", async () => {
  const lines = ["##[group]Run", ...solo5Banner, "hello", "Solo5: solo5_exit(3) called"];
  const after = ["##[error]Process completed with exit code 83.", "Error: Process completed with exit code 83."];
  expect(await written([...lines, ...after], { target: "virtio" }, "83")).toMatchObject({ exitStatus: 3 });
});

test("what the log has before the firmware and the banner is not the guest’s", async () => {
  for (const start of [solo5Banner, ["SeaBIOS (version 1.16.2-debian-1.16.2-1)", "Booting from ROM.."]]) {
    const lines = ["$ make boot", "qemu-run hello", ...start, "[exit=124]"];
    expect((await written(lines, { target: "virtio" })).reason).toBe("no-output");
  }
});

test.each([
  ["lines that begin differently", [`a: ${solo5Banner[3] ?? ""}`, `b ${solo5Banner[4] ?? ""}`, "c- hello"]],
  ["docker’s files", solo5Banner.map((line) => JSON.stringify({ log: `${line}\r\n`, stream: "stdout" }))],
])("a prefix that cannot be read is refused: %s", async (_, lines) => {
  await expect(written(lines, { target: "hvt" }, "0")).rejects.toThrow("this log has a prefix that I cannot read");
});

test.each([
  ["a guest’s own words", ["Server: Powered by Unikraft Helene (0.18.0)", "listening"]],
  ["a guest that quotes another", ["hello", "peer: Fatal error: exception Exit", "done"]],
  ["a time before every line of the guest", ["10:00:01 hello", "10:00:02 done"]],
  [
    "Firecracker’s log",
    ["2026-11-01T10:11:12.123456789 [anonymous-instance:main] Running Firecracker v1.14.0", "hello"],
  ],
])("no prefix: %s", async (_, lines) => {
  expect(await written(lines, { target: "unikraft-firecracker" }, "0")).toMatchObject({ reason: "exited" });
});

test.each([{}, { accelerator: "kvm" }])("KVM’s failure behind the firmware’s line, with %j", async (given) => {
  const lines = [
    "SeaBIOS (version 1.16.2-debian-1.16.2-1)",
    "Booting from ROM..KVM internal error. Suberror: 1",
    "emulation failure",
    "EAX=00000000 EBX=00000000 ECX=00000000 EDX=00000663",
  ];
  for (const target of ["virtio", "unikraft-qemu"]) {
    expect(await written(lines, { target, ...given }, "0")).toMatchObject({
      verdict: "skipped",
      reason: "accelerator",
      evidence: { line: "KVM internal error. Suberror: 1" },
    });
  }
});

test("a complaint of QEMU’s is the evidence where the guest printed nothing", async () => {
  const { evidence } = await explained(pathOf("virtio-zero-buffers"), virtio, { stillRunning: true });
  expect(evidence?.line).toBe("qemu-system-x86_64: virtio: zero sized buffers are not allowed");
});

test("a machine without an exit device: its time limit is not known", async () => {
  const lines = [...solo5Banner, "ready", "[exit=124]"];
  expect(await written(lines, { target: "virtio", until: "exit" })).toMatchObject({
    reason: "timeout",
    summary: "it did not exit",
  });
});

test("an expected line that never came, where Unikraft shows no end", async () => {
  const lines = [...minimalBanner, "starting", "[exit=124]"];
  expect(await written(lines, { ...qemu, expect: "listening" })).toMatchObject({
    reason: "timeout",
    summary: "no line matched listening; running, or ended without a word: Unikraft does not tell",
  });
});

test.each([
  ["virtio", "OSv v0.57.0", "OSv", undefined],
  ["xen", "Xen Minimal OS!", "Mini-OS", undefined],
  ["xen", "MirageOS booting...", "Mini-OS", undefined],
  ["virtio", "rump kernel bare metal bootstrap", "rumprun", undefined],
  ["virtio", "en1: assigned 10.0.2.15", "Nanos", undefined],
  ["virtio", "[LOADER][INFO] Loader: [0x100000 - 0x121058]", "Hermit", undefined],
  ["hvt", "Powered by Unikraft Helene (0.18.0~20800b7)", "Unikraft", "unikraft-qemu, unikraft-firecracker"],
  ["spt", "[    0.372817] CRIT: [libkvmplat] Crashing", "Unikraft", "unikraft-qemu, unikraft-firecracker"],
  ["unikraft-qemu", "Solo5: Bindings version v0.9.0", "Solo5", "hvt, spt, virtio, muen, xen, qubes"],
])("a console that is not of the target %s: %s", async (target, first, system, accepted) => {
  await expect(written(["booting", first, "hello"], { target }, "0")).rejects.toMatchObject({
    message: `this console is not of the target: ${system} printed it`,
    facts: accepted === undefined ? { found: first } : { found: first, accepted },
  });
});

test("another system’s words after the banner are the guest’s", async () => {
  for (const [target, banner] of [
    ["spt", solo5Banner],
    ["unikraft-firecracker", minimalBanner],
  ] as const)
    expect(await written([...banner, "rump kernel bare metal bootstrap"], { target }, "0")).toMatchObject({
      verdict: "passed",
    });
});

test.each([
  ["Post job cleanup.", "Cleaning up orphan processes"],
  ["Post job cleanup.", "Fatal error: exception Not_found", "Solo5: Halted"],
  ["##[error]Process completed with exit code 83.", "##[group]Run actions/upload-artifact@v4", "uploaded"],
  ["##[group]Run actions/upload-artifact@v4", "uploaded"],
])("what a job’s log has after the console’s step is not the guest’s: %s", async (...after) => {
  const stamped = (lines: readonly string[]) =>
    lines.map((line, index) => `2026-11-30T09:59:5${index}.1234567Z ${line}`);
  const boot = [...minimalBanner, "3 tests failed", "[    0.1] Info: [libukboot] main returned 3"];
  for (const lines of [
    [...boot, ...after],
    stamped([...boot, ...after]),
    stamped([...minimalBanner, "hello", ...after, ...boot]),
  ])
    expect(await written(lines, qemu, "83")).toMatchObject({ reason: "exit-status", exitStatus: 3 });
});

test("QEMU’s line behind an unfinished line of the guest", async () => {
  const lines = ["hello", "progress 10%qemu-system-x86_64: terminating on signal 15 from pid 7 (sh)"];
  expect(await written(lines, { target: "virtio" }, "0")).toMatchObject({
    reason: "monitor",
    summary: "qemu was stopped from outside by SIGTERM",
  });
});
