import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Context } from "../../../src/platform/host.js";
import type { Processes } from "../../../src/platform/process/process.js";
import { buildTenders } from "../../../src/toolchain/tenders.js";
import type { ToolchainSpec } from "../../../src/toolchain/toolchain.js";
import { aarch64, elf, x86_64 } from "../image/build.js";
import { exampleSpec } from "./examples.js";

let folder: string;
let spec: ToolchainSpec;
let place: string;
let said: string[];
let commands: { readonly line: string; readonly env: Readonly<Record<string, string>> }[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "unikernel-ci-tenders-"));
  spec = { ...exampleSpec, architecture: "aarch64" };
  place = join(folder, "toolchain");
  said = [];
  commands = [];
  mkdirSync(join(place, "bin"), { recursive: true });
  for (const name of ["apt-get", "dpkg-deb"]) writeFileSync(join(folder, name), "", { mode: 0o755 });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Machine {
  /** What `opam source` leaves. */
  readonly sources?: readonly string[];
  /** What make builds. */
  readonly program?: Buffer;
  /** The command that fails. */
  readonly failing?: string;
}

async function build({
  sources = ["configure.sh"],
  program = elf({ machine: aarch64 }),
  failing = "nothing",
}: Machine): Promise<void> {
  const run: Processes["run"] = (argv, { env = {}, cwd = "" } = {}) => {
    const line = argv.join(" ");
    commands.push({ line, env });
    const put = (path: string, content: Buffer | string) => {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content);
    };
    if (argv.includes("source")) for (const name of sources) put(join(place, "tenders/solo5", name), "");
    if (line.startsWith("make -C tenders"))
      for (const kind of ["hvt", "spt"]) put(join(cwd, `tenders/${kind}/solo5-${kind}`), program);
    return Promise.resolve({ argv, exitCode: line.includes(failing) ? 2 : 0, stdout: "", stderr: "the reason" });
  };
  const host = { architecture: "x86_64", environment: { PATH: folder } };
  const tell = (text: string) => void said.push(text);
  const log = {
    fact: (label: string, text: string) => tell(`${label}: ${text}`),
    notice: (text: string) => tell(`notice: ${text}`),
  };
  const context = { host, log, processes: { run } } as unknown as Context;
  await buildTenders(context, spec, place, (...args) => run(["opam", ...args]), { OPAMROOT: "/t" });
}

const programs = () => readdirSync(join(place, "bin"));

it("static tenders are built from the sources of the toolchain’s own Solo5, and nothing else is left", async () => {
  await build({});
  expect(commands[0]?.line).toBe(`opam source solo5.0.12.1 --dir=${place}/tenders/solo5`);
  const configure = commands.find(({ line }) => line.startsWith("./configure.sh"));
  expect(configure?.env).toMatchObject({
    HOST_CC: "aarch64-linux-gnu-gcc",
    HOST_AR: "aarch64-linux-gnu-ar",
    OPAMROOT: "/t",
  });
  expect(commands.at(-1)?.line).toContain("-static-pie");
  expect(programs().sort()).toEqual(["solo5-hvt-aarch64", "solo5-spt-aarch64"]);
  expect(readFileSync(join(place, "bin/solo5-hvt-aarch64"))).toEqual(elf({ machine: aarch64 }));
  expect(said).toEqual([expect.stringMatching(/^tenders: for aarch64, static, built in /)]);
  expect(existsSync(join(place, "tenders"))).toBe(false);
});

it.each<[string, Machine, RegExp]>([
  ["sources that are not Solo5’s", { sources: ["README"] }, /have no configure\.sh/],
  ["no sources", { failing: "source" }, /getting Solo5’s sources failed[^]*the reason/],
  ["no libseccomp", { failing: "download" }, /libseccomp-dev for arm64 could not be downloaded/],
  ["a build that fails", { failing: "make -C" }, /building Solo5’s tenders failed[^]*the reason/],
  ["a Solo5 that takes no other compiler", { program: elf({ machine: x86_64 }) }, /what was built is not for aarch64/],
  [
    "a linker that makes no static program",
    { program: elf({ machine: aarch64, segments: [{ type: 3, data: Buffer.from("/lib/ld-linux-aarch64.so.1\0") }] }) },
    /what was built is not static/,
  ],
])("with %s the toolchain is built all the same, and the reason is told", async (_, machine, reason) => {
  await build(machine);
  expect(said).toEqual([expect.stringMatching(reason)]);
  expect(said[0]).toMatch(/^notice: no tenders for aarch64 were built/);
  expect(programs()).toEqual([]);
  expect(existsSync(join(place, "tenders"))).toBe(false);
});
