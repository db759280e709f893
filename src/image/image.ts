import type { Architecture } from "../targets/architecture.js";
import type { ImageFormat, UnikraftPlatform } from "../targets/targets.js";
import { Bytes } from "./bytes.js";

/** What a file is, told by its bytes alone (docs/facts.md section 4). */
export interface Image {
  readonly format: ImageFormat;
  readonly architecture: Architecture;
  readonly system: ImageSystem;
}

/** Whose bindings an image carries. */
export type ImageSystem =
  | { readonly kind: "solo5"; readonly abi: number; readonly abiVersion: number; readonly devices: readonly Device[] }
  | { readonly kind: "unikraft"; readonly platform: UnikraftPlatform; readonly version?: string }
  /** An executable of the host's own system (target `unix`). */
  | { readonly kind: "process" }
  /** A kernel with no mark that we know. */
  | { readonly kind: "unmarked" };

/** A device that the image's manifest asks for, in the manifest's order. */
export interface Device {
  readonly name: string;
  readonly type: "block" | "net";
}

/** Runtime arguments of mirage's network stacks by which a unikernel is told its address. */
export type AddressArgument = "ipv4" | "ipv4-gateway";

/**
 * mirage's generated main.ml binds each runtime argument that it registers to a variable named after the call that makes
 * it: `mirage_runtime_network_v4_gateway_none__key` (https://github.com/mirage/mirage/blob/v4.9.0/lib/functoria/runtime_arg.ml).
 * The names are in the compiler's location tables, for backtraces, and stay in a stripped image. The arguments' own names
 * do not tell: they are in every image that uses any argument of the network.
 */
const variables: Readonly<Record<AddressArgument, RegExp>> = {
  // Optional where the stack asks by DHCP (mirage 4.10.5 and later); before, such a stack had no `--ipv4`.
  ipv4: /^(?:optional_)?network_(?!group).*__key/,
  "ipv4-gateway": /^gateway_(?!group).*__key/,
};
const mark = "mirage_runtime_network_v4_";
const longestName = 200;

/**
 * The arguments of its address that a mirage unikernel takes without a prefix. Those of further stacks carry the prefix of
 * their group (`--management-ipv4`), which the image does not tell.
 */
export function addressArgumentsOf(image: Uint8Array): readonly AddressArgument[] {
  const bytes = new Bytes(image);
  const found = new Set<AddressArgument>();
  for (let at = bytes.indexOf(mark); at !== -1; at = bytes.indexOf(mark, at + 1)) {
    const start = at + mark.length;
    const variable = bytes.text(start, Math.min(longestName, bytes.length - start), "the name of a variable");
    for (const name of ["ipv4", "ipv4-gateway"] as const) if (variables[name].test(variable)) found.add(name);
  }
  return [...found].sort();
}
