import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { readInputs } from "../../src/actions/interface.js";
import { bootImage } from "../../src/boot/boot.js";
import type { BootReport } from "../../src/boot/report.js";
import type { Image } from "../../src/image/image.js";
import { readImage } from "../../src/image/recognise.js";
import { kvmAccess } from "../../src/platform/kvm.js";
import type { Log } from "../../src/platform/log.js";
import { processes } from "../../src/platform/process/process.js";
import { findProgram } from "../../src/platform/process/programs.js";
import type { Architecture } from "../../src/targets/architecture.js";
import { type TargetName, targets } from "../../src/targets/targets.js";
import { type GivenInputs, hostIn } from "./set-up.js";
import { shownWhenFailed } from "./shown-when-failed.js";
import { skipNote } from "../skip-note.js";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const consoles = join(repository, "test/fixtures/console");

/** Images of examples/bare, in a folder of this run, so that its monitors can be told from everybody else's. */
let built: string;
let folder: string;
let programs: string;

beforeAll(() => {
  built = mkdtempSync(join(tmpdir(), "unikernel-ci-boot-"));
  execFileSync("make", ["--silent", "-C", join(repository, "examples/bare"), `OUT=${built}`]);
});
afterAll(() => rmSync(built, { recursive: true, force: true }));

beforeEach(() => {
  folder = mkdtempSync(join(built, "test-"));
  programs = join(folder, "programs");
  mkdirSync(programs);
});

afterEach(() => {
  expect(monitorsOf(built), "monitors that were left running").toEqual([]);
});

const bare: Readonly<Record<Architecture, { readonly target: TargetName; readonly file: string }>> = {
  x86_64: { target: "virtio", file: "bare.virtio" },
  aarch64: { target: "unikraft-qemu", file: "bare.aarch64.qemu" },
};

/** Processes whose command line names something in a folder: our monitors, by the image that they run. */
function monitorsOf(folder: string): number[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .filter((entry) => {
      try {
        const status = readFileSync(`/proc/${entry}/stat`, "utf8");
        return !/\) Z /.test(status) && readFileSync(`/proc/${entry}/cmdline`, "utf8").includes(folder);
      } catch {
        return false; // It has ended meanwhile.
      }
    })
    .map(Number);
}

interface Boot {
  readonly target: TargetName;
  readonly architecture: Architecture;
  readonly imagePath: string;
  readonly image: Image;
}

async function bareImage(architecture: Architecture): Promise<Boot> {
  const { target, file } = bare[architecture];
  const imagePath = join(built, file);
  return { target, architecture, imagePath, image: await readImage(imagePath) };
}

/** Settles late, so that on a busy machine too an end comes first where one comes. */
async function boot(what: Boot, given: GivenInputs, path = process.env["PATH"] ?? ""): Promise<BootReport> {
  const inputs = readInputs(
    (name) => ({ "install-system-packages": "false", settle: "20", timeout: "60", ...given })[name],
  );
  const context = { host: hostIn(folder), log: silent, processes };
  const asked = {
    ...inputs,
    net: inputs.net.value,
    block: inputs.block.value,
    ...what,
    target: targets[what.target],
    searchPath: `${programs}:${path}`,
  };
  return shownWhenFailed(await bootImage(context, asked));
}

const bootBare = async (architecture: Architecture, args: string, given: GivenInputs = {}) =>
  boot(await bareImage(architecture), { accelerator: "tcg", args, ...given });

const told = ({ verdict }: BootReport) =>
  [verdict.verdict, verdict.reason, ...(verdict.exitStatus === undefined ? [] : [verdict.exitStatus])].join(" ");

/** A program of ours in front of PATH. */
function program(name: string, script: string): string {
  const path = join(programs, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

const nothing = () => undefined;
const silent: Log = {
  group: (_, body) => body(),
  fact: nothing,
  line: nothing,
  untrusted: nothing,
  notice: nothing,
  warning: nothing,
  error: nothing,
  annotate: () => undefined,
  debug: nothing,
};

const architectures = ["x86_64", "aarch64"] as const;

describe.each(architectures)("a bare unikernel on QEMU %s, by emulation", (architecture) => {
  const behaviours: readonly (readonly [args: string, right: string, given?: GivenInputs])[] = [
    ["hello", "passed exited 0"],
    ["exit 0", "passed exited 0"],
    ["exit 3", "failed exit-status 3"],
    ["exit 255", "failed exit-status 255"],
    ["abort", "failed abort"],
    ["trap", "failed trap"],
    ["exception", "failed exception 2"],
    ["exception-logged", "passed exited 0"],
    ["hang", "passed ready", { settle: "1" }],
    ["hang", "failed timeout", { until: "exit", timeout: "5" }],
    ["silent", "failed no-output", { settle: "0", timeout: "1" }],
    ["quiet silent", "failed no-output", { settle: "0", timeout: "1" }],
    ["tick", "passed ready", { settle: "1" }],
    ["tick 2", "passed exited 0", { until: "exit" }],
    ["commands", "passed exited 0"],
    ["partial", "passed exited 0"],
    ["quiet partial", "skipped exited"],
    ["reboot", "failed reboot-loop"],
    ["ready", "passed ready", { settle: "1" }],
    ["ready-then-trap", "failed trap"],
    ["echo one two", "passed exited 0"],
    ["say one  two", "passed exited 0"],
    ["quiet hello", "skipped exited"],
    ["no-such-thing", "failed exit-status 64"],
  ];
  it.each(behaviours.map(([args, right, given = {}]) => [args, right, given] as const))(
    "%s: %s",
    async (args, right, given) => {
      const report = await bootBare(architecture, args, given);
      expect(told(report)).toBe(right);
      expect(report.attempts.map(({ accelerator }) => accelerator)).toEqual(["tcg"]);
      expect(monitorsOf(built)).toEqual([]);
    },
  );

  it("keeps the console byte for byte", async () => {
    const report = await bootBare(architecture, "commands");
    const console = readFileSync(report.consoleLog ?? "");
    const all = [
      "::set-env name=BARE_PWNED::yes\r\n",
      "progress 10%\rprogress 20%\r",
      "\x1b[31mred\x1b[0m",
      "\n\0::error::behind NUL\0\r\n",
      "invalid UTF-8: \xff\xfe \xc3\x28 \xe2\x82 \xed\xa0\x80",
      "LF only\n::error",
    ];
    for (const bytes of all) expect(console.includes(Buffer.from(bytes, "latin1")), JSON.stringify(bytes)).toBe(true);
    expect(console.toString("latin1").trimEnd().endsWith("Solo5: solo5_exit(0) called")).toBe(true);
  });

  it("keeps every line of a flood", async () => {
    const report = await bootBare(architecture, "flood 1", { until: "exit" });
    expect(told(report)).toBe("passed exited 0");
    const lines = readFileSync(report.consoleLog ?? "", "latin1")
      .split("\r\n")
      .filter((line) => line.startsWith("flood "));
    expect(lines.map((line) => Number(line.slice(6, 18)))).toEqual(
      Array.from({ length: 16384 }, (_, index) => index + 1),
    );
    expect(report.consoleEnd.length).toBeLessThanOrEqual(30);
  });

  it.each<readonly [name: string, args: string, given: GivenInputs, right: string]>([
    ["an endless flood settles", "flood", { settle: "1" }, "passed ready"],
    ["an expected line, then silence", "ready", { expect: "port \\d+", settle: "1" }, "passed ready"],
    ["several expected lines", "tick", { expect: "tick 1\ntick 2", settle: "1" }, "passed ready"],
    ["an expected line that never comes", "ready", { expect: "port 443", settle: "1", timeout: "5" }, "failed timeout"],
    ["an expected line that does not come before the end", "hello", { expect: "port 443" }, "failed unexpected-exit 0"],
    ["an expected line of a quiet guest", "quiet partial", { expect: "without its end$" }, "passed ready"],
    ["a forbidden line", "ready", { forbid: "port 80" }, "failed forbidden"],
    ["a crash after settle is not seen", "ready-then-trap", { expect: "port", settle: "0" }, "passed ready"],
    ["an end where it should run on", "hello", { until: "running" }, "failed unexpected-exit 0"],
    ["running where it should", "tick", { until: "running", settle: "1" }, "passed ready"],
    ["an awaited end with an expected line", "tick 2", { until: "exit", expect: "tick 2" }, "passed exited 0"],
  ])("%s", async (_, args, given, right) => {
    expect(told(await bootBare(architecture, args, given))).toBe(right);
  });
});

it("an exit status can be expected when the console reports it", async () => {
  expect(told(await bootBare("x86_64", "exit 3", { "expect-exit": "3" }))).toBe("passed exited 3");
  expect(told(await bootBare("x86_64", "hello", { "expect-exit": "3" }))).toBe("failed exit-status 0");
  expect(told(await bootBare("x86_64", "quiet exit 3", { "expect-exit": "3", expect: "exiting" }))).toBe(
    "failed unexpected-exit",
  );
  expect(told(await bootBare("aarch64", "exit 3", { "expect-exit": "3" }))).toBe("passed exited 3");
});

it("a guest that dies and hangs is judged long before the timeout, when no end would show", async () => {
  const { verdict } = await bootBare("aarch64", "exception-hang");
  expect(verdict).toMatchObject({ verdict: "failed", reason: "exception", rule: "last-words" });
  expect(verdict.evidence?.line).toMatch(/^Fatal error: exception Failure/);
  expect(verdict.atMs - (verdict.evidence?.atMs ?? 0)).toBeLessThan(10_000);
});

it("a guest that continues after such words only logged them, when its end would show", async () => {
  const { verdict } = await bootBare("x86_64", "exception-hang", { settle: "1" });
  expect(verdict).toMatchObject({ verdict: "passed", reason: "ready" });
  expect(verdict.summary).toMatch(/^still running after `Fatal error: exception Failure/);
  expect(told(await bootBare("x86_64", "exception-hang", { until: "exit", timeout: "2" }))).toBe("failed timeout");
});

it("an image for another target or a missing VMM is refused before a boot", async () => {
  const image = await bareImage("x86_64");
  await expect(boot({ ...image, target: "spt" }, {})).rejects.toThrow(/is a Solo5 virtio image for x86_64, not spt/);
  const alone = () => boot(image, { accelerator: "tcg" }, "/nowhere");
  await expect(alone()).rejects.toThrow("qemu-system-x86_64, which boots virtio images, is not installed");
  await expect(alone()).rejects.toMatchObject({ facts: { do: "apt-get install qemu-system-x86" } });
});

it("a VMM that never starts its guest times out", async () => {
  program("qemu-system-x86_64", "exec sleep 1000");
  expect(told(await bootBare("x86_64", "hello", { settle: "0", timeout: "1" }))).toBe("failed no-output");
});

it("a QEMU that refuses is the VMM’s failure, with its message", async () => {
  program("qemu-system-x86_64", 'echo "qemu-system-x86_64: -cpu max: unable to find CPU model" >&2; exit 1');
  const report = await bootBare("x86_64", "hello");
  expect(told(report)).toBe("failed monitor");
  expect(report.verdict.evidence?.line).toMatch(/unable to find CPU model/);
});

// What it says of an option that came later; `--version` would say 4.2.1.
it("a QEMU that is too old is the VMM’s failure, with its message and the version to install", async () => {
  program(
    "qemu-system-x86_64",
    `case "$*" in
    *--version*) echo 'QEMU emulator version 4.2.1'; exit 0;;
    *fd=*) echo "qemu-system-x86_64: -chardev socket,id=qmp,fd=3: Invalid parameter 'fd'" >&2; exit 1;;
    esac`,
  );
  const report = await bootBare("x86_64", "hello");
  expect(told(report)).toBe("failed monitor");
  expect(report.verdict.evidence?.line).toMatch(/Invalid parameter 'fd'/);
  expect(report.verdict.remedy).toMatch(/install QEMU 6\.2 or newer/);
});

describe("KVM", () => {
  const access = kvmAccess();
  const opens = access === "open" && process.arch === "x64";
  const noKvm = opens ? undefined : `/dev/kvm is ${access} on ${process.arch}`;

  /** QEMU on a machine whose KVM opens and fails, as in the fixture; the real one for anything else. */
  function breakKvm(): void {
    const real = findProgram("qemu-system-x86_64", process.env["PATH"]) ?? "";
    const console = join(consoles, "x86_64-virtio-kvmhost-hello.txt");
    program(
      "qemu-system-x86_64",
      `case "$*" in *accel=kvm*) grep -v '^.exit=' '${console}' >&2; kill -ABRT $$;; esac\nexec '${real}' "$@"`,
    );
  }

  it.skipIf(!opens)(
    `that opens and fails is left for emulation, and both tries are told${skipNote(noKvm)}`,
    async () => {
      breakKvm();
      const report = await bootBare("x86_64", "exit 3", { accelerator: "auto" });
      expect(told(report)).toBe("failed exit-status 3");
      expect(report.attempts.map(({ accelerator, verdict }) => `${accelerator} ${verdict.reason}`)).toEqual([
        "kvm accelerator",
        "tcg exit-status",
      ]);
      expect(report.attempts[0]?.verdict.evidence?.line).toMatch(/failed to set MSR 0x10a/);
    },
  );

  it.skipIf(!opens)(
    `that opens and fails is a failure of nobody but the accelerator, where it was asked for${skipNote(noKvm)}`,
    async () => {
      breakKvm();
      const report = await bootBare("x86_64", "exit 3", { accelerator: "kvm" });
      expect(told(report)).toBe("failed accelerator");
      expect(report.verdict.summary).toBe("virtio on x86_64 needs KVM, which opens here but fails its guests");
      expect(report.attempts).toHaveLength(1);
    },
  );

  it("of another architecture cannot be asked for", async () => {
    const other = process.arch === "arm64" ? "x86_64" : "aarch64";
    const report = await bootBare(other, "hello", { accelerator: "kvm" });
    expect(told(report)).toBe("failed accelerator");
    expect(report.attempts).toEqual([]);
    expect(report.consoleLog).toBeUndefined();
  });
});

describe("a tender", () => {
  const hostArchitecture: Architecture = process.arch === "arm64" ? "aarch64" : "x86_64";

  /** An image by name only: these tenders are ours and do not look into it. */
  function tenderImage(target: "spt" | "hvt"): Boot {
    const imagePath = join(folder, `hello.${target}`);
    copyFileSync(join(built, "bare.virtio"), imagePath);
    const system = { kind: "solo5", abi: targets[target].solo5Abi ?? 0, abiVersion: 2, devices: [] } as const;
    return {
      target,
      architecture: hostArchitecture,
      imagePath,
      image: { format: "elf64", architecture: hostArchitecture, system },
    };
  }

  /** A tender that prints a fixture, its own lines on the error stream, and ends as the real one did. */
  function tender(name: "solo5-spt" | "solo5-hvt", fixture: string, end: string): void {
    const console = join(consoles, fixture);
    program(name, `grep -av '^.exit=\\|^solo5-\\|^run.sh' '${console}'\ngrep -a '^solo5-' '${console}' >&2\n${end}`);
  }

  const endings: readonly (readonly [fixture: string, end: string, right: string, given?: GivenInputs])[] = [
    ["x86_64-spt-hello.txt", "exit 0", "passed exited 0"],
    ["x86_64-spt-exit3.txt", "exit 3", "failed exit-status 3"],
    ["x86_64-spt-exc.txt", "exit 2", "failed exception 2"],
    ["x86_64-spt-abrt.txt", "exit 255", "failed abort"],
    ["x86_64-spt-pf.txt", "kill -SEGV $$", "failed trap"],
    ["x86_64-spt-pf.txt", "kill -ILL $$", "failed trap"],
    ["x86_64-spt-hello.txt", "kill -KILL $$", "failed monitor"],
    ["x86_64-spt-nodevice.txt", "exit 1", "failed monitor"],
    ["x86_64-spt-mem1.txt", "exit 1", "failed monitor"],
    ["x86_64-spt-hang.txt", "exec sleep 1000", "passed ready", { settle: "1" }],
  ];
  it.each(endings.map(([fixture, end, right, given = {}]) => [fixture, end, right, given] as const))(
    "solo5-spt with %s and then `%s`: %s",
    async (fixture, end, right, given) => {
      tender("solo5-spt", fixture, end);
      const report = await boot(tenderImage("spt"), given);
      expect(told(report)).toBe(right);
      expect(report.attempts.map(({ accelerator }) => accelerator)).toEqual(["native"]);
    },
  );

  it("gets memory, image and arguments, and nothing on its standard input", async () => {
    program("solo5-spt", 'for word; do echo "[$word]"; done; cat; echo "end of input"');
    const image = tenderImage("spt");
    const report = await boot(image, { args: '--hello "two words"', memory: "48" });
    expect(report.consoleEnd).toEqual([
      "[--mem=48]",
      "[--]",
      `[${image.imagePath}]`,
      '[--hello "two words"]',
      "end of input",
    ]);
  });

  const opens = kvmAccess() === "open";
  const noKvm = opens ? undefined : `/dev/kvm is ${kvmAccess()}`;

  it.skipIf(!opens).each([
    ["x86_64-hvt-hello.txt", "exit 0", "passed exited 0"],
    ["x86_64-hvt-pf.txt", "exit 255", "failed trap"],
    ["aarch64-hvt-pf.txt", "exit 255", "failed trap"],
    ["x86_64-hvt-abrt.txt", "exit 255", "failed abort"],
    ["x86_64-hvt-wrongtarget.txt", "exit 1", "failed monitor"],
  ])(`solo5-hvt with %s and then \`%s\`: %s${skipNote(noKvm)}`, async (fixture, end, right) => {
    tender("solo5-hvt", fixture, end);
    expect(told(await boot(tenderImage("hvt"), {}))).toBe(right);
  });

  it.skipIf(!opens)(`whose KVM fails is a failure to who wants nothing else${skipNote(noKvm)}`, async () => {
    tender("solo5-hvt", "x86_64-hvt-brokenkvm-hello.txt", "exit 1");
    expect(told(await boot(tenderImage("hvt"), { accelerator: "kvm" }))).toBe("failed accelerator");
  });
});

describe("a signal to the command line", () => {
  /** The command line booting a guest that never ends; settles once QEMU runs it. */
  async function bootByCommandLine(): Promise<ChildProcess> {
    const image = join(built, "bare.virtio");
    const options = ["--args", "hang", "--until", "exit", "--accelerator", "tcg", "--install-system-packages", "false"];
    const child = spawn(
      process.execPath,
      ["--import", "tsx", join(repository, "src/actions/entries/cli.ts"), "boot", image, ...options],
      {
        cwd: repository,
        env: { ...hostIn(folder).environment, XDG_STATE_HOME: join(folder, "state"), GITHUB_WORKSPACE: repository },
        stdio: "ignore",
      },
    );
    const console = () => {
      const logs = join(folder, "state/unikernel-ci/consoles");
      const found = existsSync(logs)
        ? readdirSync(logs).map((name) => join(logs, name, "console-bare.virtio.log"))
        : [];
      return found.filter((path) => existsSync(path)).map((path) => readFileSync(path, "latin1"))[0] ?? "";
    };
    await until(() => console().includes("about to hang") || child.exitCode !== null);
    expect(child.exitCode).toBeNull();
    expect(monitorsOf(built).length).toBeGreaterThanOrEqual(2);
    return child;
  }

  it.each(["SIGTERM", "SIGINT", "SIGKILL"] as const)("%s ends QEMU too", async (signal) => {
    const child = await bootByCommandLine();
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
    await until(() => monitorsOf(built).length === 0);
  });
});

/** Waits for what no event tells: the state of somebody else's processes and files. */
async function until(isSo: () => boolean): Promise<void> {
  await expect.poll(isSo).toBe(true);
}
