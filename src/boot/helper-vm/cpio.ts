/** An entry of an archive, with a relative path without a leading `./`. Folders precede their contents. */
export type CpioEntry =
  | { readonly kind: "folder"; readonly path: string }
  | { readonly kind: "file"; readonly path: string; readonly content: Uint8Array; readonly executable?: boolean }
  | { readonly kind: "link"; readonly path: string; readonly target: string };

/** File types and permissions of stat(2). */
const modes = { folder: 0o40755, file: 0o100644, executable: 0o100755, link: 0o120777 } as const;

/**
 * An archive in `newc`, the format of Linux's initramfs. A file may contain several, one after another:
 * https://docs.kernel.org/driver-api/early-userspace/buffer-format.html
 */
export function cpioArchive(entries: readonly CpioEntry[]): Buffer {
  const parts = entries.flatMap((entry, index) => record(entry.path, modeOf(entry), contentOf(entry), index + 1));
  return Buffer.concat([...parts, ...record("TRAILER!!!", 0, Buffer.alloc(0), 0)]);
}

function modeOf(entry: CpioEntry): number {
  return modes[entry.kind === "file" && entry.executable === true ? "executable" : entry.kind];
}

function contentOf(entry: CpioEntry): Uint8Array {
  switch (entry.kind) {
    case "folder":
      return Buffer.alloc(0);
    case "file":
      return entry.content;
    case "link":
      return Buffer.from(entry.target);
  }
}

/** Owned by root, one link, time 0, no device. */
function record(path: string, mode: number, content: Uint8Array, inode: number): Uint8Array[] {
  const name = Buffer.from(`${path}\0`);
  const fields = [inode, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length, 0];
  const header = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`, "latin1");
  return [...padded(Buffer.concat([header, name])), ...padded(content)];
}

/** Padded with zeros to a multiple of 4. */
function padded(bytes: Uint8Array): Uint8Array[] {
  return [bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)];
}
