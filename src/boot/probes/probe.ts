import type { GuestPort } from "../devices/devices.js";

/** A question to a running guest over the network: one line of the input `probe`. */
export type Probe = TcpProbe | HttpProbe | DnsProbe | PingProbe;

interface Named {
  /** The line as written, which names the probe in logs and verdicts. */
  readonly text: string;
}

/** `tcp://:8080`: a connection is accepted. */
export interface TcpProbe extends Named {
  readonly kind: "tcp";
  readonly port: number;
}

/** `http://:8080/path status=200 body=/regex/`, `https://:443/ insecure`. */
export interface HttpProbe extends Named {
  readonly kind: "http";
  readonly secure: boolean;
  readonly insecure: boolean;
  readonly port: number;
  /** With its query, beginning with a slash. */
  readonly path: string;
  /** Undefined: 200 to 399. */
  readonly status: number | undefined;
  readonly body: RegExp | undefined;
}

/** `udp-dns://:53 name=example.org type=A`: an answer without an error, with at least one record of the type. */
export interface DnsProbe extends Named {
  readonly kind: "dns";
  readonly port: number;
  readonly name: string;
  readonly type: DnsType;
}

/** https://www.iana.org/assignments/dns-parameters */
export const dnsTypes = ["A", "AAAA", "CAA", "CNAME", "DNSKEY", "DS", "MX", "NS", "PTR", "SOA", "SRV", "TXT"] as const;
export type DnsType = (typeof dnsTypes)[number];

/** `ping`: an ICMP echo reply. */
export interface PingProbe extends Named {
  readonly kind: "ping";
}

export interface ProbeAddress {
  readonly host: string;
  /** Absent: the probe's own port. */
  readonly port?: number;
}

export interface ProbeAnswer {
  readonly holds: boolean;
  /** A phrase for a person: `status 200, 13 bytes`, `connection refused`. */
  readonly said: string;
}

/** The guest's port that a probe asks; undefined for a ping. */
export function portOf(probe: Probe): GuestPort | undefined {
  return probe.kind === "ping" ? undefined : { protocol: probe.kind === "dns" ? "udp" : "tcp", guestPort: probe.port };
}

export function isSamePort(one: GuestPort, other: GuestPort): boolean {
  return one.protocol === other.protocol && one.guestPort === other.guestPort;
}

/** The ports to forward to a guest that cannot be reached directly, each once. */
export function portsOf(probes: readonly Probe[]): readonly GuestPort[] {
  const ports = probes.flatMap((probe) => portOf(probe) ?? []);
  return ports.filter((port, index) => ports.findIndex((other) => isSamePort(other, port)) === index);
}

/** Whether a probe must reach the guest itself: QEMU's user networking forwards ports and no ICMP. */
export function needsTap(probe: Probe): boolean {
  return probe.kind === "ping";
}
