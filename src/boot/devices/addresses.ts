import type { AddressArgument } from "../../image/image.js";
import type { AttachedDevice, NetworkDevice } from "./devices.js";
import { type Subnet, isUsable, parseAddress, parseSubnet } from "./subnet.js";

/** What a unikernel's own arguments say of its address. */
export interface ToldAddress {
  readonly guest: Subnet;
  readonly gateway: number | undefined;
}

export interface AddressArguments {
  /** To be put in front of the user's. */
  readonly words: readonly string[];
  /** A line for the log, when there are words. */
  readonly story?: string;
}

/** `--ipv4`, and that of another stack, with its group's name in front: `--management-ipv4`. */
const networkOption = /^--(?:[a-z0-9-]+-)?ipv4(?:=|$)/;

/**
 * The arguments that tell a mirage unikernel the address which its first network device has; none when the user has
 * told it, or when the image takes none.
 *
 * @param known the arguments that the image takes ({@link addressArgumentsOf}).
 */
export function addressArguments(
  devices: readonly AttachedDevice[],
  userArgs: readonly string[],
  known: readonly AddressArgument[],
): AddressArguments {
  const networks = devices.filter((device): device is NetworkDevice => device.type === "net");
  const [first] = networks;
  if (first === undefined || !known.includes("ipv4") || isTold(userArgs, networks.length)) return { words: [] };
  const { guest, network, gateway } = addressesOf(first.link);
  const words = [`--ipv4=${guest}/${network.prefix}`];
  if (known.includes("ipv4-gateway") && valueOf("--ipv4-gateway", userArgs) === undefined) {
    words.push(`--ipv4-gateway=${gateway}`);
  }
  return { words, story: `${words.join(" ")} (added; your own --ipv4 in \`args\` would replace it)` };
}

/** A word for one of several stacks leaves the others to us. */
function isTold(args: readonly string[], stacks: number): boolean {
  return valueOf("--ipv4", args) !== undefined || (stacks === 1 && args.some((word) => networkOption.test(word)));
}

function addressesOf(link: NetworkDevice["link"]): { guest: string; network: Subnet; gateway: string } {
  if (link.kind === "user") return { guest: link.guest, network: parseSubnet(link.network), gateway: link.gateway };
  const [gateway = ""] = link.host.split("/");
  return { guest: link.guest, network: parseSubnet(link.host), gateway };
}

/** What the user's arguments tell the unikernel of its address; undefined when they tell nothing that we can read. */
export function toldAddress(args: readonly string[]): ToldAddress | undefined {
  try {
    const guest = valueOf("--ipv4", args);
    const gateway = valueOf("--ipv4-gateway", args);
    if (guest === undefined || !isUsable(parseSubnet(guest))) return undefined;
    return { guest: parseSubnet(guest), gateway: gateway === undefined ? undefined : parseAddress(gateway) };
  } catch {
    return undefined;
  }
}

/** Of `--name=VALUE` or `--name VALUE`. */
function valueOf(name: string, args: readonly string[]): string | undefined {
  const at = args.findIndex((word) => word === name || word.startsWith(`${name}=`));
  return args[at] === name ? args[at + 1] : args[at]?.slice(name.length + 1);
}
