import { createHash } from "node:crypto";
import { specBelow } from "./layers.js";
import type { ToolchainSpec } from "./toolchain.js";

/**
 * Raised when toolchains of an older unikernel-ci must no longer be used: the layout of the folder or of the archive
 * changed, or the rules of slim.ts.
 */
const format = 5;

/** The components of a key, as the log prints them; together they contain every fact of the spec. */
export function keyComponents(spec: ToolchainSpec): readonly (readonly [name: string, text: string])[] {
  const below = specBelow(spec);
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
    ...(spec.cFlags === undefined ? [] : [["C flags", spec.cFlags.join(" ")] as const]),
    ...(below === undefined ? [] : [["built on", toolchainKey(below)] as const]),
  ];
}

/** The toolchain's key in every cache: equal specs have equal keys, different specs different ones. */
export function toolchainKey(spec: ToolchainSpec): string {
  const hash = createHash("sha256")
    .update(JSON.stringify(keyComponents(spec)))
    .digest("hex")
    .slice(0, 16);
  return ["unikernel-ci", format, spec.backend, spec.architecture, spec.versions.ocaml, hash].join("-");
}
