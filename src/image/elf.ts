import { type Bytes, MalformedFile } from "./bytes.js";

/**
 * A small reader of ELF files, 32 and 64 bits, little endian.
 * Format: the System V gABI (https://gabi.xinuos.com); notes as Linux and Solo5 write them.
 */
export interface Elf {
  /** The whole file. */
  readonly bytes: Bytes;
  readonly bits: 32 | 64;
  readonly type: number;
  readonly machine: number;
  readonly segments: readonly Segment[];
  readonly sections: readonly Section[];
  readonly notes: readonly Note[];
}

/** A range of the file. {@link readElf} has checked that it lies inside. */
interface Range {
  readonly offset: number;
  readonly size: number;
}

export interface Segment extends Range {
  readonly type: number;
}

export interface Section extends Range {
  readonly name: string;
  readonly type: number;
  /** The low 32 bits of its first byte's address. */
  readonly address: number;
}

export interface Note {
  readonly owner: string;
  readonly type: number;
  readonly description: Bytes;
}

export const elfType = { relocatable: 1, executable: 2, shared: 3, core: 4 } as const;
export const elfMachine = { i386: 3, x86_64: 62, aarch64: 183 } as const;
export const segmentType = { dynamic: 2, interpreter: 3, note: 4 } as const;
const sectionType = { null: 0, note: 7, noBits: 8 } as const;

/** More than any linker writes: limits the work on a file whose note segments all name the same bytes. */
const mostNotes = 4096;

const magic = Buffer.from("\x7fELF", "latin1");

export function isElf(bytes: Bytes): boolean {
  return bytes.startsWith(magic);
}

/** Byte offsets inside the headers for each class. */
const layouts = {
  32: {
    headerSize: 52,
    phoff: 28,
    shoff: 32,
    counts: 42,
    phent: 32,
    shent: 40,
    pOffset: 4,
    pFilesz: 16,
    sAddress: 12,
    sOffset: 16,
    sSize: 20,
  },
  64: {
    headerSize: 64,
    phoff: 32,
    shoff: 40,
    counts: 54,
    phent: 56,
    shent: 64,
    pOffset: 8,
    pFilesz: 32,
    sAddress: 16,
    sOffset: 24,
    sSize: 32,
  },
} as const;

/**
 * Reads headers, segments, sections and notes, and checks that each lies inside the file.
 * Time and memory grow with the size of the file only.
 *
 * @throws MalformedFile
 */
export function readElf(bytes: Bytes): Elf {
  if (!isElf(bytes)) throw new MalformedFile("it does not begin with the ELF magic", 0);
  const bits = classOf(bytes);
  const layout = layouts[bits];
  bytes.part(0, layout.headerSize, "the ELF header");
  const segments = readSegments(bytes, bits);
  const sections = readSections(bytes, bits);
  return {
    bytes,
    bits,
    type: bytes.u16(16, "the ELF type"),
    machine: bytes.u16(18, "the ELF machine"),
    segments,
    sections,
    notes: readNotes(bytes, [
      ...segments.filter(({ type }) => type === segmentType.note),
      ...sections.filter(({ type }) => type === sectionType.note),
    ]),
  };
}

/** The path of the dynamic linker that the file names. */
export function interpreterOf({ bytes, segments }: Elf): string | undefined {
  const segment = segments.find(({ type }) => type === segmentType.interpreter);
  return segment && bytes.text(segment.offset, Math.min(longestPath, segment.size), "the interpreter");
}

/** The names of the libraries that a dynamic 64-bit file needs (`DT_NEEDED`); empty without section names. */
export function librariesOf({ bytes, segments, sections }: Elf): string[] {
  const dynamic = segments.find(({ type }) => type === segmentType.dynamic);
  const names = sections.find(({ name }) => name === ".dynstr");
  if (dynamic === undefined || names === undefined) return [];
  const found: string[] = [];
  for (let at = dynamic.offset; at + 16 <= dynamic.offset + dynamic.size; at += 16) {
    const tag = bytes.u64(at, "a dynamic tag");
    if (tag === dynamicTag.end) break;
    if (tag !== dynamicTag.needed) continue;
    const offset = bytes.u64(at + 8, "the name of a library");
    if (offset >= names.size) throw new MalformedFile("the name of a library is outside of its table", at);
    found.push(bytes.text(names.offset + offset, Math.min(longestPath, names.size - offset), "the name of a library"));
  }
  return found;
}

const dynamicTag = { end: 0, needed: 1 } as const;

/** PATH_MAX of Linux. */
const longestPath = 4096;

function classOf(bytes: Bytes): 32 | 64 {
  const order = bytes.u8(5, "the ELF byte order");
  if (order === 2) throw new MalformedFile("it is a big-endian ELF file, and all targets are little-endian", 5);
  if (order !== 1) throw new MalformedFile(`its ELF byte order is ${order}, which does not exist`, 5);
  const word = bytes.u8(4, "the ELF class");
  if (word !== 1 && word !== 2) throw new MalformedFile(`its ELF class is ${word}, which does not exist`, 4);
  return word === 1 ? 32 : 64;
}

function readSegments(bytes: Bytes, bits: 32 | 64): Segment[] {
  const layout = layouts[bits];
  const word = wordReader(bytes, bits);
  const start = word(layout.phoff, "the offset of the program headers");
  const entrySize = bytes.u16(layout.counts, "the size of a program header");
  const count = bytes.u16(layout.counts + 2, "the number of program headers");
  if (count === 0) return [];
  if (entrySize !== layout.phent) {
    throw new MalformedFile(`it gives its program headers ${entrySize} bytes each`, layout.counts);
  }
  bytes.part(start, count * entrySize, "the table of program headers");
  return Array.from({ length: count }, (_, index) => {
    const at = start + index * entrySize;
    const offset = word(at + layout.pOffset, `the offset of segment ${index}`);
    const size = word(at + layout.pFilesz, `the size of segment ${index}`);
    if (size > 0) bytes.part(offset, size, `segment ${index}`);
    return { type: bytes.u32(at, `the type of segment ${index}`), offset, size };
  });
}

function readSections(bytes: Bytes, bits: 32 | 64): Section[] {
  const layout = layouts[bits];
  const word = wordReader(bytes, bits);
  const start = word(layout.shoff, "the offset of the section headers");
  const entrySize = bytes.u16(layout.counts + 4, "the size of a section header");
  const count = bytes.u16(layout.counts + 6, "the number of section headers");
  const namesIndex = bytes.u16(layout.counts + 8, "the index of the section names");
  // An offset with a count of zero means more than 65279 sections: no unikernel has that many.
  if (start === 0 || count === 0) return [];
  if (entrySize !== layout.shent) {
    throw new MalformedFile(`it gives its section headers ${entrySize} bytes each`, layout.counts + 4);
  }
  bytes.part(start, count * entrySize, "the table of section headers");
  const raw = Array.from({ length: count }, (_, index) => {
    const at = start + index * entrySize;
    const type = bytes.u32(at + 4, `the type of section ${index}`);
    const offset = word(at + layout.sOffset, `the offset of section ${index}`);
    const size = word(at + layout.sSize, `the size of section ${index}`);
    const isInFile = type !== sectionType.noBits && type !== sectionType.null;
    if (isInFile) bytes.part(offset, size, `section ${index}`);
    return {
      type,
      offset,
      size: isInFile ? size : 0,
      address: bytes.lowHalfOfU64(at + layout.sAddress, `the address of section ${index}`),
      nameOffset: bytes.u32(at, `the name of section ${index}`),
    };
  });
  const names = namesIndex === 0 ? undefined : raw[namesIndex];
  return raw.map(({ type, offset, size, address, nameOffset }) => {
    return { type, offset, size, address, name: names === undefined ? "" : nameAt(bytes, names, nameOffset) };
  });
}

const longestName = 64;

function nameAt(bytes: Bytes, names: Range, nameOffset: number): string {
  if (nameOffset >= names.size) return "";
  return bytes.text(names.offset + nameOffset, Math.min(longestName, names.size - nameOffset), "a section name");
}

/**
 * Name and description are padded to 4 bytes even where the segment is aligned to 8, as Solo5 does
 * (include/mft_abi.h). GNU's 8-aligned property notes read the same either way.
 */
function readNotes(bytes: Bytes, ranges: readonly Range[]): Note[] {
  const notes: Note[] = [];
  const seen = new Set<number>();
  for (const { offset, size } of ranges) {
    const end = offset + size;
    let at = offset;
    while (end - at >= 12 && !seen.has(at)) {
      seen.add(at);
      if (seen.size > mostNotes) throw new MalformedFile(`it has more than ${mostNotes} notes`, at);
      const nameSize = bytes.u32(at, "the size of a note’s owner");
      const descriptionSize = bytes.u32(at + 4, "the size of a note");
      const description = at + 12 + padded(nameSize);
      if (description + descriptionSize > end) {
        throw new MalformedFile("a note is larger than the segment or section that holds it", at);
      }
      notes.push({
        owner: bytes.text(at + 12, Math.min(nameSize, longestName), "the owner of a note"),
        type: bytes.u32(at + 8, "the type of a note"),
        description: bytes.part(description, descriptionSize, "a note"),
      });
      at = description + padded(descriptionSize);
    }
  }
  return notes;
}

/** @returns the place of a function's code in a 64-bit file; undefined without a symbol of that name, or its code. */
export function functionIn({ bytes, bits, sections }: Elf, name: string): Range | undefined {
  const [symbols, names] = [".symtab", ".strtab"].map((wanted) => sections.find((one) => one.name === wanted));
  if (bits === 32 || symbols === undefined || names === undefined) return undefined;
  const texts = bytes.part(names.offset, names.size, "the symbols' names");
  // Linkers share the end of a longer name.
  const starts = new Set<number>();
  for (let at = texts.indexOf(`${name}\0`); at >= 0; at = texts.indexOf(`${name}\0`, at + 1)) starts.add(at);
  for (let at = symbols.offset; at + 24 <= symbols.offset + symbols.size; at += 24) {
    if (!starts.has(bytes.u32(at, "a symbol's name"))) continue;
    const section = sections[bytes.u16(at + 6, "a symbol's section")];
    const size = bytes.u64(at + 16, "a symbol's size");
    const offset = (section?.offset ?? 0) + bytes.lowHalfOfU64(at + 8, "a symbol's address") - (section?.address ?? 0);
    if (section === undefined || offset < section.offset || offset + size > section.offset + section.size) continue;
    return { offset, size };
  }
  return undefined;
}

const padded = (size: number) => Math.ceil(size / 4) * 4;

const wordReader = (bytes: Bytes, bits: 32 | 64) => (offset: number, what: string) =>
  bits === 32 ? bytes.u32(offset, what) : bytes.u64(offset, what);
