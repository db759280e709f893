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
