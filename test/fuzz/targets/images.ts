import { expect } from "vitest";
import { withBacktraces } from "../../../src/boot/crash/with-backtraces.js";
import { describeImage, targetOf } from "../../../src/image/check.js";
import { addressArgumentsOf } from "../../../src/image/image.js";
import { recogniseImage } from "../../../src/image/recognise.js";
import { Problem } from "../../../src/platform/problem.js";
import * as build from "../../unit/image/build.js";
import { changed } from "../inputs.js";
import { orRefused, quickly, target } from "../target.js";

const images = [
  build.solo5(1, 2, [
    { name: "service", type: 0x1000_0001 },
    { name: "storage", type: 0x1000_0002 },
  ]),
  build.solo5(3, 2, [], build.aarch64),
  build.unikraft("qemu"),
  build.unikraft("firecracker"),
  build.linuxImage("Unikraft Helene 0.18.0~6056466f", "%u", "ukplat"),
  build.elf({ bits: 32, machine: build.i386, body: build.multiboot, segments: [{ type: 1, data: Buffer.alloc(64) }] }),
  build.elf({ type: 3, segments: [{ type: 2, data: Buffer.alloc(64) }] }),
];

/** Two functions with room for others, one after the other. */
const withSymbols = build.elf({
  sections: [
    { name: ".text", type: 1, data: Buffer.from(Array.from({ length: 128 }, (_, at) => at)) },
    {
      name: ".symtab",
      type: 2,
      data: Buffer.concat([build.words(1, 1 << 16, 0, 0, 64, 0), build.words(20, 1 << 16, 64, 0, 64, 0)]),
    },
    { name: ".strtab", type: 3, data: Buffer.from("\0caml_secure_getenv\0scanmult\0") },
  ],
});
if (withBacktraces(withSymbols, withSymbols, "x86_64") === undefined) throw new Error("the image has no functions");

function seen(bytes: Uint8Array): unknown {
  return orRefused(() => {
    const image = recogniseImage(bytes);
    return { image, text: describeImage(image), target: targetOf(image) };
  }, Problem);
}

export const imageTargets = [
  target("images: recognised or refused, from their own bytes alone", changed(...images), (bytes) => {
    const alone = quickly(() => seen(bytes));
    // What lies around a file in memory is not looked at.
    const around = Buffer.concat([
      Buffer.from("\x7fELFSolo5\0"),
      bytes,
      Buffer.alloc(64, 0xff),
      Buffer.from("Unikraft 9.9.9\0"),
    ]);
    expect(seen(around.subarray(10, 10 + bytes.length))).toEqual(alone);
  }),
  target("images: a copy that prints backtraces, or none", changed(...images, withSymbols), (bytes) => {
    const copy = quickly(() => withBacktraces(bytes, bytes, "x86_64"));
    expect([undefined, bytes.length]).toContain(copy?.length);
  }),
  target(
    "images: mirage’s arguments in them",
    changed(build.linuxImage("--ipv4=PREFIX", "ipv4-gateway", "IPV4", "The network")),
    (bytes) => {
      quickly(() => addressArgumentsOf(bytes));
    },
  ),
];
