import type { AddressArgument } from "../../image/image.js";
import type { AttachedDevice, NetworkDevice } from "./devices.js";
import { type Subnet, isUsable, parseAddress, parseSubnet } from "./subnet.js";

export interface ToldAddress {
  readonly guest: Subnet;
  readonly gateway: number | undefined;
}

export interface AddressArguments {
  readonly words: readonly string[];
  readonly story?: string;
}

/** `--ipv4`, or a further stack's with its group in front: `--management-ipv4`. */
const networkOption = /^--(?:[a-z0-9-]+-)?ipv4(?:=|$)/;

/**
 * The arguments that give a mirage unikernel the address of its first network device; none when the user gave one, or
 * when the image takes none.
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
  return { words, story: `${words.join(" ")} (added; your own --ipv4 in \`args\` replaces it)` };
}

/** An option for one of several stacks says nothing about the others. */
function isTold(args: readonly string[], stacks: number): boolean {
  return valueOf("--ipv4", args) !== undefined || (stacks === 1 && args.some((word) => networkOption.test(word)));
}

function addressesOf(link: NetworkDevice["link"]): { guest: string; network: Subnet; gateway: string } {
  if (link.kind === "user") return { guest: link.guest, network: parseSubnet(link.network), gateway: link.gateway };
  const [gateway = ""] = link.host.split("/");
  return { guest: link.guest, network: parseSubnet(link.host), gateway };
}

/** The address in the user's arguments; undefined when there is none, or none that can be read. */
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

function valueOf(name: string, args: readonly string[]): string | undefined {
  const at = args.findIndex((word) => word === name || word.startsWith(`${name}=`));
  return args[at] === name ? args[at + 1] : args[at]?.slice(name.length + 1);
}
