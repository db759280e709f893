// Real apt-get and dpkg, on a system of their own in a folder, while another process holds a lock of theirs.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Context } from "../../src/platform/host.js";
import { ensureSystemPackages } from "../../src/platform/packages/apt.js";
import { Problem } from "../../src/platform/problem.js";
import { processes } from "../../src/platform/process/process.js";
import { findProgram } from "../../src/platform/process/programs.js";
import { collectingLog } from "../collecting-log.js";
import { hostIn } from "./set-up.js";
import { skipNote } from "../skip-note.js";

const path = process.env["PATH"];
const missing = ["apt-get", "dpkg-deb", "python3"].filter((program) => findProgram(program, path) === undefined);
const cannot = missing.length === 0 ? undefined : `no ${missing.join(", no ")}`;

const name = "unikernel-ci-nothing";
let folder: string;
/** How many programs were started. */
let runs = 0;
let told: string[];
let holders: ChildProcess[];

/** A system that has nothing installed, and a repository with one empty package: made without root. */
function makeSystem(): void {
  const root = join(folder, "root");
  const repository = join(folder, "repository");
  for (const one of [
    "var/lib/dpkg/info",
    "var/lib/dpkg/updates",
    "var/lib/apt/lists/partial",
    "var/cache/apt/archives/partial",
    "var/log/apt",
    "etc/apt/preferences.d",
  ])
    mkdirSync(join(root, one), { recursive: true });
  writeFileSync(join(root, "var/lib/dpkg/status"), "");
  mkdirSync(join(folder, "package/DEBIAN"), { recursive: true });
  const maker = "nobody <nobody@example.org>";
  const control = `Package: ${name}\nVersion: 1\nArchitecture: all\nMaintainer: ${maker}\nDescription: nothing\n`;
  writeFileSync(join(folder, "package/DEBIAN/control"), control);
  mkdirSync(repository);
  execFileSync(
    "dpkg-deb",
    ["--build", "--root-owner-group", join(folder, "package"), join(repository, "nothing.deb")],
    { stdio: "ignore" },
  );
  const size = execFileSync("stat", ["-c", "%s", join(repository, "nothing.deb")], { encoding: "utf8" }).trim();
  const [hash] = execFileSync("sha256sum", [join(repository, "nothing.deb")], { encoding: "utf8" }).split(" ");
  writeFileSync(join(repository, "Packages"), `${control}Filename: ./nothing.deb\nSize: ${size}\nSHA256: ${hash}\n`);
  writeFileSync(join(root, "etc/apt/sources.list"), `deb [trusted=yes] file:${repository} ./\n`);
  writeFileSync(
    join(folder, "apt.conf"),
    `Dir "${root}/";
Dir::State::status "${root}/var/lib/dpkg/status";
Dir::Etc::parts "none";
DPkg::Options { "--root=${root}"; "--force-not-root"; };
APT::Sandbox::User "";
`,
  );
}

const lockFile = (lock: string) => join(folder, "root", lock);

/** A process that holds a lock of apt's, as apt itself does. */
async function hold(lock: string): Promise<ChildProcess> {
  const script = `import fcntl, sys, time
f = open(sys.argv[1], "w")
fcntl.lockf(f, fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(60)`;
  const child = spawn("python3", ["-c", script, lockFile(lock)], { stdio: ["ignore", "pipe", "inherit"] });
  holders.push(child);
  await once(child.stdout, "data");
  return child;
}

function install(lockMs: number): Promise<void> {
  const env = { PATH: path ?? "", APT_CONFIG: join(folder, "apt.conf") };
  const run: Context["processes"]["run"] = (argv, options) => {
    runs++;
    return processes.run(argv, { env, ...options });
  };
  return ensureSystemPackages(
    { host: { ...hostIn(folder), isRoot: true }, log: collectingLog(told), processes: { run } },
    [name],
    { install: true, lockMs },
  );
}
const isInstalled = () => existsSync(join(folder, `root/var/lib/dpkg/info/${name}.list`));

describe.skipIf(cannot !== undefined)(`a lock of apt’s that another program holds${skipNote(cannot)}`, () => {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "unikernel-ci-apt-"));
    told = [];
    runs = 0;
    holders = [];
    makeSystem();
    return () => rmSync(folder, { recursive: true });
  });
  afterEach(() => holders.forEach((child) => child.kill("SIGKILL")));

  it.each(["var/lib/dpkg/lock-frontend", "var/lib/dpkg/lock", "var/cache/apt/archives/lock", "var/lib/apt/lists/lock"])(
    "(%s) is waited for, its holder is named once, and then it goes on",
    async (lock) => {
      const holder = await hold(lock);
      const installed = install(3_000_000);
      await expect.poll(() => told.length).toBeGreaterThan(0);
      const tries = runs;
      await expect.poll(() => runs).toBeGreaterThan(tries + 1);
      expect(isInstalled()).toBe(false);
      holder.kill("SIGKILL");
      await installed;
      expect(isInstalled()).toBe(true);
      expect(told[0]).toBe(`  waiting for process ${holder.pid} (python3), which holds ${lockFile(lock)}`);
      expect(told.slice(1)).toEqual([expect.stringMatching(/^system: installed unikernel-ci-nothing in /)]);
    },
  );

  it("is given up in the end, with its holder and what to do", async () => {
    const holder = await hold("var/lib/dpkg/lock-frontend");
    const problem: unknown = await install(3_000).catch((error: unknown) => error);
    expect(problem).toBeInstanceOf(Problem);
    expect(String(problem)).toMatch(
      /^cannot install system packages: another program has used apt for [\d.]+ (min \d+ )?s\n/,
    );
    expect(String(problem)).toContain(
      `found      process ${holder.pid} (python3) holds ${lockFile("var/lib/dpkg/lock-frontend")}`,
    );
    expect(String(problem)).toContain("do         run this again when it has ended");
    expect(isInstalled()).toBe(false);
  });
});
