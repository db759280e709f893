import type { GuestPort } from "../devices/devices.js";

/** Something that is asked of a running guest over the network: an input line of `probe`. */
export type Probe = TcpProbe | HttpProbe | DnsProbe | PingProbe;

interface Named {
  /** The line as it was written, which names the probe in logs and verdicts. */
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
  /** Accept any certificate. */
  readonly insecure: boolean;
  readonly port: number;
  /** Path with its query, beginning with a slash. */
  readonly path: string;
  /** The status that the answer must have; undefined: 200 to 399. */
  readonly status: number | undefined;
  /** What the body must match; undefined: anything. */
  readonly body: RegExp | undefined;
}

/** `udp-dns://:53 name=example.org type=A`: an answer without an error, with at least one record of the type. */
export interface DnsProbe extends Named {
  readonly kind: "dns";
  readonly port: number;
  readonly name: string;
  readonly type: DnsType;
}

/** Types of records that can be asked for: https://www.iana.org/assignments/dns-parameters */
export const dnsTypes = ["A", "AAAA", "CAA", "CNAME", "DNSKEY", "DS", "MX", "NS", "PTR", "SOA", "SRV", "TXT"] as const;
export type DnsType = (typeof dnsTypes)[number];

/** `ping`: an ICMP echo reply. */
export interface PingProbe extends Named {
  readonly kind: "ping";
}

/** Where a probe's question goes: the guest itself, or the forwarded port on loopback. */
export interface ProbeAddress {
  readonly host: string;
  /** Where a forwarded port leads from; absent: the probe's own port. */
  readonly port?: number;
}

/** What came of asking once. */
export interface ProbeAnswer {
  readonly holds: boolean;
  /** A phrase for a person: `status 200, 13 bytes`, `status 500, wanted 200: Internal Server Error`, `connection refused`. */
  readonly said: string;
}

/** The port of the guest that a probe asks; undefined for one that asks no port. */
export function portOf(probe: Probe): GuestPort | undefined {
  return probe.kind === "ping" ? undefined : { protocol: probe.kind === "dns" ? "udp" : "tcp", guestPort: probe.port };
}

export function isSamePort(one: GuestPort, other: GuestPort): boolean {
  return one.protocol === other.protocol && one.guestPort === other.guestPort;
}

/** The ports that must be forwarded where the guest itself cannot be reached; each of them once. */
export function portsOf(probes: readonly Probe[]): readonly GuestPort[] {
  const ports = probes.flatMap((probe) => portOf(probe) ?? []);
  return ports.filter((port, index) => ports.findIndex((other) => isSamePort(other, port)) === index);
}

/** Whether a probe must reach the guest itself: QEMU's user networking forwards ports and no ICMP. */
export function needsTap(probe: Probe): boolean {
  return probe.kind === "ping";
}
