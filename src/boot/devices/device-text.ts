import { InputError } from "../../platform/problem.js";
import { parseSize } from "../../platform/size.js";
import { type Subnet, isHostOf, isUsable, parseAddress, parseSubnet } from "./subnet.js";

export type AskedNetwork =
  | { readonly kind: "none" }
  | { readonly kind: "any"; readonly options: NetworkOptions }
  | { readonly kind: "named"; readonly devices: readonly NamedNetwork[] };

export interface NamedNetwork {
  readonly name: string;
  readonly options: NetworkOptions;
}

const modes = ["auto", "tap", "user"] as const;

export interface NetworkOptions {
  readonly mode: (typeof modes)[number];
  /** The host's address; with user networking, the gateway's. */
  readonly host: Subnet | undefined;
  readonly guest: number | undefined;
  readonly mac: string | undefined;
  /** The guest may reach what the host reaches. */
  readonly outside: boolean;
}

export const defaultNetwork: NetworkOptions = {
  mode: "auto",
  host: undefined,
  guest: undefined,
  mac: undefined,
  outside: false,
};

export interface AskedDisk {
  readonly name: string;
  /** As written; undefined: a scratch disk. */
  readonly path: string | undefined;
  /** Minimum in bytes; undefined: the file's size, or 1 MiB for a scratch disk. */
  readonly size: number | undefined;
  readonly readOnly: boolean;
}

const sectorSize = 512;

const networkForms =
  "auto, tap, user or none, or a line `NAME: auto|tap|user` for each device; " +
  "then host=10.0.0.1/24, guest=10.0.0.2, mac=52:54:00:12:34:56, outside";
const diskForms =
  "a line `NAME: PATH` for each device, then `, size=4MiB` and `, ro`; `scratch` as PATH is an empty disk";

/** Solo5's rule for the names of its manifests: https://github.com/Solo5/solo5/blob/v0.12.1/include/mft_abi.h */
const name = "[A-Za-z0-9]+";

/** Reads the input `net`. @throws InputError */
export function parseNetwork(text: string): AskedNetwork {
  const lines = linesOf(text);
  const named = lines.map((line) => new RegExp(`^(${name}):(?:\\s+(\\S.*))?$`).exec(line));
  if (lines.length > 1 || named[0] != null) {
    const devices = named.map((match, index) => {
      if (match === null) throw new InputError(lines[index] ?? "", networkForms);
      return { name: match[1] ?? "", options: networkOptions(match[2] ?? "", match[0]) };
    });
    requireOnce(devices, networkForms);
    return { kind: "named", devices };
  }
  const [line = ""] = lines;
  return line.toLowerCase() === "none" ? { kind: "none" } : { kind: "any", options: networkOptions(line, line) };
}

function networkOptions(text: string, line: string): NetworkOptions {
  let options: NetworkOptions = defaultNetwork;
  const refuse = (accepted: string) => new InputError(line, accepted);
  const given = new Set<string>();
  for (const word of text.split(/\s+/).filter((word) => word !== "")) {
    const [name = "", value] = word.split(/=(.*)/s);
    const key = name.toLowerCase();
    const mode = value === undefined ? modes.find((candidate) => candidate === key) : undefined;
    const kind = mode === undefined ? key : "mode";
    if (given.has(kind)) throw refuse(`only one of each; ${networkForms}`);
    given.add(kind);
    if (mode !== undefined) options = { ...options, mode };
    else if (key === "outside" && value === undefined) options = { ...options, outside: true };
    else if (key === "host" && value !== undefined) options = { ...options, host: hostAddress(value, refuse) };
    else if (key === "guest" && value !== undefined) options = { ...options, guest: address(value, refuse) };
    else if (key === "mac" && value !== undefined) options = { ...options, mac: hardwareAddress(value, refuse) };
    else throw refuse(networkForms);
  }
  const { host, guest } = options;
  const network = host ?? (guest === undefined ? undefined : { address: guest, prefix: 24 });
  if (guest !== undefined && network !== undefined && (!isHostOf(guest, network) || guest === host?.address)) {
    throw refuse("a guest address on the host’s network, other than the host’s own");
  }
  return options;
}

type Refuse = (accepted: string) => InputError;

function address(text: string, refuse: Refuse): number {
  try {
    return parseAddress(text);
  } catch {
    throw refuse("an IPv4 address, such as guest=10.0.0.2");
  }
}

function hostAddress(text: string, refuse: Refuse): Subnet {
  try {
    const subnet = parseSubnet(text);
    if (isUsable(subnet)) return subnet;
  } catch {
    // Refused below.
  }
  throw refuse("an IPv4 address with a prefix of 8 to 29, such as host=10.0.0.1/24");
}

function hardwareAddress(text: string, refuse: Refuse): string {
  // The lowest bit of the first byte marks a group address: IEEE 802.
  if (/^[\da-f][02468ace](?::[\da-f]{2}){5}$/i.test(text)) return text.toLowerCase();
  throw refuse("a unicast MAC address, such as mac=52:54:00:12:34:56");
}

/** Reads the input `block`. @throws InputError */
export function parseDisks(text: string): readonly AskedDisk[] {
  const disks = linesOf(text).map((line) => {
    const [, disk, rest] = new RegExp(`^(${name}):\\s+(\\S.*)$`).exec(line) ?? [];
    if (disk === undefined || rest === undefined) throw new InputError(line, diskForms);
    // Options are read from the end: a path may contain commas.
    const words = rest.split(",").map((word) => word.trim());
    const first = 1 + words.findLastIndex((word, at) => at === 0 || !isDiskOption(word));
    const path = rest.split(",").slice(0, first).join(",");
    const options = words.slice(first);
    const sizes = options.filter((word) => !isReadOnly(word)).map((word) => word.slice("size=".length));
    const readOnly = options.some(isReadOnly);
    const isScratch = path.trim() === "scratch";
    // An unknown word after an option, or after `scratch`, is a mistake, not a part of a path.
    const hasUnknown = first > 1 && (words[0] === "scratch" || words.slice(1, first).some(isDiskOption));
    if (path.trim() === "" || sizes.length > 1 || (isScratch && readOnly) || hasUnknown)
      throw new InputError(line, diskForms);
    const size = sizes[0] === undefined ? undefined : bytes(sizes[0], line);
    return { name: disk, path: isScratch ? undefined : path.trim(), size, readOnly };
  });
  requireOnce(disks, diskForms);
  return disks;
}

const isReadOnly = (word: string): boolean => /^ro$/i.test(word);
const isDiskOption = (word: string): boolean => isReadOnly(word) || /^size=/i.test(word);

function bytes(text: string, line: string): number {
  const size = parseSize(text) ?? 0;
  if (size > 0 && size <= 2 ** 40 && size % sectorSize === 0) return size;
  throw new InputError(
    line,
    `a size such as 4MiB (KiB, MiB, GiB or bytes, up to 1024GiB), a multiple of ${sectorSize} bytes`,
  );
}

function linesOf(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}

function requireOnce(devices: readonly { readonly name: string }[], accepted: string): void {
  const names = devices.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new InputError(twice, `each name once; ${accepted}`);
}
