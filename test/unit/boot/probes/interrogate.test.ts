import { expect, test } from "vitest";
import type { AttachedDevice, NetworkDevice } from "../../../../src/boot/devices/devices.js";
import { addressOf, interrogate } from "../../../../src/boot/probes/interrogate.js";
import type { Probe } from "../../../../src/boot/probes/probe.js";

const tap: NetworkDevice["link"] = { kind: "tap", interface: "uci0", host: "10.0.0.1/24", guest: "10.0.0.2" };
const user: NetworkDevice["link"] = {
  kind: "user",
  network: "10.0.2.0/24",
  guest: "10.0.2.15",
  gateway: "10.0.2.2",
  outside: false,
  forwards: [
    { protocol: "tcp", hostPort: 40001, guestPort: 53 },
    { protocol: "udp", hostPort: 40002, guestPort: 53 },
  ],
};
const device = (link: NetworkDevice["link"]): AttachedDevice => ({
  type: "net",
  name: "service",
  mac: "52:54:00:00:00:01",
  link,
});
const tcp: Probe = { kind: "tcp", text: "tcp://:53", port: 53 };
const dns: Probe = { kind: "dns", text: "udp-dns://:53 name=a", port: 53, name: "a", type: "A" };
const ping: Probe = { kind: "ping", text: "ping" };

test("behind a tap the guest itself is asked, on the probe’s own port", () => {
  for (const probe of [tcp, dns, ping]) expect(addressOf(probe, tap)).toEqual({ host: "10.0.0.2" });
});

test("behind user networking the port is asked that is forwarded for the protocol", () => {
  expect(addressOf(tcp, user)).toEqual({ host: "127.0.0.1", port: 40001 });
  expect(addressOf(dns, user)).toEqual({ host: "127.0.0.1", port: 40002 });
});

test("a process is asked on loopback", () => {
  expect(addressOf(tcp, undefined)).toEqual({ host: "127.0.0.1" });
});

test("nothing is asked where no probe is", () => {
  expect(interrogate([], [])).toBeUndefined();
});

test("user networking without a control channel is never trusted", () => {
  expect(() => interrogate([tcp], [device(user)])?.(() => undefined, undefined, AbortSignal.abort())).toThrow(
    /control channel/,
  );
});

test("the first network device is asked, and what the network behind it needs", () => {
  const asked = interrogate(
    [tcp],
    [{ type: "block", name: "disk", path: "/d" }, device({ ...tap, guest: "127.0.0.1" }), device(user)],
  );
  expect(() => asked?.(() => undefined, undefined, AbortSignal.abort())).not.toThrow();
});
