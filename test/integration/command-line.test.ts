import { execFileSync, spawnSync } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { skipNote } from "../skip-note.js";

// The committed bundles, as people run them.
const root = resolve(import.meta.dirname, "../..");
const bundle = (name: string) => join(root, "dist", name, "index.js");
const images = mkdtempSync(join(tmpdir(), "unikernel-ci-images-"));
const bare = join(images, "bare.virtio");
let folder: string;

beforeAll(() => {
  execFileSync("make", ["-s", "-C", join(root, "examples/bare"), `OUT=${images}`]);
});
afterAll(() => rmSync(images, { recursive: true }));
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "unikernel-ci-cli-"));
  return () => rmSync(folder, { recursive: true, force: true });
});

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function cli(args: readonly string[], environment: Record<string, string> = {}): Ended {
  return node([bundle("cli"), ...args], environment);
}

function node(args: readonly string[], environment: Record<string, string> = {}): Ended {
  const env = { PATH: process.env["PATH"] ?? "", HOME: join(folder, "home"), ...environment };
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: folder,
    env,
    encoding: "utf8",
    timeout: 3_000_000,
  });
  return { status, stdout, stderr };
}

function project(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
}

const errorOf = ({ stdout }: Ended) => stdout.slice(Math.max(0, stdout.indexOf("Error:")));

/** Programs whose command line names a file of this test: nothing of ours may be left. */
function leftRunning(): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      } catch {
        return "";
      }
    })
    .filter((command) => command.includes(images) && command.includes("qemu"));
}

describe("a mistake ends with one clear message, a status that is not 0, and soon", () => {
  test("a word that is no target", () => {
    const ended = cli(["setup", "--target", "kvm"]);
    expect(ended.status).toBe(2);
    expect(errorOf(ended)).toBe(
      'Error: input target: "kvm" is not accepted\n' +
        "  accepted   hvt, spt, virtio, muen, xen, qubes, unikraft-qemu, unikraft-firecracker, unix\n",
    );
  });

  test("versions that do not go together, with those that do", () => {
    project({ "dune-project": "(lang dune 3.0)\n" });
    const ended = cli(["setup", "--ocaml-version", "5.2.0"]);
    expect(ended.status).toBe(1);
    expect(errorOf(ended)).toMatch(
      /^Error: OCaml 5\.2\.0 cannot build for hvt: no ocaml-solo5 accepts it\n {2}accepted +4\.12\.1 /,
    );
  });

  test("no project in the folder", () => {
    project({ "notes.txt": "nothing to build" });
    const ended = cli(["run", "--target", "spt"]);
    expect(ended.status).toBe(1);
    expect(errorOf(ended)).toMatch(/^Error: no config\.ml, dune-project or \*\.opam in .*\n {2}found +notes\.txt/);
  });

  test("a build that fails", () => {
    const ended = cli(["build", "--target", "virtio", "--build-command", 'echo "cc: no such thing" >&2; exit 7']);
    expect(ended.status).toBe(1);
    expect(errorOf(ended)).toMatch(/failed with status 7[\s\S]*evidence +cc: no such thing\n[\s\S]*again /);
  });

  test("a build that makes no image", () => {
    const ended = cli(["build", "--target", "virtio", "--build-command", 'echo done > "$OUT/readme.txt"']);
    expect(ended.status).toBe(1);
    expect(errorOf(ended)).toMatch(/readme\.txt/);
  });

  test("an image for another architecture", () => {
    const ended = cli(["boot", join(images, "bare.aarch64.qemu"), "--target", "virtio", "--arch", "x86_64"]);
    expect(ended.status).toBe(1);
    expect(errorOf(ended)).toMatch(/^Error: .* is a Linux boot Image for aarch64, not virtio for x86_64\n/);
  });

  test("an image that is cut off", () => {
    const cut = join(folder, "cut.virtio");
    writeFileSync(cut, readFileSync(bare).subarray(0, 3_000));
    const ended = cli(["boot", cut]);
    expect(ended.status).toBe(1);
    expect(errorOf(ended)).toMatch(/^Error: cut\.virtio is cut off or damaged\n {2}found .*\(at byte \d+ of 3000\)/);
  });

  test("no QEMU on the machine", () => {
    const bin = join(folder, "bin");
    mkdirSync(bin);
    for (const program of ["env", "setpriv"]) symlinkSync(`/usr/bin/${program}`, join(bin, program));
    const ended = cli(["boot", bare, "--accelerator", "tcg", "--install-system-packages", "false"], { PATH: bin });
    expect(ended.status).toBe(1);
    expect(errorOf(ended)).toMatch(/^Error: qemu-system-x86_64, which boots virtio images, is not installed/);
    expect(errorOf(ended)).toMatch(/\n {2}do +apt-get install qemu-system-x86\n/);
  });

  test("a self-test that is not passed", () => {
    const ended = cli(["boot", bare, "--accelerator", "tcg", "--self-test"]);
    expect(ended.status).toBe(1);
    expect(errorOf(ended)).toMatch(/^Error: bare\.virtio failed .* exited with status 64, not 63\n/);
  });

  test("a guest that hangs, within its time-out", () => {
    const ended = cli([
      "boot",
      bare,
      "--accelerator",
      "tcg",
      "--args",
      "hang",
      "--until",
      "exit",
      "--timeout",
      "1",
      "--settle",
      "0",
    ]);
    expect(ended.status).toBe(1);
    expect(errorOf(ended)).toMatch(
      /^Error: bare\.virtio failed \d+\.\d s after start: it did not exit within 3 s\n {2}evidence +about to hang/,
    );
    expect(leftRunning()).toEqual([]);
  });
});

describe("what a run leaves", () => {
  test("artifacts whose checksums verify, and outputs as JSON", () => {
    copyFileSync(bare, join(folder, "www.virtio"));
    const ended = cli([
      ...["--json", "run", "--target", "virtio", "--ocaml-version", "none", "--accelerator", "tcg"],
      ...["--build-command", 'cp www.virtio "$OUT"', "--expect", "Hello from a bare unikernel"],
    ]);
    expect(ended.status, ended.stderr).toBe(0);
    expect(JSON.parse(ended.stdout)).toMatchObject({
      verdict: "passed",
      "verdict-reason": "ready",
      accelerator: "tcg",
    });
    const artifact = join(folder, "_artifacts/unikernel-www-virtio-x86_64");
    expect(readdirSync(artifact).sort()).toEqual([
      "SHA256SUMS",
      "boot.json",
      "build-info.json",
      "console-www-virtio-x86_64.log",
      "junit.xml",
      "sbom.cdx.json",
      "www.virtio",
    ]);
    execFileSync("sha256sum", ["--check", "--strict", "--quiet", "SHA256SUMS"], { cwd: artifact });
    expect(readFileSync(join(artifact, "console-www-virtio-x86_64.log"), "latin1")).toContain(
      "Solo5: solo5_exit(0) called\r\n",
    );
  });

  test("the console too, when the boot failed, and then the status is 1", () => {
    copyFileSync(bare, join(folder, "www.virtio"));
    const ended = cli([
      ...["run", "--target", "virtio", "--ocaml-version", "none", "--accelerator", "tcg", "--args", "exception"],
      ...["--build-command", 'cp www.virtio "$OUT"'],
    ]);
    expect(ended.status).toBe(1);
    expect(errorOf(ended)).toMatch(
      /failed .* after start: uncaught exception\n {2}evidence +Fatal error: exception Failure/,
    );
    const artifact = join(folder, "_artifacts/unikernel-www-virtio-x86_64");
    expect(readFileSync(join(artifact, "console-www-virtio-x86_64.log"), "latin1")).toContain(
      "Fatal error: exception Failure",
    );
    expect(JSON.parse(readFileSync(join(artifact, "build-info.json"), "utf8"))).toBeTruthy();
  });

  test("the verdict of a console on disk", () => {
    const console = join(root, "test/fixtures/console/x86_64-virtio-tcg-exc.txt");
    const ended = cli(["--json", "explain", console, "--target", "virtio"]);
    expect(ended.status).toBe(1);
    expect(JSON.parse(ended.stdout)).toMatchObject({ verdict: "failed", reason: "exception", exitStatus: 2 });
    expect(
      cli(["explain", console, "--target", "virtio", "--exit-code", "83", "--expect", "boom", "--expect-exit", "2"])
        .status,
    ).toBe(0);
    const untold = join(folder, "console.txt");
    writeFileSync(untold, "a line\n");
    expect(errorOf(cli(["explain", untold]))).toMatch(
      /^Error: give exactly one of --exit-code, --timed-out, --still-running\n {2}accepted {3}--exit-code N /,
    );
  });

  test("the machine’s abilities, as JSON", () => {
    const ended = cli(["--json", "doctor"]);
    expect(ended.status).toBe(0);
    const { abilities } = JSON.parse(ended.stdout) as {
      abilities: { target: string; architecture: string; boot: string }[];
    };
    const virtio = abilities.find(({ target }) => target === "virtio");
    expect(virtio?.boot).toMatch(/tcg$/);
  });
});

// Root can play somebody else; an ordinary user is one in all the other tests already.
const notRoot = process.getuid?.() === 0 ? undefined : "only root can play another user";
describe.skipIf(notRoot !== undefined)(`an ordinary user without sudo${skipNote(notRoot)}`, () => {
  test("builds, boots by emulation and gets the artifacts, once the system packages are there", () => {
    const tools = join(folder, "unikernel-ci");
    cpSync(join(root, "dist/cli"), tools, { recursive: true });
    // Node.js and this repository may lie in root's home.
    const itsNode = join(folder, "node");
    copyFileSync(process.execPath, itsNode);
    copyFileSync(bare, join(folder, "www.virtio"));
    execFileSync("chown", ["-R", "nobody", folder]);
    const asNobody = ["--reuid", "nobody", "--regid", "nogroup", "--clear-groups", itsNode, join(tools, "index.js")];
    const run = [
      "--json",
      "run",
      "--target",
      "virtio",
      "--ocaml-version",
      "none",
      "--build-command",
      'cp www.virtio "$OUT"',
    ];
    const env = { PATH: process.env["PATH"] ?? "", HOME: join(folder, "home") };
    const ended = spawnSync("setpriv", [...asNobody, ...run], {
      cwd: folder,
      env,
      encoding: "utf8",
      timeout: 3_000_000,
    });
    expect(ended.status, ended.stderr).toBe(0);
    expect(JSON.parse(ended.stdout)).toMatchObject({ verdict: "passed", "verdict-reason": "exited" });
    expect(existsSync(join(folder, "_artifacts/unikernel-www-virtio-x86_64/SHA256SUMS"))).toBe(true);
  });
});

describe("on another system every part ends at once with one line", () => {
  const parts = ["setup", "build", "boot", "publish"];
  const systems = [
    ["darwin", "macOS"],
    ["win32", "Windows"],
  ] as const;
  const cases = parts.flatMap((part) => systems.map(([platform, name]) => [part, platform, name] as const));

  test.each(cases)("%s on %s", (part, platform, name) => {
    const disguise = `data:text/javascript,Object.defineProperty(process,"platform",{value:"${platform}"})`;
    // `build` notes for its post step that it has begun; the runner always has a file for that.
    const state = join(folder, "state");
    writeFileSync(state, "");
    const ended = node(["--import", disguise, bundle(part)], { GITHUB_ACTIONS: "true", GITHUB_STATE: state });
    expect(ended.status).toBe(1);
    expect(ended.stdout).toBe(`::error::unikernel-ci runs on Linux only, and this is ${name}\n`);
    expect(ended.stderr).toBe("");
  });
});
