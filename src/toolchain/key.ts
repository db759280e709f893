import { createHash } from "node:crypto";
import type { ToolchainSpec } from "./toolchain.js";

/**
 * Raised when a toolchain of an older unikernel-ci must not be used any more: another layout of its folder or of its
 * archive, other things left out by slim.ts.
 */
const format = 4;

/** What a key is made of, as the log prints it; every fact of the spec is in one of them. */
export function keyComponents(spec: ToolchainSpec): readonly (readonly [name: string, text: string])[] {
  return [
    ["format", String(format)],
    ["target", `${spec.backend} ${spec.architecture}`],
    ["host", `${spec.hostSystem} ${spec.hostArchitecture}`],
    ["C compiler", spec.cCompiler],
    [
      "versions",
      Object.entries(spec.versions)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .flat()
        .join(" "),
    ],
    [
      "repositories",
      spec.repositories
        .map(({ name, url, content }) => `${name}=${url}${content === undefined ? "" : ` (${content})`}`)
        .join(" "),
    ],
    ["packages", spec.packages.join(" ")],
    ["pins", spec.pins.map((pin) => `${pin.package}=${pin.url}`).join(" ")],
    ["slim", String(spec.slim)],
    // Left out where there are none: toolchains without them keep the keys that they have always had.
    ...(spec.cFlags === undefined ? [] : [["C flags", spec.cFlags.join(" ")] as const]),
  ];
}

/** The toolchain's key in every cache: equal specs have equal keys, and others have others. */
export function toolchainKey(spec: ToolchainSpec): string {
  const hash = createHash("sha256")
    .update(JSON.stringify(keyComponents(spec)))
    .digest("hex")
    .slice(0, 16);
  return ["unikernel-ci", format, spec.backend, spec.architecture, spec.versions.ocaml, hash].join("-");
}
