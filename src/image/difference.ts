import { Bytes, MalformedFile } from "./bytes.js";
import { type Section, isElf, readElf } from "./elf.js";

/** A difference between two builds of an image. */
export interface Difference {
  /** The section's name; `file` for bytes outside of all sections. */
  readonly where: string;
  /** As a person reads it. */
  readonly text: string;
}

/**
 * Where two images differ: which sections of two ELF files, and by how much. A section that only moved is equal.
 *
 * @returns an empty list for equal images.
 */
export function differencesOf(first: Uint8Array, second: Uint8Array): readonly Difference[] {
  const [a, b] = [Buffer.from(first), Buffer.from(second)];
  if (a.equals(b)) return [];
  const [before, after] = [sectionsOf(a), sectionsOf(b)];
  const found = [...new Set([...before.keys(), ...after.keys()])].flatMap((name) => {
    const text = differenceOf(before.get(name), after.get(name));
    return text === undefined ? [] : [{ where: name, text: `${name}: ${text}` }];
  });
  return found.length > 0 ? found : [{ where: "file", text: `no section: ${differenceOf(a, b) ?? ""}` }];
}

/** Contents by name. Sections with the same name are joined. */
function sectionsOf(file: Buffer): ReadonlyMap<string, Buffer> {
  const contents = new Map<string, Buffer>();
  for (const { name, offset, size } of readSections(file)) {
    if (name === "" || size === 0) continue;
    contents.set(name, Buffer.concat([contents.get(name) ?? Buffer.alloc(0), file.subarray(offset, offset + size)]));
  }
  return contents;
}

function readSections(file: Buffer): readonly Section[] {
  const bytes = new Bytes(file);
  try {
    return isElf(bytes) ? readElf(bytes).sections : [];
  } catch (error) {
    if (!(error instanceof MalformedFile)) throw error;
    return [];
  }
}

function differenceOf(a: Buffer | undefined, b: Buffer | undefined): string | undefined {
  if (a === undefined || b === undefined) return a === undefined ? "only in the second" : "only in the first";
  if (a.equals(b)) return undefined;
  const start = a.findIndex((byte, index) => byte !== b[index]);
  const first = `first at offset ${start === -1 ? a.length : start}`;
  if (a.length !== b.length) return `${a.length} bytes, then ${b.length}; ${first}`;
  const count = a.reduce((sum, byte, index) => sum + (byte === b[index] ? 0 : 1), 0);
  return `${count} of ${a.length} bytes differ, ${first}`;
}
