import type { AttachedDevice, NetworkDevice, UserLink } from "../devices/devices.js";
import { firstFree, formatAddress, parseAddress, parseSubnet } from "../devices/subnet.js";

/**
 * The first PCI slot after the host bridge of q35 and virt. No slot may stay empty: Unikraft on x86_64 stops at the
 * first empty one (https://github.com/unikraft/unikraft/blob/staging/drivers/ukbus/pci/arch/x86_64/pci_bus.c).
 */
const firstSlot = 1;

/**
 * Virtio devices on the root bus, one slot each, in the given order. Solo5's bindings match slots to the manifest's
 * entries in that order, and know only the legacy interface (bindings/virtio/pci.c), which devices on a root bus offer.
 */
export function deviceOptions(devices: readonly AttachedDevice[]): string[] {
  return devices.flatMap((device, index) =>
    virtioDevice(device, idOf(device, index), "pci", `,bus=pcie.0,addr=0x${(firstSlot + index).toString(16)}`),
  );
}

export function idOf({ type }: AttachedDevice, index: number): string {
  return `${type === "block" ? "disk" : "net"}${index}`;
}

/** @param place on the bus, after a comma. */
export function virtioDevice(device: AttachedDevice, id: string, transport: "pci" | "device", place = ""): string[] {
  if (device.type === "block")
    return ["-drive", driveOption(device.path, id), "-device", `virtio-blk-${transport},drive=${id}${place}`];
  // The network card's boot ROM would only cost time: the boot has a kernel.
  const rom = transport === "pci" ? ",romfile=" : "";
  const card = `virtio-net-${transport},netdev=${id},mac=${device.mac}${rom}${place}`;
  return ["-netdev", netdevOption(device.link, id), "-device", card];
}

/** The value of QEMU's `-netdev`: `tap,id=net0,ifname=uci0a000000,script=no,downscript=no`. */
export function netdevOption(link: NetworkDevice["link"], id: string): string {
  if (link.kind === "tap") return `tap,id=${id},ifname=${link.interface},script=no,downscript=no`;
  return [
    `user,id=${id},net=${link.network},host=${link.gateway},dns=${nameServer(link)},dhcpstart=${link.guest},ipv6=off`,
    ...(link.outside ? [] : [/* promise: guests-reach-nothing-outside */ "restrict=on"]),
    ...link.forwards.map(
      ({ protocol, hostPort, guestPort }) =>
        /* promise: ports-are-forwarded-from-this-machine */ `hostfwd=${protocol}:127.0.0.1:` +
        `${hostPort}-${link.guest}:${guestPort}`,
    ),
  ].join(",");
}

/** QEMU's name server needs an address on the network; its default may be the guest's. */
function nameServer({ network, guest, gateway }: UserLink): string {
  return formatAddress(firstFree(parseSubnet(network), [guest, gateway].map(parseAddress)));
}

/** The value of QEMU's `-drive`. Always raw, never probed: a guest may write any header. */
export function driveOption(path: string, id: string): string {
  // A comma in a value is doubled: qemu(1).
  return `file=${/* promise: disk-commas-are-doubled */ path.replaceAll(",", ",,")},if=none,id=${id},format=raw`;
}
