import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Image } from "../../../src/image/image.js";
import { readImage, recogniseImage } from "../../../src/image/recognise.js";
import { Problem } from "../../../src/platform/problem.js";
import { processorMs } from "../../processor-time.js";
import * as build from "./build.js";

const version = "Helene 0.18.0~6056466f";
const net = { name: "service", type: 2 };
const block = { name: "storage", type: 1 };

const images: readonly (readonly [string, Buffer, Image])[] = [
  ...(
    [
      ["hvt", 1, 2, build.x86_64],
      ["hvt", 1, 2, build.aarch64],
      ["spt", 2, 2, build.x86_64],
      ["spt", 2, 2, build.aarch64],
      ["virtio", 3, 1, build.x86_64],
      ["muen", 4, 4, build.x86_64],
      ["xen", 6, 1, build.x86_64],
    ] as const
  ).map(([name, abi, abiVersion, machine]): readonly [string, Buffer, Image] => {
    const architecture = machine === build.x86_64 ? "x86_64" : "aarch64";
    const system = { kind: "solo5", abi, abiVersion, devices: [] } as const;
    return [
      `Solo5 ${name}, ${architecture}`,
      build.solo5(abi, abiVersion, [], machine),
      { format: "elf64", architecture, system },
    ];
  }),
  [
    "Solo5 with devices, in the order of the manifest",
    build.solo5(1, 2, [net, block]),
    {
      format: "elf64",
      architecture: "x86_64",
      system: {
        kind: "solo5",
        abi: 1,
        abiVersion: 2,
        devices: [
          { name: "service", type: "net" },
          { name: "storage", type: "block" },
        ],
      },
    },
  ],
  [
    "Solo5 virtio wrapped as a 32-bit multiboot file",
    build.elf({
      bits: 32,
      machine: build.i386,
      body: build.multiboot,
      segments: [build.abiNote(3, 1), build.manifestNote([])].map((data) => ({ type: 4, data })),
    }),
    { format: "elf32", architecture: "x86_64", system: { kind: "solo5", abi: 3, abiVersion: 1, devices: [] } },
  ],
  [
    "Solo5 whose notes only sections show",
    build.elf({
      sections: [build.abiNote(1, 2), build.manifestNote([])].map((data) => ({ name: ".note", type: 7, data })),
    }),
    { format: "elf64", architecture: "x86_64", system: { kind: "solo5", abi: 1, abiVersion: 2, devices: [] } },
  ],
  [
    "Unikraft qemu, x86_64",
    build.unikraft("qemu"),
    { format: "elf32", architecture: "x86_64", system: { kind: "unikraft", platform: "qemu", version } },
  ],
  [
    "Unikraft firecracker, x86_64",
    build.unikraft("firecracker"),
    { format: "elf64", architecture: "x86_64", system: { kind: "unikraft", platform: "firecracker", version } },
  ],
  [
    "Unikraft qemu, aarch64",
    build.linuxImage("libpl011", `Unikraft ${version}`),
    { format: "linux-image", architecture: "aarch64", system: { kind: "unikraft", platform: "qemu", version } },
  ],
  [
    "Unikraft firecracker, aarch64, without a version text",
    build.linuxImage("libns16550"),
    { format: "linux-image", architecture: "aarch64", system: { kind: "unikraft", platform: "firecracker" } },
  ],
  [
    "the unstripped file beside a Unikraft qemu image, aarch64",
    build.elf({
      machine: build.aarch64,
      body: Buffer.from("libpl011"),
      sections: [{ name: ".uk_bootinfo", type: 1, data: build.bootInfo }],
    }),
    { format: "elf64", architecture: "aarch64", system: { kind: "unikraft", platform: "qemu" } },
  ],
  [
    "a Linux boot Image without a mark",
    build.linuxImage(),
    { format: "linux-image", architecture: "aarch64", system: { kind: "unmarked" } },
  ],
  [
    "a kernel without a mark",
    build.elf({ segments: [{ type: 1, data: Buffer.alloc(16) }] }),
    { format: "elf64", architecture: "x86_64", system: { kind: "unmarked" } },
  ],
  [
    "a dynamic executable of Linux",
    build.elf({ type: 3, segments: [{ type: 3, data: Buffer.from("/lib64/ld-linux-x86-64.so.2\0") }] }),
    { format: "elf64", architecture: "x86_64", system: { kind: "process" } },
  ],
  [
    "a static executable of glibc",
    build.elf({ segments: [{ type: 4, data: build.note("GNU", 1, build.words(0, 3, 2, 0)) }] }),
    { format: "elf64", architecture: "x86_64", system: { kind: "process" } },
  ],
  [
    "a static position-independent executable of Linux",
    build.elf({ type: 3, segments: [{ type: 2, data: build.words(0x6ffffffb, 0, 0x08000000, 0) }] }),
    { format: "elf64", architecture: "x86_64", system: { kind: "process" } },
  ],
];

test("an error names the file, whatever characters its name has", async () => {
  const path = join(await mkdtemp(join(tmpdir(), "unikernel-ci-")), "$&$`.hvt");
  await writeFile(path, "nothing");
  await expect(readImage(path)).rejects.toThrow(/^\$&\$`\.hvt is /);
});

describe("each kind of image is recognised", () => {
  test.each(images)("%s", (_, bytes, expected) => {
    expect(recogniseImage(bytes)).toEqual(expected);
  });

  test("a multiboot magic whose checksum is wrong is not multiboot", () => {
    const section = { name: ".uk_bootinfo", type: 1, data: build.bootInfo };
    const bytes = build.elf({ body: build.words(0x1badb002, 0, 0), sections: [section] });
    expect(recogniseImage(bytes).system).toMatchObject({ kind: "unikraft", platform: "firecracker" });
  });

  test("a Unikraft image without section headers still shows its boot information", () => {
    const bytes = build.unikraft("qemu");
    bytes.writeUInt32LE(0, 32);
    bytes.writeUInt16LE(0, 48);
    expect(recogniseImage(bytes).system).toMatchObject({ kind: "unikraft", platform: "qemu" });
  });
});

describe("a file that is not an image is described", () => {
  test.each([
    ["empty", Buffer.alloc(0)],
    ["text", Buffer.from("(lang dune 3.0)\n")],
    ["a script", Buffer.from("#!/bin/sh\n")],
    ["a gzip file", Buffer.from("1f8b0800", "hex")],
    ["a static library (ar archive)", Buffer.from("!<arch>\n")],
    ["a Windows or UEFI executable", Buffer.from("MZ\x90\0")],
    ["data that begins with a zero byte", Buffer.alloc(4096)],
    ["data of an unknown format", Buffer.from([1, 2, 3])],
    ["an object file, not linked yet", build.elf({ type: 1 })],
    ["a shared library", build.elf({ type: 3 })],
    ["a core dump", build.elf({ type: 4 })],
    ["an executable for RISC-V", build.elf({ machine: 243 })],
    ["an executable for 32-bit x86", build.elf({ bits: 32, machine: build.i386 })],
  ])("%s", (found, bytes) => {
    expect(problemOf(bytes).facts.found).toBe(found);
  });

  test("a Solo5 image without a manifest is refused with what to do", () => {
    const bytes = build.elf({ segments: [{ type: 4, data: build.abiNote(1, 2) }] });
    expect(problemOf(bytes).toString()).toMatch(/without a manifest[^]*__solo5_mft1_note/);
  });

  test.each([
    ["a device name that could be taken for an option", build.solo5(1, 2, [{ name: "--x", type: 2 }])],
    ["an unknown device type", build.solo5(1, 2, [{ name: "a", type: 9 }])],
    [
      "too many devices",
      build.solo5(
        1,
        2,
        Array.from({ length: 64 }, (_, index) => ({ name: `d${index}`, type: 1 })),
      ),
    ],
  ])("a manifest with %s is damaged", (_, bytes) => {
    expect(problemOf(bytes).message).toBe("the file is cut off or damaged");
  });

  test("a big-endian file", () => {
    const bytes = build.elf({});
    bytes[5] = 2;
    expect(problemOf(bytes).facts.found).toMatch(/big-endian.*byte 5 of/);
  });
});

describe("hostile files", () => {
  test.each(images)("%s, cut at every length, is refused or recognised, and nothing else", (_, bytes, expected) => {
    for (let length = 0; length < bytes.length; length++) {
      const answer = attempt(bytes.subarray(0, length));
      if (answer instanceof Problem) continue;
      // A Linux boot Image does not record its length, so a part of one still is one.
      expect(answer.format).toBe("linux-image");
      expect(answer.format).toBe(expected.format);
    }
  });

  test("thousands of damaged files are refused or recognised within seconds", () => {
    const random = generator(20261122);
    const damage = () => {
      for (let round = 0; round < 400; round++) {
        for (const [, original] of images) {
          const bytes = Buffer.from(original);
          const changes = 1 + Math.floor(random() * 8);
          for (let change = 0; change < changes; change++) {
            const reach = random() < 0.7 ? Math.min(bytes.length, 512) : bytes.length;
            bytes[Math.floor(random() * reach)] = random() < 0.3 ? 255 : Math.floor(random() * 256);
          }
          attempt(bytes);
        }
      }
    };
    expect(processorMs(damage)).toBeLessThan(60_000);
  });

  test("many segments that name the same 8 MiB of small notes are refused at once", () => {
    const notes = { type: 4, data: Buffer.alloc(8 * 1024 * 1024) };
    const bytes = build.elf({
      segments: [notes, ...Array.from({ length: 2000 }, () => ({ type: 4, data: Buffer.alloc(0) }))],
    });
    for (let index = 1; index < 2001; index++) bytes.copy(bytes, 64 + index * 56, 64, 64 + 56);
    // Together they name 16 GiB.
    expect(processorMs(() => expect(problemOf(bytes).facts.found).toMatch(/more than 4096 notes/))).toBeLessThan(
      60_000,
    );
  });
});

describe("reading from disk", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "image-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test("the problem names the file", async () => {
    await writeFile(join(folder, "www.hvt"), "text");
    await expect(readImage(join(folder, "www.hvt"))).rejects.toThrow("www.hvt is not a unikernel");
    await expect(readImage(join(folder, "none.hvt"))).rejects.toThrow("none.hvt cannot be read as an image");
    await expect(readImage(folder)).rejects.toMatchObject({ facts: { found: "a folder" } });
  });

  test("a pipe is no image, and is not waited for", async () => {
    const path = join(folder, "pipe");
    execFileSync("mkfifo", [path]);
    // Frees a reader that waits, much later.
    const writer = spawn("sh", ["-c", 'sleep 60; : > "$0.late"; : > "$0"', path]);
    await expect(readImage(path)).rejects.toMatchObject({ facts: { found: "not a regular file" } });
    expect(existsSync(`${path}.late`)).toBe(false);
    writer.kill("SIGKILL");
  });

  test("a file above the limit is not read", async () => {
    const path = join(folder, "huge");
    await writeFile(path, "");
    await truncate(path, 1024 ** 3 + 1);
    await expect(readImage(path)).rejects.toMatchObject({ facts: { accepted: "images up to 1.07 GB" } });
  });
});

function attempt(bytes: Uint8Array): Image | Problem {
  try {
    return recogniseImage(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(Problem);
    return error as Problem;
  }
}

function problemOf(bytes: Uint8Array): Problem {
  const answer = attempt(bytes);
  if (answer instanceof Problem) return answer;
  return expect.fail(`recognised as ${JSON.stringify(answer)}`);
}

/** Mulberry32: the same damage on every run. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
