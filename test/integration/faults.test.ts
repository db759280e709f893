// Faults of machines: test/faults/README.md has the whole table. The unikernel is a small program here (target unix).
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
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
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeEach, describe, expect, it } from "vitest";
import { skipNote } from "../skip-note.js";

const root = resolve(import.meta.dirname, "../..");
const command = ["--import", join(root, "node_modules/tsx/dist/loader.mjs"), join(root, "src/actions/entries/cli.ts")];
let folder: string;
let environment: Record<string, string>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "unikernel-ci-faults-"));
  copyFileSync("/bin/echo", join(folder, "www.exe"));
  environment = { PATH: process.env["PATH"] ?? "", HOME: join(folder, "home") };
  return () => rmSync(folder, { recursive: true, force: true });
});

const copying = 'cp www.exe "$OUT"';
const runWords = (build = copying) => [
  "run",
  "--target",
  "unix",
  "--ocaml-version",
  "none",
  "--build-command",
  build,
  "--args",
  "hello",
  "--expect",
  "hello",
];

/** The commands that start a restricted run. */
const asNobody = process.getuid?.() === 0 ? "exec setpriv --reuid=65534 --regid=65534 --clear-groups" : "exec";

function run(env: Record<string, string> = environment, before = "", start = "exec") {
  const words = [process.execPath, ...command, ...runWords()];
  // The shell sets limits that a process cannot set for itself.
  return spawnSync("sh", ["-c", `${before} ${start} "$@"`, "sh", ...words], {
    cwd: folder,
    env,
    encoding: "utf8",
    timeout: 3_000_000,
  });
}

const artifact = () => join(folder, "_artifacts/unikernel-www-unix-x86_64");
function expectWhole(): void {
  expect(
    spawnSync("sha256sum", ["--check", "--strict", "--quiet", "SHA256SUMS"], { cwd: artifact(), encoding: "utf8" })
      .status,
  ).toBe(0);
  expect(readFileSync(join(artifact(), "www.exe")).equals(readFileSync("/bin/echo"))).toBe(true);
}

describe("a run", () => {
  it("needs neither HOME nor the folder that TMPDIR names", () => {
    const ended = run({
      PATH: environment["PATH"] ?? "",
      XDG_STATE_HOME: join(folder, "state"),
      TMPDIR: join(folder, "nowhere"),
    });
    expect(ended.status, ended.stdout).toBe(0);
    expect(ended.stdout).toContain("PASSED");
  });

  it("on Actions without its files and services says so, or does without", () => {
    const imitation = {
      ...environment,
      GITHUB_ACTIONS: "true",
      ACTIONS_RESULTS_URL: "http://127.0.0.1:9/",
      ACTIONS_RUNTIME_TOKEN: "none",
    };
    const { status, stdout, stderr } = run(imitation);
    expect(status, stdout + stderr).toBe(0);
    expect(stdout).toContain("PASSED");
  });

  it.each([1, -1])("is the same while the clock is set by %i day whenever it is read", (days) => {
    const clock = join(folder, "clock.mjs");
    writeFileSync(
      clock,
      `const real = Date.now; let read = 0; const now = () => real() + ++read * ${days} * 24 * 3600_000
      globalThis.Date = class extends Date {
        constructor(...given) { super(...(given.length === 0 ? [now()] : given)) }
        static now = now
      }`,
    );
    const { status, stdout, stderr } = run({ ...environment, NODE_OPTIONS: `--import=${clock}` });
    expect(status, stdout + stderr).toBe(0);
    expect(stdout).toMatch(/PASSED +.* after 0\.\d\d s/);
    expectWhole();
    const { createdAt } = JSON.parse(readFileSync(join(artifact(), "build-info.json"), "utf8")) as {
      createdAt: string;
    };
    expect(Math.abs(Date.parse(createdAt) - Date.now())).toBeGreaterThan(12 * 3600_000);
  });

  it("that may not write files of any size says what it could not write, and the next one is whole", () => {
    const { status, stdout, stderr } = run(environment, "ulimit -f 16;");
    expect(status, stdout).toBe(1);
    expect(stdout + stderr).not.toMatch(/^\s+at /m);
    expect(existsSync(join(artifact(), "SHA256SUMS"))).toBe(false);
    expect(run().status).toBe(0);
    expectWhole();
  });

  it("in a read-only folder is an error that names it, and leaves nothing there", () => {
    const home = mkdtempSync(join(tmpdir(), "unikernel-ci-home-"));
    chmodSync(home, 0o777);
    chmodSync(folder, 0o555);
    const { status, stdout } = run({ ...environment, HOME: home }, "", asNobody);
    expect(status, stdout).toBe(1);
    expect(stdout).toContain(`Error: ${folder}`);
    expect(stdout).toContain("EACCES");
    expect(readdirSync(folder)).toEqual(["www.exe"]);
    chmodSync(folder, 0o755);
    rmSync(home, { recursive: true });
  });
});

const mayMount = spawnSync("unshare", ["--mount", "true"]).status === 0 && process.getuid?.() === 0;
const cannotMount = mayMount ? undefined : "this user cannot mount";

describe.skipIf(!mayMount)(`a run on a machine that lacks a part${skipNote(cannotMount)}`, () => {
  /** The commands that start a run after `mounts`, in a namespace of their own. */
  const after = (mounts: string, then = "exec") => `exec unshare --mount sh -c '${mounts} && ${then} "$@"' sh`;
  const withOwnFolders = () => ({
    ...environment,
    XDG_STATE_HOME: join(folder, "state"),
    TMPDIR: join(folder, "state"),
  });

  it("needs no device but those that every container has", () => {
    const kept = ["null", "zero", "random", "urandom", "full"];
    const bind = kept.map((name) => `touch ${folder}/dev/${name} && mount --bind /dev/${name} ${folder}/dev/${name}`);
    const mounts = [
      `mkdir ${folder}/dev`,
      `mount -t tmpfs none ${folder}/dev`,
      ...bind,
      `mount --rbind ${folder}/dev /dev`,
    ].join(" && ");
    const { status, stdout, stderr } = run(environment, "", after(mounts));
    expect(status, stdout + stderr).toBe(0);
    expect(stdout).toContain("PASSED");
    expectWhole();
  });

  it("needs no /sys", () => {
    const { status, stdout, stderr } = run(environment, "", after("mount -t tmpfs none /sys"));
    expect(status, stdout + stderr).toBe(0);
    expect(stdout).toContain("PASSED");
  });

  it("says that /proc is missing", () => {
    const { status, stdout, stderr } = run(environment, "", after("mount -t tmpfs none /proc"));
    expect(status, stdout + stderr).toBe(1);
    expect(stdout).toMatch(
      /Error: \/proc is not mounted, or hides this process from itself[^]*do +mount it: `mount -t proc proc \/proc`/,
    );
    expect(stdout + stderr).not.toMatch(/^\s+at /m);
    expect(existsSync(artifact())).toBe(false);
  });

  it("needs not see the processes of others", () => {
    chmodSync(folder, 0o777);
    const { status, stdout, stderr } = run(environment, "", after("mount -t proc -o hidepid=2 proc /proc", asNobody));
    expect(status, stdout + stderr).toBe(0);
    expect(stdout).toContain("PASSED");
  });

  it("whose disk the guest fills says of the guest what it did, and of its console that it is not whole", () => {
    copyFileSync("/bin/dd", join(folder, "www.exe"));
    mkdirSync(join(folder, "state"));
    const words = [
      process.execPath,
      ...command,
      "run",
      "--target",
      "unix",
      "--ocaml-version",
      "none",
      "--build-command",
      copying,
      "--args",
      `if=/dev/zero bs=4k of=${folder}/state/filled`,
    ];
    const start = `${after(`mount -t tmpfs -o size=4m none ${folder}/state`)} "$@"`;
    const { status, stdout, stderr } = spawnSync("sh", ["-c", start, "sh", ...words], {
      cwd: folder,
      env: withOwnFolders(),
      encoding: "utf8",
      timeout: 3_000_000,
    });
    expect(status, stdout + stderr).toBe(1);
    expect(stdout).toMatch(/error writing .*No space left on device\n/);
    expect(stdout).toContain("FAILED   exited with status 1");
    expect(stdout).toMatch(/Warning: the console in .* is incomplete: ENOSPC/);
    expect(stdout).toMatch(
      /Error: no space left on a disk\n +because +ENOSPC.*\n +do +free space on the disks of these folders: /,
    );
    expect(stdout + stderr).not.toMatch(/^\s+at /m);
  });
});

describe("a build that is ended", () => {
  /** The programs of the build, including a daemon with its own session. */
  const building = (): string[] =>
    readdirSync("/proc").filter((entry) => {
      try {
        return (
          /^\d+$/.test(entry) &&
          readFileSync(`/proc/${entry}/cmdline`, "utf8").includes("sleep\x0061\0") &&
          readFileSync(`/proc/${entry}/environ`, "utf8").includes(folder)
        );
      } catch {
        return false;
      }
    });
  const temporary = () => join(folder, "temporary");

  async function begin(before = "", own: Record<string, string> = {}): Promise<ChildProcess> {
    environment = { ...environment, TMPDIR: temporary() };
    const script = `${before} printf half > "$OUT/www.exe"; setsid -f sleep 61; sleep 61; ${copying}`;
    const child = spawn(process.execPath, [...command, ...runWords(script)], {
      cwd: folder,
      env: { ...environment, ...own },
      stdio: "ignore",
      detached: true,
    });
    await expect.poll(building).toHaveLength(2);
    return child;
  }

  /** Our own; the build has another process group. */
  const killGroup = ({ pid = 0 }: ChildProcess) => void process.kill(-pid, "SIGKILL");
  /** All processes of the job, as a runner finally kills them: first those that could start others. */
  function killTree({ pid = 0 }: ChildProcess): void {
    const childrenOf = (parent: number): number[] => {
      const { stdout } = spawnSync("ps", ["-o", "pid=", "--ppid", String(parent)], { encoding: "utf8" });
      return stdout
        .split("\n")
        .filter((line) => line.trim() !== "")
        .map(Number);
    };
    const tree = (parent: number): number[] => [parent, ...childrenOf(parent).flatMap(tree)];
    for (const one of tree(pid)) process.kill(one, "SIGKILL");
  }

  async function expectNextIsWhole(): Promise<void> {
    expect(existsSync(artifact())).toBe(false);
    const next = run();
    expect(next.status, next.stdout).toBe(0);
    expectWhole();
    await expect.poll(building).toEqual([]);
    expect(readdirSync(temporary()).filter((name) => name.startsWith("unikernel-ci"))).toEqual([]);
  }

  it.each(["SIGINT", "SIGTERM"] as const)(
    "by %s is done again by the next run, which uses nothing of it",
    async (signal) => {
      const child = await begin();
      const ended = once(child, "exit");
      child.kill(signal);
      await ended;
      await expect.poll(building).toEqual([]);
      await expectNextIsWhole();
    },
  );

  it("by force is done again by the next run, which ends its processes", async () => {
    const child = await begin();
    const ended = once(child, "exit");
    killGroup(child);
    await ended;
    expect(building()).toHaveLength(2);
    await expectNextIsWhole();
  });

  // A second signal ends us at once: a runner's SIGKILL only arrives when something delays our end.
  it.each<[after: string, steps: readonly (readonly [ms: number, act: (child: ChildProcess) => void])[]]>([
    [
      "as it is told to end",
      [
        [0, (child) => child.kill("SIGINT")],
        [20, killGroup],
      ],
    ],
    [
      "while it waits for its build to end",
      [
        [0, (child) => child.kill("SIGINT")],
        [700, killTree],
      ],
    ],
    [
      "while it waits for its build, which has left the tree",
      [
        [0, (child) => child.kill("SIGTERM")],
        [700, killGroup],
      ],
    ],
    [
      "when it cannot go on tidying up, by a runner’s SIGINT, SIGTERM and SIGKILL",
      [
        [0, (child) => child.kill("SIGINT")],
        [1_000, (child) => child.kill("SIGSTOP")],
        [500, (child) => child.kill("SIGTERM")],
        [500, killTree],
      ],
    ],
  ])("by force %s leaves nothing after the next run", async (_, steps) => {
    // By its clock, the time for its build to end never passes.
    const clock = join(folder, "clock.mjs");
    writeFileSync(clock, "performance.now = () => 0");
    const child = await begin('trap "" INT TERM;', { NODE_OPTIONS: `--import=${clock}` });
    const ended = once(child, "exit");
    for (const [ms, act] of steps) {
      await sleep(ms);
      act(child);
    }
    expect(await ended).toEqual([null, "SIGKILL"]);
    expect(building().length).toBeGreaterThan(0);
    await expectNextIsWhole();
  });
});

describe("publishing", () => {
  it("into a folder with what a killed run left makes it whole", () => {
    mkdirSync(artifact(), { recursive: true });
    writeFileSync(join(artifact(), "www.exe"), "half");
    writeFileSync(join(artifact(), "SHA256SUMS"), `${"0".repeat(64)}  www.exe\n`);
    expect(run().status).toBe(0);
    expectWhole();
  });
});
