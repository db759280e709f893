import type { HostInterface } from "../../platform/network/interfaces.js";
import { Problem } from "../../platform/problem.js";
import type { ToldAddress } from "./addresses.js";
import type { NamedNetwork, NetworkOptions } from "./device-text.js";
import type { Forward, GuestPort, NetworkDevice, TapLink, UserLink } from "./devices.js";
import {
  type Subnet,
  firstFree,
  formatAddress,
  formatSubnet,
  isHostOf,
  networkOf,
  overlap,
  parseSubnet,
} from "./subnet.js";

export interface NetworkQuestion {
  /** The guest's ports for probes, at its first network device. */
  readonly ports: readonly GuestPort[];
  /** A probe needs more of the guest than ports: `ping`. */
  readonly needsTap: boolean;
  readonly isAddressable: boolean;
  readonly told: ToldAddress | undefined;
}

export interface NetworkFacts {
  /** Why no tap can be made here, as a phrase. */
  readonly noTap: string | undefined;
  /** Why a tap cannot be isolated here, as a phrase. */
  readonly noIsolation: string | undefined;
  readonly interfaces: readonly HostInterface[];
  /** Of the host's loopback interface, one for each of the question's `ports`. */
  readonly freePorts: readonly number[];
}

export interface PlannedNetwork {
  readonly device: NetworkDevice;
  /** For the log: `tap uci0a000000 10.0.0.1/24, guest 10.0.0.2`. */
  readonly story: string;
}

/** The one network that the guest can use is in use on this host. */
export interface NetworkBusy {
  /** `10.0.0.0/24` */
  readonly network: string;
  readonly holder: HostInterface;
}

/** For guests that take no address: mirage's default, and that of Solo5's own tests. */
const usual: Subnet = parseSubnet("10.0.0.1/24");
const lastNetwork = 255;

/** @throws Problem for a network that cannot be made here as asked. */
export function planNetworks(
  wanted: readonly NamedNetwork[],
  question: NetworkQuestion,
  facts: NetworkFacts,
): readonly PlannedNetwork[] | NetworkBusy {
  const planned: PlannedNetwork[] = [];
  const taken: Subnet[] = [];
  for (const [index, one] of wanted.entries()) {
    const mode = modeOf(one, index, question, facts);
    const addresses = addressesFor(one.options, index, question, [...taken, ...subnetsOf(facts.interfaces)]);
    const inBoot = taken.find((subnet) => overlap(subnet, addresses.host));
    if (inBoot !== undefined) throw sameNetwork(one.name, addresses.host);
    if (mode === "tap") {
      const holder = facts.interfaces.find((other) => holds(other, addresses.host));
      if (holder !== undefined) return { network: formatSubnet(networkOf(addresses.host)), holder };
    }
    taken.push(addresses.host);
    const forwards = mode === "user" && index === 0 ? forwardsTo(question.ports, facts.freePorts) : [];
    const { outside } = one.options;
    const link = mode === "tap" ? tapLink(addresses, outside) : userLink(addresses, outside, forwards);
    const mac = one.options.mac ?? macFor(addresses.guest);
    planned.push({ device: { type: "net", name: one.name, mac, link }, story: storyOf(link, one.options, facts) });
  }
  return planned;
}

function modeOf(
  { name, options }: NamedNetwork,
  index: number,
  question: NetworkQuestion,
  facts: NetworkFacts,
): "tap" | "user" {
  const noTap = whyNoTap(options, facts);
  const mode = options.mode !== "auto" ? options.mode : noTap !== undefined || options.outside ? "user" : "tap";
  const remedy =
    facts.noTap === undefined
      ? "set `net: tap outside`, which lets the guest reach this host and its networks"
      : "run it as root, or as a user with passwordless sudo";
  if (mode === "tap" && noTap !== undefined) {
    throw new Problem(`cannot make a tap for the network device \`${name}\``, {
      because: noTap,
      do: `${remedy}; \`net: user\` needs no privileges`,
    });
  }
  if (mode === "user" && index === 0 && question.needsTap) {
    throw new Problem("the probe `ping` needs a tap, but the network is QEMU’s user networking", {
      because: noTap ?? (options.outside ? "`outside` asks for it" : "`net: user` asks for it"),
      do: noTap === undefined ? "set `net: tap`" : `${remedy}, or probe a TCP port`,
    });
  }
  return mode;
}

/** A tap that cannot be isolated is made only where the guest may reach everything. */
function whyNoTap({ outside }: NetworkOptions, { noTap, noIsolation }: NetworkFacts): string | undefined {
  if (noTap !== undefined || outside || /* promise: taps-need-isolation */ noIsolation === undefined) return noTap;
  return `its guest cannot be isolated: ${noIsolation}`;
}

interface Addresses {
  readonly host: Subnet;
  readonly guest: number;
}

function addressesFor(
  options: NetworkOptions,
  index: number,
  question: NetworkQuestion,
  taken: readonly Subnet[],
): Addresses {
  // An address in the arguments is the first device's.
  const told = index === 0 ? question.told : undefined;
  const guest = options.guest ?? told?.guest.address;
  const host =
    options.host ?? hostFor(options.guest, told) ?? (index > 0 || question.isAddressable ? freeNetwork(taken) : usual);
  return { host, guest: guest !== undefined && isHostOf(guest, host) ? guest : firstFree(host, [host.address]) };
}

function hostFor(guest: number | undefined, told: ToldAddress | undefined): Subnet | undefined {
  if (guest !== undefined) return { address: firstFree({ address: guest, prefix: 24 }, [guest]), prefix: 24 };
  if (told === undefined) return undefined;
  const { guest: subnet, gateway } = told;
  const isNeighbour = gateway !== undefined && gateway !== subnet.address && isHostOf(gateway, subnet);
  return { ...subnet, address: isNeighbour ? gateway : firstFree(subnet, [subnet.address]) };
}

function freeNetwork(taken: readonly Subnet[]): Subnet {
  for (let number = 0; number <= lastNetwork; number++) {
    const subnet = { ...usual, address: usual.address + number * 256 };
    if (!taken.some((other) => overlap(other, subnet))) return subnet;
  }
  throw new Problem("no network from 10.0.0.0/24 to 10.0.255.0/24 is free on this host", {
    do: "name one: `net: tap host=192.168.77.1/24`",
  });
}

/** The networks of the host's interfaces: by their addresses, and by names that {@link interfaceFor} made. */
function subnetsOf(interfaces: readonly HostInterface[]): Subnet[] {
  return interfaces.flatMap(({ name, addresses }) => [...addresses.map(parseSubnet), ...namedNetwork(name)]);
}

function holds(other: HostInterface, subnet: Subnet): boolean {
  return (
    other.name === interfaceFor(subnet) || other.addresses.some((address) => overlap(parseSubnet(address), subnet))
  );
}

/**
 * The network's address in hexadecimal: 10.0.1.0 has `uci0a000100`. Two boots that want the same network want the same
 * name, and the kernel grants it to only one of them.
 */
function interfaceFor(subnet: Subnet): string {
  return `uci${networkOf(subnet).address.toString(16).padStart(8, "0")}`;
}

function namedNetwork(name: string): Subnet[] {
  const [, digits] = /^uci([\da-f]{8})$/.exec(name) ?? [];
  return digits === undefined ? [] : [{ address: parseInt(digits, 16), prefix: 24 }];
}

function forwardsTo(ports: readonly GuestPort[], free: readonly number[]): Forward[] {
  return ports.flatMap((port, index) => {
    const hostPort = free[index];
    return hostPort === undefined ? [] : [{ ...port, hostPort }];
  });
}

function tapLink({ host, guest }: Addresses, outside: boolean): TapLink {
  return {
    kind: "tap",
    interface: interfaceFor(host),
    host: formatSubnet(host),
    guest: formatAddress(guest),
    ...(outside && { outside }),
  };
}

function userLink({ host, guest }: Addresses, outside: boolean, forwards: readonly Forward[]): UserLink {
  const gateway = formatAddress(host.address);
  return {
    kind: "user",
    network: formatSubnet(networkOf(host)),
    guest: formatAddress(guest),
    gateway,
    outside,
    forwards,
  };
}

/** In QEMU's range. Made from the guest's address, so that no two guests of a host share one. */
function macFor(guest: number): string {
  const bytes = [16, 8, 0].map((shift) => ((guest >>> shift) & 255).toString(16).padStart(2, "0"));
  return ["52:54:00", ...bytes].join(":");
}

function storyOf(link: NetworkDevice["link"], options: NetworkOptions, facts: NetworkFacts): string {
  if (link.kind === "tap") {
    const reach = link.outside === true ? ", which reaches this host and its networks" : "";
    return `tap ${link.interface} ${link.host}, guest ${link.guest}${reach}`;
  }
  const forwards = link.forwards.map(
    ({ protocol, hostPort, guestPort }) => `${protocol} ${guestPort} at 127.0.0.1:${hostPort}`,
  );
  const noTap = whyNoTap(options, facts);
  const why = options.mode === "auto" && !options.outside && noTap !== undefined ? ` (no tap: ${noTap})` : "";
  return [`user networking, guest ${link.guest}`, ...forwards].join(", ") + why;
}

function sameNetwork(name: string, subnet: Subnet): Problem {
  const network = formatSubnet(networkOf(subnet));
  return new Problem(`network device \`${name}\` would share the network ${network} with another device`, {
    do: `give each its own: \`${name}: host=10.0.7.1/24\``,
  });
}
