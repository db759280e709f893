import type { ProtectionTable } from "../protection.js";

// What is released and reported.

export const releases: ProtectionTable = {
  "for parts of the build that others may have written": [
    ["src/release/faults.ts", "info.build === null || info.build.cache === null", "true"],
  ],
  "for a toolchain that others may have written": [
    ["src/release/faults.ts", 'info.toolchain?.origin !== "actions-cache"', "true"],
  ],
  "for another commit than the tag’s": [["src/release/faults.ts", "built === null || built === commit", "true"]],
  "for an artifact that is damaged": [
    ["src/artifact/artifact.ts", "found === sha256 ? undefined :", "true ? undefined :"],
  ],
  "an image without its hash": [["src/artifact/schema.ts", "bytes,\n  sha256,\n", "bytes,\n"]],
  "with invalid checksums, or checksums of files in another folder": [
    ["src/artifact/artifact.ts", "basename(name) !== name", "false"],
    ["src/artifact/checksums.ts", 'text.endsWith("\\n") && ', ""],
    ["src/artifact/checksums.ts", "checksums.every((checksum) => checksum !== undefined)", "true"],
  ],
  "with a link to a file elsewhere, even when its bytes are right": [
    ["src/artifact/artifact.ts", "(found) => found.isFile(),", "() => true,"],
  ],
  "that is published is left alone": [
    ["src/release/release.ts", "there.find(({ isDraft }) => !isDraft)", "undefined"],
    ["src/release/release.ts", "if (different.length === 0) return", "return"],
  ],
  "gives its token to no address that it is sent to": [
    [
      "src/platform/github/api.ts",
      "\n  });\n  ",
      '\n  });\n  const location = answer.headers["location"];\n  if (location !== undefined)\n    return sendOnce({ baseUrl, token, silenceMs } as GitHubApiOptions, { ...request, url: String(location) });\n  ',
    ],
  ],
  "publishes no credentials of an address": [
    ["src/platform/network/download.ts", '.replace(/\\/\\/[^/@]*@/, "//")', ""],
    ["src/artifact/build-info.ts", "spec.repositories.map(ofEveryone)", "spec.repositories"],
    ["src/artifact/build-info.ts", "spec.pins.map(ofEveryone)", "spec.pins"],
  ],
  "refuses an artifact that is not what its checksums say": [
    ["src/artifact/artifact.ts", "found === sha256 ? undefined :", "true ? undefined :"],
  ],
  "has its fields itself: a key that would be a prototype is a key like another": [
    ["src/artifact/build-info.ts", "return JSON.parse(text)", "return Object.assign({}, JSON.parse(text))"],
  ],
};
