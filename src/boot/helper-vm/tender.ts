import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { Bytes } from "../../image/bytes.js";
import { interpreterOf, isElf, readElf } from "../../image/elf.js";
import type { Context } from "../../platform/host.js";
import { succeed } from "../../platform/process/process.js";
import { findProgram } from "../../platform/process/programs.js";
import type { Architecture } from "../../target/architecture.js";
import { type Tender, tenderName } from "../../target/tender.js";
import type { CpioEntry } from "./cpio.js";
import { inside } from "./init.js";

/** Absolute path of the tender that a helper VM for an architecture can run; undefined when there is none. */
export function findTender(
  tender: Tender,
  architecture: Architecture,
  hostArchitecture: Architecture,
  searchPath: string,
): string | undefined {
  return findProgram(tenderName(tender, architecture, hostArchitecture), searchPath);
}

/**
 * A tender as entries of the helper VM's archive: itself, and when it is linked dynamically, its interpreter in its place
 * and its libraries where the helper VM looks for them.
 *
 * @param path of a program that this machine runs, or of a static one.
 */
export async function tenderEntries({ processes }: Context, tender: Tender, path: string): Promise<CpioEntry[]> {
  const content = await readFile(path);
  const entry: CpioEntry = { kind: "file", path: inside.tender(tender).slice(1), content, executable: true };
  const bytes = new Bytes(content);
  // A script needs no interpreter of ours.
  const interpreter = isElf(bytes) ? interpreterOf(readElf(bytes)) : undefined;
  if (interpreter === undefined) return [entry];
  const listing = succeed(await processes.run([interpreter, "--list", path]), `asking for the libraries of ${path}`);
  const libraries = librariesIn(listing.stdout).filter((library) => library !== interpreter);
  const folders = interpreter
    .split("/")
    .slice(1, -1)
    .map((_, index, names): CpioEntry => {
      return { kind: "folder", path: names.slice(0, index + 1).join("/") };
    });
  return [
    entry,
    ...folders,
    { kind: "file", path: interpreter.slice(1), content: await readFile(interpreter), executable: true },
    { kind: "folder", path: inside.libraries.slice(1) },
    ...(await Promise.all(
      libraries.map(async (library): Promise<CpioEntry> => {
        return {
          kind: "file",
          path: `${inside.libraries.slice(1)}/${basename(library)}`,
          content: await readFile(library),
        };
      }),
    )),
  ];
}

/** The files in what `ld.so --list` prints: `libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f…)`. */
export function librariesIn(listing: string): string[] {
  return [...listing.matchAll(/^\t(?:\S+ => )?(\/\S+) \(0x[\da-f]+\)$/gm)].map(([, path = ""]) => path);
}
