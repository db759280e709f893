import { Problem } from "../platform/problem.js";
import type { Elf, Note } from "./elf.js";
import type { Device, ImageSystem } from "./image.js";

type Solo5 = Extract<ImageSystem, { kind: "solo5" }>;

const owner = "Solo5";
const abiNote = 0x31494241;
const manifestNote = 0x3154464d;

/** https://github.com/Solo5/solo5/blob/v0.12.1/include/mft_abi.h: struct mft, struct mft_entry */
const manifest = { padding: 4, header: 8, version: 1, entrySize: 104, mostEntries: 64, nameSize: 68 } as const;
const deviceTypes: Readonly<Record<number, Device["type"]>> = { 1: "block", 2: "net" };
/** The types of entry 0 and of other entries that are not devices. */
const firstReserved = 0x4000_0000;

/**
 * The facts in Solo5's notes; undefined for a file without the ABI note.
 * The ABI's number is a value of `enum abi_target` in Solo5's include/elf_abi.h.
 *
 * @throws MalformedFile (bytes.ts)
 * @throws Problem for an image without a manifest: Solo5's tenders refuse it.
 */
export function readSolo5(elf: Elf): Solo5 | undefined {
  const abi = find(elf, abiNote);
  if (abi === undefined) return undefined;
  const mft = find(elf, manifestNote);
  if (mft === undefined) {
    throw new Problem("the file is a Solo5 image without a manifest, which no VMM starts", {
      because: "the linker dropped the manifest, or there is none",
      do:
        "link the output of `solo5-elftool gen-manifest`; " +
        'if it is in a library, add the option `-cclib "-u __solo5_mft1_note"`',
    });
  }
  return {
    kind: "solo5",
    abi: abi.description.u32(0, "the Solo5 ABI note"),
    abiVersion: abi.description.u32(4, "the Solo5 ABI note"),
    devices: readDevices(mft),
  };
}

function find(elf: Elf, type: number): Note | undefined {
  return elf.notes.find((note) => note.owner === owner && note.type === type);
}

function readDevices({ description }: Note): Device[] {
  const what = "the Solo5 manifest";
  const version = description.u32(manifest.padding, what);
  if (version !== manifest.version) {
    throw description.malformed(`its Solo5 manifest has version ${version}, and only 1 is supported`, manifest.padding);
  }
  const count = description.u32(manifest.padding + 4, what);
  if (count > manifest.mostEntries)
    throw description.malformed(`its Solo5 manifest has ${count} entries`, manifest.padding + 4);
  return Array.from({ length: count }, (_, index) => {
    const at = manifest.padding + manifest.header + index * manifest.entrySize;
    description.part(at, manifest.entrySize, what);
    const number = description.u32(at + manifest.nameSize, what);
    return { number, name: description.text(at, manifest.nameSize, what), at };
  })
    .filter(({ number }) => number < firstReserved)
    .map(({ number, name, at }) => {
      const type = deviceTypes[number];
      if (type === undefined)
        throw description.malformed(`its Solo5 manifest asks for a device of unknown type ${number}`, at);
      // promise: device-names-are-words
      if (!/^[A-Za-z0-9]+$/.test(name))
        throw description.malformed("its Solo5 manifest has a device name that Solo5 forbids", at);
      return { name, type };
    });
}
