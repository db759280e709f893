import { join, resolve } from "node:path";
import type { AddressArgument, Device } from "../../image/image.js";
import type { DiskWork } from "../../platform/files/disks.js";
import { Problem, WrongUse } from "../../platform/problem.js";
import { exactSize } from "../../platform/size.js";
import type { BootRequest } from "../boot-request.js";
import { needsTap, portsOf } from "../probes/probe.js";
import { vmmsOf } from "../vmms/vmms.js";
import { toldAddress } from "./addresses.js";
import { type AskedDisk, type NamedNetwork, type NetworkOptions, defaultNetwork } from "./device-text.js";
import type { AttachedDevice, TapLink } from "./devices.js";
import { type NetworkBusy, type NetworkFacts, planNetworks } from "./network-plan.js";
export type AskedDevices = Pick<BootRequest, "image" | "target" | "net" | "block" | "probe" | "args">;

export interface DeviceFacts extends NetworkFacts {
  readonly addressArguments: readonly AddressArgument[];
  /** The base of relative paths. */
  readonly workspace: string;
  readonly folder: string;
}

export interface DevicePlan {
  /** In the manifest's order; without a manifest, network devices first. */
  readonly devices: readonly AttachedDevice[];
  readonly taps: readonly TapLink[];
  readonly disks: readonly DiskWork[];
  /** For the log: `service: tap uci0a000000 10.0.0.1/24, guest 10.0.0.2; storage: scratch, 1 MiB`. */
  readonly story: string;
}

const scratchSize = 2 ** 20;

/**
 * Decides how the devices of a boot are made. Pure.
 *
 * @throws Problem for devices that the image lacks, or that cannot be made here as asked.
 */
export function planDevices(asked: AskedDevices, facts: DeviceFacts): DevicePlan | NetworkBusy {
  if (isProcess(asked)) refuseDevices(asked);
  const disks = wantedDisks(asked);
  const wanted = wantedNetworks(asked);
  if (asked.probe.length > 0 && !isProcess(asked) && wanted.length === 0) throw nothingToProbe(asked);
  const needs = {
    ports: portsOf(asked.probe),
    needsTap: asked.probe.some(needsTap),
    isAddressable: facts.addressArguments.includes("ipv4"),
    told: toldAddress(asked.args),
  };
  const networks = planNetworks(wanted, needs, facts);
  if ("holder" in networks) return networks;
  const works = disks.map((disk) => diskWork(disk, asked, facts));
  const all = [
    ...networks.map(({ device, story }) => ({ device, story })),
    ...works.map((work, index) => ({
      device: { type: "block" as const, name: disks[index]?.name ?? "", path: work.path },
      story: diskStory(work),
    })),
  ];
  const manifest = manifestOf(asked);
  const place = ({ device }: { readonly device: AttachedDevice }) =>
    manifest?.findIndex(({ name, type }) => name === device.name && type === device.type) ?? 0;
  const ordered = all.toSorted((one, other) => place(one) - place(other));
  return {
    devices: ordered.map(({ device }) => device),
    taps: networks.flatMap(({ device: { link } }) => (link.kind === "tap" ? [link] : [])),
    disks: works,
    story: ordered.map(({ device, story }) => `${device.name}: ${story}`).join("; "),
  };
}

export function wantedNetworks(asked: AskedDevices): readonly NamedNetwork[] {
  const { net } = asked;
  const manifest = manifestOf(asked);
  if (isProcess(asked)) return [];
  if (manifest === undefined) {
    if (net.kind === "named") return net.devices;
    const isWanted = net.kind === "any" && (asked.probe.length > 0 || isAsked(net.options));
    return isWanted ? [{ name: "net0", options: net.options }] : [];
  }
  const names = manifest.filter(({ type }) => type === "net").map(({ name }) => name);
  if (net.kind === "named") {
    requireDeclared("net", net.devices, names);
    return names.map((name) => net.devices.find((device) => device.name === name) ?? { name, options: defaultNetwork });
  }
  if (net.kind === "none") {
    if (names[0] === undefined) return [];
    throw new Problem(`the image needs its network device \`${names[0]}\`, which \`net: none\` removes`, {
      do: "remove `net: none`: the devices that the image declares are made automatically",
    });
  }
  if (names.length > 1 && namesAddress(net.options)) {
    throw new WrongUse("input net gives one address, but the image has several network devices", {
      found: names.join(", "),
      do: `write a line for each: \`${names[0] ?? ""}: host=10.0.0.1/24\``,
    });
  }
  return names.map((name) => ({ name, options: net.options }));
}

/** Whether a tap of the boot, if there is one, must be isolated. */
export function needsIsolation(asked: AskedDevices): boolean {
  return wantedNetworks(asked).some(({ options: { mode, outside } }) => mode !== "user" && !outside);
}

/** A host process, which uses the host's own network and has no devices. */
function isProcess({ target }: AskedDevices): boolean {
  return vmmsOf(target).some((vmm) => vmm.isProcess === true);
}

/** The devices that the image declares; undefined for an image that cannot declare any. */
function manifestOf({ image, target }: AskedDevices): readonly Device[] | undefined {
  if (target.devicesFrom !== undefined) return undefined;
  return image.system.kind === "solo5" ? image.system.devices : undefined;
}

function refuseDevices({ net, block }: AskedDevices): void {
  const isPlain = net.kind === "none" || (net.kind === "any" && !isAsked(net.options));
  if (isPlain && block.length === 0) return;
  throw new WrongUse(`input ${isPlain ? "block" : "net"}: the unikernel is a host process and has no devices`, {
    because: "it uses the host’s own network and files",
    do: "remove the input",
  });
}

function isAsked(options: NetworkOptions): boolean {
  return options.mode !== "auto" || options.outside || namesAddress(options);
}

function namesAddress({ host, guest, mac }: NetworkOptions): boolean {
  return host !== undefined || guest !== undefined || mac !== undefined;
}

function wantedDisks(asked: AskedDevices): readonly AskedDisk[] {
  const { block } = asked;
  const manifest = manifestOf(asked);
  if (manifest === undefined) return block;
  const names = manifest.filter(({ type }) => type === "block").map(({ name }) => name);
  requireDeclared("block", block, names);
  const scratch = { path: undefined, size: undefined, readOnly: false };
  return names.map((name) => block.find((disk) => disk.name === name) ?? { name, ...scratch });
}

function requireDeclared(
  input: "net" | "block",
  asked: readonly { readonly name: string }[],
  names: readonly string[],
): void {
  const kind = input === "net" ? "network" : "block";
  const unknown = asked.find(({ name }) => !names.includes(name));
  if (unknown === undefined) return;
  throw new WrongUse(`input ${input}: the image has no ${kind} device \`${unknown.name}\``, {
    accepted:
      names.length === 0
        ? `none: its manifest has no ${kind} device`
        : `the names in its manifest: ${names.join(", ")}`,
  });
}

function nothingToProbe(asked: AskedDevices): Problem {
  return new Problem("the guest has no network device to probe", {
    because: manifestOf(asked) === undefined ? "`net: none`" : "its manifest declares none",
    do: "remove `probe`",
  });
}

function diskWork(disk: AskedDisk, asked: AskedDevices, facts: DeviceFacts): DiskWork {
  const own = join(facts.folder, `${disk.name}.img`);
  const source = disk.path === undefined ? undefined : resolve(facts.workspace, disk.path);
  const size = disk.size;
  // Solo5's tenders cut a path off at its first whitespace (sscanf in their block modules).
  const isSplit = (path: string) => manifestOf(asked) !== undefined && /\s/.test(path);
  const inPlace = source !== undefined && !disk.readOnly && !isSplit(source);
  if (!inPlace && isSplit(own)) {
    throw new Problem(`the folder for the disk of \`${disk.name}\` has whitespace in its path`, {
      found: facts.folder,
      because: "Solo5 cuts a path off there",
      do: "set RUNNER_TEMP or TMPDIR to a path without whitespace",
    });
  }
  if (source === undefined) return { kind: "scratch", path: own, size: size ?? scratchSize };
  if (disk.readOnly) return { kind: "copy", path: own, source, size };
  return inPlace ? { kind: "use", path: source, source, size } : { kind: "link", path: own, source, size };
}

function diskStory(work: DiskWork): string {
  if (work.kind === "scratch") return `scratch, ${exactSize(work.size)}`;
  return work.kind === "copy" ? `a copy of ${work.source}` : work.source;
}

interface Way {
  readonly argv: readonly [string, ...string[]];
  /** Absent: as many as an image can declare. */
  readonly mostDevices?: number;
}

/** @throws Problem when no way has room: its program would refuse to start, which is not the guest's failure. */
export function withRoomFor<Any extends Way>(devices: readonly AttachedDevice[], ways: readonly Any[]): readonly Any[] {
  const most = (way: Way) => way.mostDevices ?? Infinity;
  const roomy = ways.filter((way) => devices.length <= most(way));
  if (roomy.length > 0 || ways.length === 0) return roomy;
  const largest = ways.reduce((one, other) => (most(other) > most(one) ? other : one));
  throw new Problem(`the guest has ${devices.length} network and block devices, too many for ${largest.argv[0]}`, {
    accepted: `${most(largest)} devices`,
    do:
      "use fewer in `net` and `block`, or declare fewer in the image’s manifest; " +
      "Solo5’s tenders take 63 when they run directly on the host",
  });
}
