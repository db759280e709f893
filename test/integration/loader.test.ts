import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AttachedDevice } from "../../src/boot/devices/devices.js";
import { Qmp } from "../../src/boot/qmp.js";
import { guestResetStatus, loaderRefusalStatus } from "../../src/boot/vmms/loader.js";
import { vmms } from "../../src/boot/vmms/vmms.js";
import { startVmm } from "../../src/platform/process/vmm-process.js";
import { askedOf, goodMachine, siteOf } from "../unit/boot/requests.js";
import { showWhenFailed } from "./shown-when-failed.js";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const sources = join(repository, "test/integration/fixtures/loader");
const compiler = process.arch === "arm64" ? "x86_64-linux-gnu-gcc" : "gcc";
const freestanding =
  "-std=gnu11 -O1 -Wall -Wextra -Werror -m64 -ffreestanding -fno-pic -no-pie -static -mno-red-zone " +
  "-mgeneral-regs-only -fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables " +
  "-nostdlib -Wl,--build-id=none,-s";

let folder: string;
let kernel: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "unikernel-ci-loader-"));
  kernel = join(folder, "kernel.fc");
  execFileSync("make", ["--silent", "-C", join(repository, "loader"), `OUT=${folder}`]);
  execFileSync(compiler, [
    ...freestanding.split(" "),
    `-Wl,-T,${join(sources, "kernel.ld")}`,
    "-o",
    kernel,
    join(sources, "kernel.c"),
  ]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Asked {
  readonly args?: readonly string[];
  readonly memoryMiB?: number;
  readonly devices?: readonly AttachedDevice[];
  /** Instead of the plan's. */
  readonly cpu?: string;
  /** End the guest when it has said this. */
  readonly until?: RegExp;
}

/** Boots an image as the plan says; gives its console, QEMU's status, and whether the machine was reset. */
async function boot(imagePath: string, { args = [], memoryMiB = 64, devices = [], cpu, until }: Asked = {}) {
  const site = siteOf({ imagePath, args, devices, places: { loader: join(folder, "firecracker-loader") } });
  const asked = askedOf("unikraft-firecracker", { memory: memoryMiB });
  const { argv } = vmms.loader.command(asked, site, "tcg", goodMachine);
  const [program, ...options] = argv.map((word) => (word === "max" ? (cpu ?? word) : word));
  const monitor = startVmm([program as string, ...options], process.env, 1);
  const seen = { console: "", errors: "", wasReset: false };
  monitor.console.on("data", (chunk: Buffer) => {
    seen.console += chunk.toString("latin1");
    if (until?.test(seen.console) === true) monitor.kill();
  });
  monitor.errors.on("data", (chunk: Buffer) => (seen.errors += chunk.toString()));
  if (monitor.control === undefined) throw new Error("there is no control channel");
  const qmp = new Qmp(monitor.control, ({ data }) => {
    if (data?.["reason"] === "guest-reset") seen.wasReset = true;
  });
  // The guest may have ended QEMU before it answers.
  await qmp.start().catch(() => undefined);
  const { code } = await monitor.ended;
  showWhenFailed(`${imagePath}: status ${String(code)}`, seen.console.trimEnd().split("\n").slice(-30));
  expect(seen.errors).toBe("");
  return { console: seen.console, code, wasReset: seen.wasReset };
}

/** The memory map that the kernel of the fixtures printed. */
function memoryIn(console: string): { start: number; end: number; type: number }[] {
  return [...console.matchAll(/^memory: (\w+) (\w+) (\w)$/gm)].map(([, start, size, type]) => ({
    start: Number(`0x${start ?? ""}`),
    end: Number(`0x${start ?? ""}`) + Number(`0x${size ?? ""}`),
    type: Number(type),
  }));
}

describe("an image is started as Firecracker starts it", () => {
  it("with the zero page, the registers and the memory map", async () => {
    const { console } = await boot(kernel, { args: ["reset"] });
    expect(console).toContain("zero page: 7000, flag aa55, header 53726448, loader ff\n");
    expect(console).toContain("stack: 8ff0, flags: 2\n");
    const [low, high, ...more] = memoryIn(console).filter(({ type }) => type === 1);
    expect([low?.start, high?.start, more]).toEqual([0, 1 << 20, []]);
    expect(low?.end).toBeGreaterThan(0x9_0000);
    expect(high?.end).toBeGreaterThan(63 << 20);
    expect(high?.end).toBeLessThanOrEqual(64 << 20);
    expect(memoryIn(console).filter(({ start, end }) => start === end)).toEqual([]);
  });

  it("with the command line that Firecracker would make from the same arguments", async () => {
    const { console } = await boot(kernel, { args: ["--name=a,b", "two words", "reset"] });
    const line = 'kernel.fc pci=off -- --name=a,b "two words" reset';
    expect(console).toContain(`command line: ${line}\nsize: ${(line.length + 1).toString(16)}\n`);
  });

  it.each([
    ["moved onto itself", 1 << 18, 5],
    ["moved away", 6 << 20, 256],
    ["in memory that is not mapped", 6 << 20, 4096],
  ])("with empty memory around it, where its file was %s too", async (_, ballast, memoryMiB) => {
    const image = join(folder, `kernel-${memoryMiB}.fc`);
    writeFileSync(image, Buffer.concat([readFileSync(kernel), Buffer.alloc(ballast, 0xff)]));
    const { console, code } = await boot(image, { args: ["reset"], memoryMiB });
    expect(code).toBe(guestResetStatus);
    const [, emptyUntil = ""] = /^empty from: \w+ to: (\w+)$/m.exec(console) ?? [];
    const { end } = memoryIn(console).find(({ start }) => start === 1 << 20) ?? { end: 0 };
    expect(Number(`0x${emptyUntil}`)).toBe(Math.min(end, 2 ** 30));
  });

  it("with the timer’s interrupts let through", async () => {
    expect(await boot(kernel, { args: ["interrupt"] })).toMatchObject({ code: guestResetStatus, wasReset: false });
  });

  it("with a word for each device", async () => {
    const disk = join(folder, "disk,1.img");
    writeFileSync(disk, Buffer.alloc(512));
    const network = { network: "10.0.2.0/24", guest: "10.0.2.15", gateway: "10.0.2.2", outside: false, forwards: [] };
    const { console } = await boot(kernel, {
      args: ["reset"],
      devices: [
        { type: "block", name: "storage", path: disk },
        { type: "net", name: "service", mac: "52:54:00:00:00:01", link: { kind: "user", ...network } },
      ],
    });
    const words = "virtio_mmio.device=512@0xfeb00000:5 virtio_mmio.device=512@0xfeb00200:6";
    expect(console).toContain(`command line: kernel.fc pci=off ${words} -- reset\n`);
    // The magic number of a transport, its version, and the kind of its device.
    expect(console).toContain("device: 74726976 2 2\ndevice: 74726976 2 1\n");
  });
});

describe("a guest ends", () => {
  it("by the keyboard controller’s reset, with its own status", async () => {
    expect(await boot(kernel, { args: ["reset"] })).toMatchObject({ code: guestResetStatus, wasReset: false });
  });

  it("by a triple fault, which is a reset of the machine", async () => {
    expect(await boot(kernel, { args: ["fault"] })).toMatchObject({ code: 0, wasReset: true });
  });

  it("not at all when it hangs", async () => {
    expect(await boot(kernel, { args: ["hang"], until: /empty from.*\n/ })).toMatchObject({
      code: null,
      wasReset: false,
    });
  });
});

describe("an image that cannot start is refused with the reason, and without a guest’s status", () => {
  async function refusal(imagePath: string, asked?: Asked): Promise<string> {
    const { console, code } = await boot(imagePath, asked);
    expect(code, console).toBe(loaderRefusalStatus);
    return console;
  }

  const good: Segment = { address: 0x20_0000 };
  const cases: readonly (readonly [name: string, file: Uint8Array, said: string])[] = [
    ["an empty file", new Uint8Array(), "the image is shorter than the header of an ELF file"],
    ["the beginning of a file", elf([good]).subarray(0, 63), "the image is shorter than the header of an ELF file"],
    ["a text", Buffer.from("#!/bin/sh\n".repeat(10)), "the image is not an ELF file"],
    ["32 bits", elf([good], { class: 1 }), "the image is not a 64-bit ELF file"],
    ["big end first", elf([good], { order: 2 }), "the image is not a 64-bit ELF file"],
    ["another processor", elf([good], { machine: 183 }), "the image is not for x86_64"],
    ["an object file", elf([good], { type: 1 }), "the image is not an executable"],
    ["a core dump", elf([good], { type: 4 }), "the image is not an executable"],
    [
      "other program headers",
      elf([good], { segmentSize: 32 }),
      "the image's program headers are not those of a 64-bit ELF file",
    ],
    [
      "program headers far away",
      elf([good], { segments: 1n << 32n }),
      "the image is cut off: its program headers lie behind its end",
    ],
    [
      "program headers around the end of 32 bits",
      elf([good], { segments: 0xffff_fff0n }),
      "the image is cut off: its program headers lie behind its end",
    ],
    [
      "more program headers than there are",
      elf([good], { count: 0xffff }),
      "the image is cut off: its program headers lie behind its end",
    ],
    ["no segments", elf([]), "the entry point lies in no segment"],
    ["a cut file", elf([good]).subarray(0, 0x1001), "the image is cut off: a segment lies behind its end"],
    [
      "a segment behind 4 GiB of the file",
      elf([{ ...good, offset: 1n << 32n }]),
      "the image is cut off: a segment lies behind its end",
    ],
    [
      "a segment around the end of 32 bits of the file",
      elf([{ ...good, offset: 0xffff_fff8n }]),
      "the image is cut off: a segment lies behind its end",
    ],
    ["a segment where the zero page is", elf([good, { address: 0x7000 }]), "a segment lies below 1 MiB"],
    ["a segment at 0", elf([good, { address: 0 }]), "a segment lies below 1 MiB"],
    ["a segment beyond memory", elf([good, { address: 64 << 20 }]), "a segment lies outside memory"],
    ["a segment over the end of memory", elf([good, { address: (64 << 20) - 4 }]), "a segment lies outside memory"],
    ["a segment beyond 4 GiB", elf([good, { address: 2 ** 32 + 0x20_0000 }]), "a segment lies outside memory"],
    ["a segment around the end of 32 bits", elf([good, { address: 0xffff_fff8 }]), "a segment lies outside memory"],
    ["a segment of 1 TiB", elf([good, { address: 0x30_0000, size: 1n << 40n }]), "a segment lies outside memory"],
    ["less memory than file", elf([{ ...good, size: 4n }]), "a segment is longer in the file than in memory"],
    [
      "no room for the file",
      elf([{ ...good, size: 62n << 20n }]),
      "memory is too small for the image's segments and its file",
    ],
    ["an entry point elsewhere", elf([good], { entry: 0x30_0000n }), "the entry point lies in no segment"],
    ["an entry point just behind", elf([good], { entry: 0x20_0010n }), "the entry point lies in no segment"],
    [
      "an entry point beyond 4 GiB",
      elf([good], { entry: (1n << 32n) + 0x20_0000n }),
      "the entry point lies beyond the first GiB, which is all that is mapped",
    ],
  ];
  it.each(cases)("%s", async (_, file, said) => {
    const image = join(folder, "malformed");
    writeFileSync(image, file);
    expect(await refusal(image)).toBe(`loader: ${said}\r\n`);
  });

  it("too little memory for the file", async () => {
    const image = join(folder, "large");
    writeFileSync(image, Buffer.alloc(4 << 20));
    expect(await refusal(image, { memoryMiB: 6 })).toBe("loader: the image is not an ELF file\r\n");
    for (const memoryMiB of [4, 5])
      expect(await refusal(image, { memoryMiB })).toBe("loader: memory is too small for the image\r\n");
  });

  it("a command line longer than Firecracker takes", async () => {
    const room = 2047 - "kernel.fc pci=off --  reset".length;
    expect(await refusal(kernel, { args: ["x".repeat(room + 1), "reset"] })).toBe(
      "loader: the command line is longer than 2047 bytes\r\n",
    );
    expect(await boot(kernel, { args: ["x".repeat(room), "reset"] })).toMatchObject({ code: guestResetStatus });
  });

  it("a processor without 64 bits", async () => {
    expect(await refusal(kernel, { cpu: "pentium3" })).toBe("loader: the processor has no 64-bit mode\r\n");
  });
});

it("of overlapping segments the later one counts, as in Firecracker", async () => {
  // The first halts; over its beginning the second has a reset: mov $0xfe, %al; outb %al, $0x64.
  const image = join(folder, "overlapping");
  const reset = Buffer.from([0xb0, 0xfe, 0xe6, 0x64]);
  writeFileSync(
    image,
    elf([
      { address: 0x20_0000, content: Buffer.alloc(16, 0xf4) },
      { address: 0x20_0000, content: reset },
    ]),
  );
  expect(await boot(image)).toMatchObject({ code: guestResetStatus });
});

it("an empty segment is ignored", async () => {
  const image = join(folder, "with-empty-segment");
  const reset = Buffer.from([0xb0, 0xfe, 0xe6, 0x64]);
  writeFileSync(
    image,
    elf([
      { address: 0, content: Buffer.alloc(0) },
      { address: 0x20_0000, content: reset },
    ]),
  );
  expect(await boot(image)).toMatchObject({ code: guestResetStatus });
});

interface Segment {
  readonly address: number;
  readonly content?: Uint8Array;
  /** In memory; as in the file when it is left out. */
  readonly size?: bigint;
  /** In the file; where the content is when it is left out. */
  readonly offset?: bigint;
}

interface Header {
  readonly class?: number;
  readonly order?: number;
  readonly type?: number;
  readonly machine?: number;
  readonly entry?: bigint;
  readonly segments?: bigint;
  readonly segmentSize?: number;
  readonly count?: number;
}

/** An ELF64 file: https://gabi.xinuos.com/elf. Its segments are 16 bytes at 0x1000, 0x1010, ... of the file. */
function elf(segments: readonly Segment[], header: Header = {}): Buffer {
  const file = Buffer.alloc(0x1000 + 16 * segments.length);
  file.set([0x7f, 0x45, 0x4c, 0x46, header.class ?? 2, header.order ?? 1, 1]);
  file.writeUInt16LE(header.type ?? 2, 16);
  file.writeUInt16LE(header.machine ?? 62, 18);
  file.writeBigUInt64LE(header.entry ?? 0x20_0000n, 24);
  file.writeBigUInt64LE(header.segments ?? 64n, 32);
  file.writeUInt16LE(header.segmentSize ?? 56, 54);
  file.writeUInt16LE(header.count ?? segments.length, 56);
  segments.forEach(({ address, content = Buffer.alloc(16, 0xf4), size, offset }, index) => {
    const at = 64 + 56 * index;
    file.writeUInt32LE(1, at);
    file.writeBigUInt64LE(offset ?? BigInt(0x1000 + 16 * index), at + 8);
    file.writeBigUInt64LE(BigInt(address), at + 24);
    file.writeBigUInt64LE(BigInt(content.length), at + 32);
    file.writeBigUInt64LE(size ?? BigInt(content.length), at + 40);
    file.set(content, 0x1000 + 16 * index);
  });
  return file;
}
