import type { Bytes } from "./bytes.js";

const magics: readonly (readonly [hex: string, offset: number, what: string])[] = [
  ["1f8b", 0, "a gzip file"],
  ["28b52ffd", 0, "a zstd file"],
  ["fd377a585a00", 0, "an xz file"],
  ["425a68", 0, "a bzip2 file"],
  ["504b0304", 0, "a zip archive"],
  ["7573746172", 257, "a tar archive"],
  ["213c617263683e0a", 0, "a static library (ar archive)"],
  ["514649fb", 0, "a qcow2 disk image"],
  ["48647253", 0x202, "a Linux kernel for x86 (bzImage)"],
  ["4d5a", 0, "a Windows or UEFI executable"],
  ["cffaedfe", 0, "a macOS executable"],
  ["2321", 0, "a script"],
];

/** What a file that is no image is, as far as a person needs to see the mistake: `a gzip file`, `text`. */
export function describeOther(bytes: Bytes): string {
  if (bytes.length === 0) return "empty";
  const known = magics.find(([hex, offset]) => bytes.startsWith(Buffer.from(hex, "hex"), offset));
  if (known !== undefined) return known[2];
  const start = bytes.text(0, Math.min(512, bytes.length), "the start of the file");
  if (start === "") return "data that begins with a zero byte";
  return /^[\t\n\r\x20-\x7e\x80-\xff]*$/.test(start) && start.length === Math.min(512, bytes.length)
    ? "text"
    : "data of an unknown format";
}
