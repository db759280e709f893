import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AttachedDevice } from "../../src/boot/devices/devices.js";
import { ensureHelperVm } from "../../src/boot/helper-vm/ensure.js";
import { packRun } from "../../src/boot/helper-vm/pack.js";
import {
  type HelperVmFiles,
  helperVmPlace,
  publishedHelperVms,
  publishHelperVm,
} from "../../src/boot/helper-vm/published.js";
import { type HelperVmProcess, helperVmProcess } from "../../src/boot/helper-vm/helper-process.js";
import { Bytes } from "../../src/image/bytes.js";
import { elfMachine, elfType, readElf } from "../../src/image/elf.js";
import type { BootSite, Command } from "../../src/boot/vmms/vmm.js";
import { vmms } from "../../src/boot/vmms/vmms.js";
import type { Context } from "../../src/platform/host.js";
import { processes } from "../../src/platform/process/process.js";
import { type VmmEnd, startVmm } from "../../src/platform/process/vmm-process.js";
import { readHostSystem } from "../../src/platform/system.js";
import { type Architecture, architectures } from "../../src/targets/architecture.js";
import { type Tender, tenderName } from "../../src/targets/targets.js";
import { collectingLog } from "../collecting-log.js";
import { askedOf, goodMachine, siteOf } from "../unit/boot/requests.js";
import { hostIn } from "./set-up.js";

const repository = fileURLToPath(new URL("../..", import.meta.url));
/** Helper VMs are kept between runs: making one downloads a kernel. */
const host = hostIn(join(repository, ".cache/test-carriers"));
const lines: string[] = [];
const context: Context = { host, processes, log: collectingLog(lines) };
const compilers: Readonly<Record<Architecture, string>> = {
  x86_64: "x86_64-linux-gnu-gcc",
  aarch64: "aarch64-linux-gnu-gcc",
};

let folder: string;
let image: string;
const helperVms = {} as Record<Architecture, HelperVmFiles>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "unikernel-ci-helper-vm-"));
  image = join(folder, "an image's name");
  writeFileSync(image, "image");
  for (const architecture of architectures) {
    const program = join(folder, architecture);
    const source = join(repository, "test/integration/fixtures/tender.c");
    execFileSync(compilers[architecture], ["-static", "-O1", "-Wall", "-Werror", "-o", program, source]);
    for (const tender of ["solo5-hvt", "solo5-spt"] as const) {
      copyFileSync(program, join(folder, tenderName(tender, architecture, host.architecture)));
    }
    helperVms[architecture] = await ensureHelperVm(context, architecture, { install: false });
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function commandOf(
  architecture: Architecture,
  tender: Tender,
  what: Pick<Partial<BootSite>, "args" | "devices">,
  files: HelperVmFiles,
  initrd: string,
): Command {
  const vms = { x86_64: files, aarch64: files, "xen-x86_64": files };
  const site = siteOf({ ...what, imagePath: image, places: { helperVms: vms, initrd } });
  const target = tender === "solo5-hvt" ? "hvt" : "spt";
  const asked = askedOf(target, { architecture, memory: 32 });
  return vmms[`helper-vm-${tender}`].command(asked, site, "tcg", goodMachine);
}

let count = 0;

async function start(
  architecture: Architecture,
  tender: Tender,
  how: string,
  devices: readonly AttachedDevice[] = [],
  files = helperVms[architecture],
): Promise<HelperVmProcess> {
  const initrd = join(folder, `initrd-${count++}`);
  const { argv, inside } = commandOf(architecture, tender, { args: [how], devices }, files, initrd);
  if (inside === undefined || "domain" in inside) throw new Error("no tender in a helper VM");
  await packRun(context, files, { run: inside, imagePath: image, devices, searchPath: folder }, initrd);
  const helperVm = helperVmProcess(startVmm(argv, process.env, 2));
  helperVm.control?.resume();
  return helperVm;
}

interface Outcome {
  readonly end: VmmEnd;
  readonly console: string;
  readonly errors: string;
}

async function boot(...asked: Parameters<typeof start>): Promise<Outcome> {
  const helperVm = await start(...asked);
  const [end, console, errors] = await Promise.all([
    helperVm.ended,
    helperVm.console.toArray(),
    helperVm.errors.toArray(),
  ]);
  const text = (chunks: readonly unknown[]) => Buffer.concat(chunks as Buffer[]).toString("latin1");
  return { end, console: text(console), errors: text(errors) };
}

const machine = "a virtual machine was made\n";

describe.each(architectures)("a helper VM for %s", (architecture) => {
  it("is found again, and is nothing but its two files", async () => {
    const { folder: place, kernel } = helperVms[architecture];
    const made = statSync(kernel).mtimeMs;
    expect(await ensureHelperVm(context, architecture, { install: false })).toEqual(helperVms[architecture]);
    expect(statSync(kernel).mtimeMs).toBe(made);
    expect(readdirSync(place).sort()).toEqual(["initramfs", "kernel"]);
  });

  it.each([
    ["3", { code: 3, signal: null }],
    ["139", { code: 139, signal: null }],
    ["segv", { code: null, signal: "SIGSEGV" }],
  ])("has a KVM that makes virtual machines, and tells the end %s of its tender", async (how, end) => {
    expect(await boot(architecture, "solo5-hvt", how)).toEqual({ end, console: machine, errors: "" });
  });

  it("leaves the memory of a guest that crashed on a disk", async () => {
    const dumps = mkdtempSync(join(folder, "dumps-"));
    writeFileSync(join(dumps, "core"), Buffer.alloc(8 * 1024 * 1024));
    const files = helperVms[architecture];
    const initrd = join(folder, `initrd-${count++}`);
    const places = { helperVms: { x86_64: files, aarch64: files, "xen-x86_64": files }, initrd, dumps };
    const site = siteOf({ args: ["segv"], imagePath: image, places });
    const command = vmms["helper-vm-solo5-spt"].dumped?.(askedOf("spt", { architecture, memory: 32 }), site);
    if (command?.inside === undefined || "domain" in command.inside) throw new Error("no tender in a helper VM");
    await packRun(context, files, { run: command.inside, imagePath: image, devices: [], searchPath: folder }, initrd);
    const helperVm = helperVmProcess(startVmm(command.argv, process.env, 2));
    helperVm.control?.resume();
    helperVm.console.resume();
    helperVm.errors.resume();
    expect(await helperVm.ended).toEqual({ code: null, signal: "SIGSEGV" });
    const dump = readElf(new Bytes(readFileSync(join(dumps, "core"))));
    expect(dump).toMatchObject({ type: elfType.core, machine: elfMachine[architecture] });
    expect(dump.notes.map(({ owner }) => owner)).toContain("CORE");
  });

  it("passes on every byte of the console, including an unfinished last line", async () => {
    const { end, console } = await boot(architecture, "solo5-spt", "much");
    expect(end).toEqual({ code: 0, signal: null });
    expect(console.length).toBe(800_003);
    expect(console.slice(-12)).toBe("\n0099999\nend");
  });

  it("cannot be imitated by the unikernel’s output or the tender’s error stream", async () => {
    expect(await boot(architecture, "solo5-spt", "imitate")).toEqual({
      end: { code: 3, signal: null },
      console: "carrier: end 0\r\ncarrier: failed\n\0\xff\n",
      errors: "",
    });
    expect(await boot(architecture, "solo5-spt", "refuse")).toEqual({
      end: { code: 1, signal: null },
      console: "",
      errors: "solo5-spt: carrier: end 0\nsolo5-spt: no manifest\n",
    });
  });

  it.each(["hang", "flood"])("ends at once while its tender does %s", async (how) => {
    const helperVm = await start(architecture, "solo5-hvt", how);
    helperVm.errors.resume();
    let bytes = 0;
    helperVm.console.on("data", (chunk: Buffer) => (bytes += chunk.length));
    await helperVm.begun;
    while (bytes <= machine.length && (how === "flood" || bytes === 0))
      await new Promise((resolve) => setTimeout(resolve, 20));
    helperVm.kill();
    expect(await helperVm.ended).toEqual({ code: null, signal: "SIGKILL" });
  });

  it("reports too little memory when Linux kills the tender", async () => {
    expect((await boot(architecture, "solo5-spt", "memory")).end).toMatchObject({
      failure: "the helper VM ran out of memory",
    });
  });

  it("passes on disks and network cards", async () => {
    const disk = join(folder, `disk, ${architecture}`);
    writeFileSync(disk, Buffer.concat([Buffer.from("the content"), Buffer.alloc(4096 - 11)]));
    const { end, console, errors } = await boot(architecture, "solo5-spt", "0", [
      {
        type: "net",
        name: "service",
        mac: "52:54:00:00:00:01",
        link: {
          kind: "user",
          network: "10.0.2.0/24",
          guest: "10.0.2.15",
          gateway: "10.0.2.2",
          outside: false,
          forwards: [],
        },
      },
      { type: "block", name: "storage", path: disk },
    ]);
    expect({ end, console, errors }).toEqual({
      end: { code: 0, signal: null },
      console: "tap0 is there\n/dev/vda holds the content, 4096 bytes\n",
      errors: "",
    });
    expect(readFileSync(disk).toString("latin1", 512, 533)).toBe("written by the tender");
  });
});

describe("a helper VM of a mirror", () => {
  it("is fetched once, without apt, also after a restore that was killed, and boots", async () => {
    const mirror = join(folder, "mirror");
    await publishHelperVm(context, helperVms.aarch64, mirror);
    const programs: string[] = [];
    const elsewhere: Context = {
      ...context,
      host: hostIn(join(folder, "fresh")),
      processes: { run: (argv, options) => (programs.push(argv[0]), processes.run(argv, options)) },
    };
    const place = helperVmPlace(elsewhere.host.folders.toolCache, await readHostSystem(), "aarch64");
    mkdirSync(place.folder, { recursive: true });
    writeFileSync(`${place.folder}.incomplete`, "");
    const fetch = () =>
      ensureHelperVm(elsewhere, "aarch64", {
        install: false,
        published: publishedHelperVms(context.log, `file://${mirror}`),
      });
    expect(await fetch()).toEqual(place);
    expect(lines.at(-1)).toMatch(/^helper VM: fetched for aarch64 in /);
    expect(existsSync(`${place.folder}.incomplete`)).toBe(false);
    await fetch();
    expect(programs).toEqual(["tar"]);
    expect(await boot("aarch64", "solo5-hvt", "3", [], place)).toEqual({
      end: { code: 3, signal: null },
      console: machine,
      errors: "",
    });
  });
});

describe("a helper VM that does not start", () => {
  it.each([
    ["a kernel that is none", "kernel", /^the helper VM did not start$/],
    ["an archive that is none", "initramfs", /^the helper VM did not start: .*Kernel panic/],
  ] as const)("is told as that, for %s", async (_, broken, failure) => {
    const files = { ...helperVms.x86_64, [broken]: join(folder, `broken-${broken}`) };
    writeFileSync(files[broken], Buffer.alloc(4096));
    const { argv } = commandOf("x86_64", "solo5-spt", {}, files, files.initramfs);
    const helperVm = helperVmProcess(startVmm(argv, process.env, 2));
    helperVm.control?.resume();
    helperVm.console.resume();
    helperVm.errors.resume();
    expect((await helperVm.ended).failure).toMatch(failure);
  });

  it("leaves nothing when it cannot be made", async () => {
    const elsewhere = hostIn(join(folder, "elsewhere"));
    mkdirSync(join(folder, "bin"));
    for (const name of ["apt-get", "apt-cache", "dpkg-deb"]) {
      writeFileSync(join(folder, "bin", name), '#!/bin/sh\necho "E: no network" >&2\nexit 100\n', { mode: 0o755 });
    }
    const path = `${join(folder, "bin")}:${process.env["PATH"] ?? ""}`;
    const run: typeof processes.run = (argv, options) =>
      processes.run(argv, { ...options, env: { ...options?.env, PATH: path } });
    const offline: Context = {
      ...context,
      host: { ...elsewhere, environment: { ...elsewhere.environment, PATH: path } },
      processes: { run: ([program, ...args], options) => run(["env", program, ...args], options) },
    };
    await expect(ensureHelperVm(offline, "x86_64", { install: false })).rejects.toMatchObject({
      facts: { evidence: expect.arrayContaining(["E: no network"]) as unknown },
    });
    expect(readdirSync(join(elsewhere.folders.toolCache, "carriers"))).toEqual([]);
  });
});
