import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Context } from "../platform/host.js";
import { seconds } from "../platform/log.js";
import { findProgram } from "../platform/process/programs.js";
import { type Architecture, architectures } from "../targets/architecture.js";
import type { SlimPlan } from "./slim-plan.js";

/** e_machine of the System V ABI. */
const machines: Readonly<Record<number, Architecture>> = { 62: "x86_64", 183: "aarch64" };

/** Enough to find the first object of a library, in bytes. */
const headBytes = 64 * 1024;
/** The end of a program that carries OCaml bytecode behind its ELF part: `strip` would cut it off. */
const bytecodeTrailer = /Caml1999X\d{3}$/;
/** Files per command line, far below any limit of its length. */
const atOnce = 200;

/**
 * Removes debug information from a toolchain's programs and libraries, in place: a fifth of a real toolchain, which no
 * build needs. Files that cannot be stripped, or that a slim toolchain leaves out, are not changed.
 */
export async function stripToolchain(
  { host, log, processes }: Context,
  folder: string,
  keeps: SlimPlan["keeps"],
): Promise<void> {
  const start = performance.now();
  const found: Record<Architecture, string[]> = { x86_64: [], aarch64: [] };
  for (const path of (await filesIn(folder)).filter(keeps)) {
    const architecture = await debugOf(join(folder, path));
    if (architecture !== undefined) found[architecture].push(join(folder, path));
  }
  for (const architecture of architectures) {
    const strip = architecture === host.architecture ? "strip" : `${architecture}-linux-gnu-strip`;
    if (found[architecture].length === 0) continue;
    if (findProgram(strip, host.environment["PATH"]) === undefined) {
      log.debug(`no ${strip} here: ${found[architecture].length} files keep their debug information`);
      continue;
    }
    for (let at = 0; at < found[architecture].length; at += atOnce) {
      const outcome = await processes.run([strip, "--strip-debug", ...found[architecture].slice(at, at + atOnce)]);
      // strip leaves a file that it cannot read unchanged, and continues with the next.
      if (outcome.exitCode !== 0) log.debug(outcome.stderr);
    }
  }
  log.fact(
    "stripped",
    `${Object.values(found).flat().length} programs and libraries in ${seconds(performance.now() - start)}`,
  );
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

/** The architecture whose `strip` a file needs; undefined for a file that is neither a program nor a library. */
async function debugOf(path: string): Promise<Architecture | undefined> {
  const file = await open(path);
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
    const head = buffer.subarray(0, bytesRead);
    const isProgram = isElf(head) && [2, 3].includes(head.readUInt16LE(16));
    if (isProgram) return (await endsInBytecode(file)) ? undefined : machines[head.readUInt16LE(18)];
    if (!head.subarray(0, 8).equals(Buffer.from("!<arch>\n"))) return undefined;
    const first = head.indexOf("\x7fELF", 0, "latin1");
    return first < 0 || first + 20 > head.length ? undefined : machines[head.readUInt16LE(first + 18)];
  } finally {
    await file.close();
  }
}

const isElf = (head: Buffer) => head.length > 20 && head.subarray(0, 4).equals(Buffer.from("\x7fELF", "latin1"));

async function endsInBytecode(file: Awaited<ReturnType<typeof open>>): Promise<boolean> {
  const { size } = await file.stat();
  const { buffer, bytesRead } = await file.read(Buffer.alloc(12), 0, 12, Math.max(0, size - 12));
  return bytecodeTrailer.test(buffer.toString("latin1", 0, bytesRead));
}
