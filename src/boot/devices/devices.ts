/** A device as it is given to a VMM; prepared, and gone again after the boot. */
export type AttachedDevice = NetworkDevice | BlockDevice;

export interface NetworkDevice {
  readonly type: "net";
  /** The manifest's name of it, or the user's. */
  readonly name: string;
  /** `52:54:00:…` */
  readonly mac: string;
  readonly link: TapLink | UserLink;
}

/** A network interface of the host, made for this boot: the guest and the host reach each other. */
export interface TapLink {
  readonly kind: "tap";
  /** Name of the host's interface, at most 15 characters (IFNAMSIZ). */
  readonly interface: string;
  /** The host's address on it with the length of its prefix: `10.0.0.1/24`. */
  readonly host: string;
  /** The address that the guest is told to take, or is known to have: `10.0.0.2`. */
  readonly guest: string;
}

/** QEMU's user networking: needs no rights; only forwarded ports reach the guest. */
export interface UserLink {
  readonly kind: "user";
  /** The network with the length of its prefix: `10.0.2.0/24`. */
  readonly network: string;
  readonly guest: string;
  readonly gateway: string;
  /** The guest may reach the host's network and what lies behind it. */
  readonly outside: boolean;
  readonly forwards: readonly Forward[];
}

export interface GuestPort {
  readonly protocol: "tcp" | "udp";
  readonly guestPort: number;
}

/** A port of the host's loopback interface that leads to one of the guest. */
export interface Forward extends GuestPort {
  readonly hostPort: number;
}

export interface BlockDevice {
  readonly type: "block";
  readonly name: string;
  /** Absolute path of a file that the guest may write to; its length is a multiple of 512 bytes. */
  readonly path: string;
}

/**
 * States of a connection in which the guest has not answered yet, as libslirp names them (`slirp_connection_info` in
 * https://gitlab.freedesktop.org/slirp/libslirp/-/blob/master/src/misc.c). Every other one comes after its handshake.
 */
const beforeHandshake = ["HOST_FORWARD", "NONE", "CLOSED", "LISTEN", "SYN_SENT", "SYN_RCVD"];

/**
 * `  TCP[ESTABLISHED]  12       127.0.0.1 18080       10.0.2.15    80     0     0`: the source is the forwarded port. For a
 * connection that the guest opened it is the guest's own, perhaps with the same number.
 */
const connection = /^\s*TCP\[(?<state>\w+)\]\s+\d+\s+127\.0\.0\.1\s+(?<hostPort>\d+)\s/;

/**
 * Whether the guest has accepted a connection through a forwarded port: any that is open or about to close.
 *
 * QEMU's user networking accepts every connection itself, before it asks the guest, and keeps it open for as long as
 * the guest says nothing: an open connection alone says nothing of the guest.
 *
 * @param info what QEMU's monitor command `info usernet` prints.
 * @param hostPort the port of the host's loopback interface that is forwarded.
 */
export function hasAccepted(info: string, hostPort: number): boolean {
  return info.split("\n").some((line) => {
    const { state = "", hostPort: port } = connection.exec(line)?.groups ?? {};
    return Number(port) === hostPort && !beforeHandshake.includes(state);
  });
}
