import type { Architecture } from "../targets/architecture.js";
import type { ImageFormat, UnikraftPlatform } from "../targets/targets.js";
import { Bytes } from "./bytes.js";

/** What the bytes of an image show (docs/facts.md section 4). */
export interface Image {
  readonly format: ImageFormat;
  readonly architecture: Architecture;
  readonly system: ImageSystem;
}

/** The system whose bindings an image contains. */
export type ImageSystem =
  | { readonly kind: "solo5"; readonly abi: number; readonly abiVersion: number; readonly devices: readonly Device[] }
  | { readonly kind: "unikraft"; readonly platform: UnikraftPlatform; readonly version?: string }
  /** An executable of the host's own system (target `unix`). */
  | { readonly kind: "process" }
  /** A kernel without a known mark. */
  | { readonly kind: "unmarked" };

/** A device that the image's manifest asks for. */
export interface Device {
  readonly name: string;
  readonly type: "block" | "net";
}

/** Runtime arguments by which a mirage unikernel takes its IPv4 address. */
export type AddressArgument = "ipv4" | "ipv4-gateway";

/**
 * The address arguments that a mirage unikernel takes without a prefix. A further network stack has the prefix of its
 * group (`--management-ipv4`), which the image does not contain.
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

const mark = "mirage_runtime_network_v4_";
const longestName = 200;

/**
 * mirage's generated main.ml binds each runtime argument to a variable named after the call that makes it:
 * `mirage_runtime_network_v4_gateway_none__key`
 * (https://github.com/mirage/mirage/blob/v4.9.0/lib/functoria/runtime_arg.ml). The compiler's location tables keep
 * these names for backtraces, also in a stripped image. The names of the arguments prove nothing: every image that uses
 * any network argument contains all of them.
 */
const variables: Readonly<Record<AddressArgument, RegExp>> = {
  // `optional_` in a stack that uses DHCP (mirage 4.10.5 and later); before, such a stack had no `--ipv4`.
  ipv4: /^(?:optional_)?network_(?!group).*__key/,
  "ipv4-gateway": /^gateway_(?!group).*__key/,
};
