import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import type { Context } from "../../platform/host.js";
/** A device that is ready for a VMM; removed after the boot. */
export type AttachedDevice = NetworkDevice | BlockDevice;

export interface NetworkDevice {
  readonly type: "net";
  readonly name: string;
  /** `52:54:00:…` */
  readonly mac: string;
  readonly link: TapLink | UserLink;
}

/** A network interface of the host, made for this boot: the host reaches the guest, which answers. */
export interface TapLink {
  readonly kind: "tap";
  /** Name of the host's interface, at most 15 characters (IFNAMSIZ). */
  readonly interface: string;
  /** The host's address with its prefix: `10.0.0.1/24`. */
  readonly host: string;
  readonly guest: string;
  /** The guest may reach the host, and whatever the host forwards. */
  readonly outside?: boolean;
}

/** QEMU's user networking: needs no privileges; only forwarded ports reach the guest. */
export interface UserLink {
  readonly kind: "user";
  /** With its prefix: `10.0.2.0/24`. */
  readonly network: string;
  readonly guest: string;
  readonly gateway: string;
  /** The guest may reach the host's network and beyond. */
  readonly outside: boolean;
  readonly forwards: readonly Forward[];
}

export interface GuestPort {
  readonly protocol: "tcp" | "udp";
  readonly guestPort: number;
}

export interface Forward extends GuestPort {
  readonly hostPort: number;
}

export interface BlockDevice {
  readonly type: "block";
  readonly name: string;
  /** Absolute path of a file that the guest may write; its length is a multiple of 512 bytes. */
  readonly path: string;
}

/**
 * States of a connection before the guest's answer, as libslirp names them (`slirp_connection_info` in
 * https://gitlab.freedesktop.org/slirp/libslirp/-/blob/master/src/misc.c). All others follow the handshake.
 */
const beforeHandshake = ["HOST_FORWARD", "NONE", "CLOSED", "LISTEN", "SYN_SENT", "SYN_RCVD"];

/**
 * `  TCP[ESTABLISHED]  12       127.0.0.1 18080       10.0.2.15    80     0     0`: the source is the forwarded port.
 * A connection that the guest opened has the guest's own port there, perhaps the same number.
 */
const connection = /^\s*TCP\[(?<state>\w+)\]\s+\d+\s+127\.0\.0\.1\s+(?<hostPort>\d+)\s/;

/**
 * Whether the guest itself has accepted a connection through a forwarded port. QEMU's user networking accepts every
 * connection before it asks the guest, and keeps it open while the guest is silent.
 *
 * @param info the output of QEMU's monitor command `info usernet`.
 * @param hostPort the forwarded port of the host's loopback interface.
 */
export function hasAccepted(info: string, hostPort: number): boolean {
  return info.split("\n").some((line) => {
    const { state = "", hostPort: port } = connection.exec(line)?.groups ?? {};
    return Number(port) === hostPort && !beforeHandshake.includes(state);
  });
}

/** The folder for the files of an image's boots: always the same, so that the newest files are found. */
export function bootFolder({ host }: Context, imagePath: string): string {
  const folder = createHash("sha256").update(imagePath).digest("hex").slice(0, 16);
  return join(host.folders.state, "consoles", folder);
}

/** @param repetition of a repeated boot: no name of a scenario has a `+`. */
export function consolePath(context: Context, imagePath: string, scenario?: string, repetition?: number): string {
  const own = [basename(imagePath), ...(scenario === undefined ? [] : [scenario])].join("-");
  const name = repetition === undefined ? own : `${own}+${repetition}`;
  return join(bootFolder(context, imagePath), `console-${name}.log`);
}
