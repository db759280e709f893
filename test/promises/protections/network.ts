import type { ProtectionTable } from "../protection.js";

// What a guest reaches, and what servers can make of us.

export const network: ProtectionTable = {
  "a comma in a path does not end it": [["src/boot/vmms/qemu-devices.ts", '.replaceAll(",", ",,")', ""]],
  "lets only the forwarded ports in, and nothing out": [
    ["src/boot/vmms/qemu-devices.ts", '"restrict=on"', ""],
    ["src/boot/vmms/qemu-devices.ts", "hostfwd=${protocol}:127.0.0.1:", "hostfwd=${protocol}::"],
  ],
  "QEMU’s channels are descriptors, without a name: %s": [
    ["src/boot/vmms/qemu.ts", "`socket,id=qmp,fd=${descriptor}`", '"socket,id=qmp,path=/tmp/qmp,server=on"'],
  ],
  "is this user’s only, and gone afterwards with what is in it": [
    [
      "src/platform/files/own-folder.ts",
      "await mkdtemp(join(parent, `${prefixOf(use)}${markText(ownMark())}-`))",
      '(await mkdir(join(parent, "draft"), { recursive: true })) ?? ""',
    ],
    ["src/platform/files/own-folder.ts", "  remove();\n  ", ""],
  ],
  "a list from %s names no file of this machine": [
    [
      "src/platform/network/published-list.ts",
      'address.protocol === "file:" && base.protocol !== "file:")\n     ',
      "false)",
    ],
  ],
  "is not followed to a file or another scheme": [
    ["src/platform/network/download.ts", "!mayLead(address, next)", "false"],
  ],
  "is led from %s to %s: %s": [
    [
      "src/platform/network/download.ts",
      '\n  to.protocol === "https:" || (to.protocol === "http:" && from.protocol === "http:")',
      ' to.protocol === "https:" || to.protocol === "http:"',
    ],
  ],
  "that comes to no end is cut off": [["src/platform/network/download.ts", "offset > most", "false"]],
  "that breaks off where nobody reads it any more ends nothing else": [
    ["src/platform/network/download.ts", '    answer.body.on("error", () => undefined);', ""],
  ],
  "goes on where it ended too early without a word": [
    ["src/platform/network/download.ts", "offset === most || !isExact", "true"],
  ],
  "does not take another part than it asked for": [
    ["src/platform/network/download.ts", "answer.statusCode === 206 && toSkip > 0", "false"],
  ],
  "is not asked of a mirror that is none: %s": [
    [
      "src/platform/network/published.ts",
      '\n    url === undefined ||\n    !["https:", "http:", "file:"].includes(url.protocol) ||\n    url.username !== "" ||\n    url.password !== ""\n  ',
      'url === undefined || !["https:", "http:", "file:"].includes(url.protocol)',
    ],
    [
      "src/platform/network/published.ts",
      '\n    url === undefined ||\n    !["https:", "http:", "file:"].includes(url.protocol) ||\n    url.username !== "" ||\n    url.password !== ""\n  ',
      'url === undefined || false || url.username !== "" || url.password !== ""',
    ],
  ],
  "of a mirror must be the one that this action names": [
    ["src/platform/network/published.ts", "fromMirror(named, mirrored)", "mirrored"],
  ],
  "are Ubuntu’s other server, with its updates, and only by its own key": [
    ["src/platform/packages/deb-archive.ts", "signed-by=/usr/share/keyrings/ubuntu-archive-keyring.gpg", "trusted=yes"],
  ],
  "reaches nothing of this machine’s own": [["src/boot/vmms/qemu-devices.ts", '"restrict=on"', ""]],
  "sends nothing but what it asks for, also where it is led": [
    [
      "src/platform/network/download.ts",
      ' "user-agent": "unikernel-ci", ...(offset === 0 ? {} : { range: `bytes=${offset}-` })',
      '\n        "user-agent": "unikernel-ci",\n        authorization: `Bearer ${process.env["GITHUB_TOKEN"]}`,\n        ...(offset === 0 ? {} : { range: `bytes=${offset}-` }),\n     ',
    ],
  ],
  "that comes to no end is none": [["src/platform/network/published.ts", "most: largestList", "most: Infinity"]],
  "that comes too slowly is given up": [["src/platform/network/download.ts", "waitedMs > pace.withinMs", "false"]],
};
