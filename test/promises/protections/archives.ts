import type { ProtectionTable } from "../protection.js";

// What comes from the network or a cache as a file.

export const archives: ProtectionTable = {
  "a file below a link": [
    ["src/toolchain/archive/manifest.ts", " || !folders.has(posix.dirname(entry.path)))\n     ", ")"],
  ],
  "is refused for an endless name, before it fills the memory": [
    ["node_modules/tar-stream/extract.js", "4 * 1024 * 1024", "Infinity"],
  ],
  "a file larger than any of ours": [["src/toolchain/archive/manifest.ts", " || bytes > limits.fileBytes", ""]],
  "files that are together larger than a toolchain": [
    ["src/toolchain/archive/manifest.ts", "total > limits.totalBytes", "false"],
  ],
  "is refused when a compiler in it is not the one of its manifest": [
    ["src/toolchain/archive/unpack.ts", 'hash.digest("hex") !== sha256)\n       ', "false)"],
  ],
  "that is not what was published stops the set-up, and nothing of it is left": [
    ["src/platform/network/published.ts", "found !== archive.sha256", "false"],
    [
      "src/toolchain/store/receive.ts",
      "  const said = await fetched.finish();\n",
      "  if (manifest !== undefined) await use(manifest);\n  const said = await fetched.finish();\n",
    ],
  ],
  "is mounted, and is then equal to an unpacked one": [
    ["src/platform/files/mount.ts", "nosuid,nodev,redirect_dir", "nodev,redirect_dir"],
    ["src/platform/files/mount.ts", "nosuid,nodev,redirect_dir", "nosuid,redirect_dir"],
    ["src/toolchain/store/mounted.ts", "await mkdir(upper, { mode: 0o700 })", "await mkdir(upper)"],
  ],
  "which a mount would take for an option": [["src/toolchain/store/mounted.ts", "/[,:\\\\]/.test(image)", "false"]],
  "stops the set-up when its image is not what was published, and nothing of it is left or mounted": [
    ["src/platform/network/published.ts", "found !== archive.sha256", "false"],
  ],
  "unpacks and keeps nothing of what was not released": [
    ["src/platform/packages/firecracker-binary.ts", "found !== sha256", "false"],
  ],
  "a link out": [["src/toolchain/archive/manifest.ts", " || !staysInside(path, target)", ""]],
  "a device": [
    [
      "src/toolchain/archive/manifest.ts",
      'kind === "file" &&\n    typeof executable === "boolean" &&\n    isCount(bytes) &&\n    typeof sha256 === "string" &&\n   ',
      'typeof executable === "boolean" && isCount(bytes) && typeof sha256 === "string" &&',
    ],
  ],
  "is refused with a %s in it, whatever its manifest says": [
    ["src/toolchain/archive/unpack.ts", " && type === tarTypes[expected.kind]", ""],
  ],
  "a path twice": [["src/toolchain/archive/manifest.ts", "paths.has(entry.path)", "false"]],
  "a path of 4 KiB": [["src/toolchain/archive/manifest.ts", ".length < 4096 &&\n    path", ""]],
  "that is not what was published stops the boot, and nothing of it is unpacked": [
    ["src/platform/network/published.ts", "found !== archive.sha256", "false"],
  ],
  "is refused for a manifest that would fill the memory, before it is read": [
    ["src/toolchain/archive/unpack.ts", "size > most", "false"],
  ],
  "a path that leads out": [
    [
      "src/toolchain/archive/manifest.ts",
      '!isPlainPath(entry.path) || entry.path.endsWith("/") || !folders.has(posix.dirname(entry.path)))\n     ',
      "false)",
    ],
  ],
  "an absolute path": [
    [
      "src/toolchain/archive/manifest.ts",
      '!isPlainPath(entry.path) || entry.path.endsWith("/") || !folders.has(posix.dirname(entry.path)))\n     ',
      "false)",
    ],
  ],
};
