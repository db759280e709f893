import { randomBytes } from "node:crypto";
import { createReadStream, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { packToolchain } from "../../src/toolchain/archive/pack.js";
import { unpackToolchain } from "../../src/toolchain/archive/unpack.js";
import { toolchainKey } from "../../src/toolchain/key.js";
import { writeInstalled } from "../../src/toolchain/store/installed.js";
import { exampleSpec } from "../unit/toolchain/examples.js";

/**
 * The real one's shape: ocaml-solo5 1.3.2 with OCaml 5.4.1, 3,048 files, 349 MB. Files of about one size, how many, and
 * how many of them have a near copy among them, as host and cross compiler are.
 */
const shape = [
  { bytes: 425, count: 243, copies: 0.3 },
  { bytes: 3_690, count: 2_149, copies: 0.3 },
  { bytes: 23_800, count: 565, copies: 0.3 },
  { bytes: 351_000, count: 63, copies: 0.3 },
  { bytes: 4_670_000, count: 15, copies: 0.4 },
  { bytes: 18_080_000, count: 13, copies: 0.4 },
] as const;
/** Of each 64 bytes so many are random: the rest is like what machine code repeats. */
const randomOf64 = 13;

const files = shape.reduce((sum, { count }) => sum + count, 0);
const megabytes = Math.round(shape.reduce((sum, { count, bytes }) => sum + count * bytes, 0) / 1e6);
export const syntheticShape =
  `synthetic: ${files} files, ${megabytes} MB, ${randomOf64} of 64 bytes random, ` + "a third of the files near copies";

/** Writes an installed toolchain of that shape into a folder. */
export async function writeSynthetic(folder: string): Promise<void> {
  const key = toolchainKey(exampleSpec);
  const draft = `${folder}.draft`;
  for (const [group, { bytes, count, copies }] of shape.entries()) {
    let last: Buffer = Buffer.alloc(0);
    for (let n = 0; n < count; n++) {
      const parent = join(draft, "opam", `${group}`, `${n % 60}`);
      mkdirSync(parent, { recursive: true });
      last = n > 0 && n % 10 < 10 * copies ? nearCopy(last) : fresh(bytes);
      writeFileSync(join(parent, `file${n}`), last, { mode: n % 20 === 0 ? 0o755 : 0o644 });
    }
  }
  const archive = `${folder}.tar.zst`;
  await packToolchain(
    {
      key,
      spec: exampleSpec,
      environment: { path: [], variables: {} },
      folder: draft,
      prefix: Buffer.from(draft),
      keeps: () => true,
    },
    archive,
    3,
  );
  rmSync(draft, { recursive: true });
  mkdirSync(folder);
  await writeInstalled(folder, folder, "built", await unpackToolchain(createReadStream(archive), folder, folder));
  rmSync(archive);
}

function fresh(bytes: number): Buffer {
  const content = Buffer.alloc(bytes, "mov eax, [rbp-8]; add rsp, 0x28; call caml_alloc; jmp .L42; ret;");
  const random = randomBytes(Math.ceil((bytes * randomOf64) / 64));
  for (let at = 0, used = 0; at < bytes; at += 64, used += randomOf64)
    random.copy(content, at, used, used + randomOf64);
  return content;
}

function nearCopy(content: Buffer): Buffer {
  const copy = Buffer.from(content);
  for (let at = 0; at < copy.length; at += 4096) copy.write("another", at);
  return copy;
}
