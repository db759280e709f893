/** Builds the smallest files that look like real images, so that each test shows the bytes that matter to it. */
export interface ElfParts {
  readonly bits?: 32 | 64;
  readonly type?: number;
  readonly machine?: number;
  readonly segments?: readonly Part[];
  readonly sections?: readonly (Part & { readonly name: string })[];
  /** Bytes right after the headers, before the first part (a multiboot header, texts). */
  readonly body?: Buffer;
}

interface Part {
  readonly type: number;
  readonly data: Buffer;
}

export const x86_64 = 62;
export const i386 = 3;
export const aarch64 = 183;

export function elf(parts: ElfParts): Buffer {
  const { bits = 64, type = 2, machine = x86_64, segments = [], sections = [], body = Buffer.alloc(0) } = parts;
  const wide = bits === 64;
  const sizes = wide ? { header: 64, ph: 56, sh: 64 } : { header: 52, ph: 32, sh: 40 };
  const names = Buffer.from(`\0${sections.map(({ name }) => `${name}\0`).join("")}.shstrtab\0`, "latin1");
  let at = sizes.header + segments.length * sizes.ph;
  const chunks: Buffer[] = [];
  const put = (data: Buffer): number => {
    const padding = (8 - (at % 8)) % 8;
    chunks.push(Buffer.alloc(padding), data);
    at += padding;
    const offset = at;
    at += data.length;
    return offset;
  };
  put(body);
  const segmentOffsets = segments.map(({ data }) => put(data));
  const sectionOffsets = sections.map(({ data }) => put(data));
  const namesOffset = put(names);
  const table = put(Buffer.alloc((sections.length + 2) * sizes.sh));
  const file = Buffer.concat([Buffer.alloc(sizes.header + segments.length * sizes.ph), ...chunks]);
  const word = (value: number, offset: number) =>
    wide ? file.writeBigUInt64LE(BigInt(value), offset) : file.writeUInt32LE(value, offset);
  file.write("\x7fELF", 0, "latin1");
  file.set([wide ? 2 : 1, 1, 1], 4);
  file.writeUInt16LE(type, 16);
  file.writeUInt16LE(machine, 18);
  word(sizes.header, wide ? 32 : 28);
  word(table, wide ? 40 : 32);
  const counts = wide ? 54 : 42;
  const values = [sizes.ph, segments.length, sizes.sh, sections.length + 2, sections.length + 1];
  values.forEach((value, index) => file.writeUInt16LE(value, counts + 2 * index));
  segments.forEach((segment, index) => {
    const entry = sizes.header + index * sizes.ph;
    file.writeUInt32LE(segment.type, entry);
    word(segmentOffsets[index] ?? 0, entry + (wide ? 8 : 4));
    word(segment.data.length, entry + (wide ? 32 : 16));
  });
  const shstrtab = { name: ".shstrtab", type: 3, data: names };
  [...sections, shstrtab].forEach((section, index) => {
    const entry = table + (index + 1) * sizes.sh;
    file.writeUInt32LE(names.indexOf(`${section.name}\0`), entry);
    file.writeUInt32LE(section.type, entry + 4);
    word(sectionOffsets[index] ?? namesOffset, entry + (wide ? 24 : 16));
    word(section.data.length, entry + (wide ? 32 : 20));
  });
  return file;
}

export function note(owner: string, type: number, description: Buffer): Buffer {
  const name = Buffer.from(`${owner}\0`, "latin1");
  const pad = (data: Buffer) => Buffer.concat([data, Buffer.alloc((4 - (data.length % 4)) % 4)]);
  const header = Buffer.alloc(12);
  header.writeUInt32LE(name.length, 0);
  header.writeUInt32LE(description.length, 4);
  header.writeUInt32LE(type, 8);
  return Buffer.concat([header, pad(name), pad(description)]);
}

export const words = (...values: number[]): Buffer => {
  const data = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => data.writeUInt32LE(value >>> 0, index * 4));
  return data;
};

export interface TestDevice {
  readonly name: string;
  readonly type: number;
}

export function abiNote(abi: number, version: number): Buffer {
  return note("Solo5", 0x31494241, words(abi, version, 0, 0));
}

export function manifestNote(devices: readonly TestDevice[], version = 1): Buffer {
  const entries = [{ name: "", type: 0x4000_0000 }, ...devices].map(({ name, type }) => {
    const entry = Buffer.alloc(104);
    entry.write(name, 0, "latin1");
    entry.writeUInt32LE(type, 68);
    return entry;
  });
  return note("Solo5", 0x3154464d, Buffer.concat([words(0, version, entries.length), ...entries]));
}

export function solo5(abi: number, version: number, devices: readonly TestDevice[] = [], machine = x86_64): Buffer {
  const text = { type: 1, data: Buffer.alloc(64, 0x90) };
  const loader = { type: 3, data: Buffer.from("/nonexistent/solo5/\0\0\0\0\0", "latin1") };
  const notes = [note("OpenBSD", 1, words(0)), abiNote(abi, version), manifestNote(devices)];
  return elf({ machine, segments: [loader, text, ...notes.map((data) => ({ type: 4, data }))] });
}

/** Magic, flags and checksum: their sum is zero. */
export const multiboot = words(0x1badb002, 0x10003, -(0x1badb002 + 0x10003));
export const bootInfo = Buffer.concat([words(0xb007b0b0, 1), Buffer.alloc(32)]);
const versionText = Buffer.from("\0Unikraft halted\n\0Unikraft Helene 0.18.0~6056466f\n\0", "latin1");

export function unikraft(platform: "qemu" | "firecracker"): Buffer {
  const section = { name: ".uk_bootinfo", type: 1, data: bootInfo };
  const load = { type: 1, data: versionText };
  return platform === "qemu"
    ? elf({ bits: 32, machine: i386, body: multiboot, segments: [load], sections: [section] })
    : elf({ segments: [load], sections: [section] });
}

export function linuxImage(...texts: readonly string[]): Buffer {
  const header = Buffer.alloc(64);
  header.write("MZ", 0, "latin1");
  header.write("ARMd", 56, "latin1");
  return Buffer.concat([header, ...texts.map((text) => Buffer.from(`\0${text}\0`, "latin1"))]);
}
