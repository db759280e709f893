import { afterEach, beforeEach, expect, test, vi, describe } from "vitest";
import type { AskOptions } from "../../../../src/boot/probes/ask.js";
import { parseProbe } from "../../../../src/boot/probes/probe-text.js";
import type { Probe, ProbeAddress, ProbeAnswer } from "../../../../src/boot/probes/probe.js";
import { startProbing, interrogate, addressOf as addressOfDevice } from "../../../../src/boot/probes/probing.js";
import type { AttachedDevice, NetworkDevice } from "../../../../src/boot/devices/devices.js";
vi.mock("node:timers/promises", () => import("../../../timers-promises.js"));

let stop: AbortController;
beforeEach(() => {
  stop = new AbortController();
  vi.useFakeTimers();
});
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const holds: ProbeAnswer = { holds: true, said: "connection accepted" };
const refused: ProbeAnswer = { holds: false, said: "connection refused" };
const probes = [parseProbe("tcp://:80"), parseProbe("http://:81/")];
const addressOf = (probe: Probe): ProbeAddress => ({ host: "10.0.0.2", port: probe.kind === "ping" ? 0 : probe.port });

/** A guest whose answers are given one after the other, at once; the last one stays. */
function scripted(...answers: ProbeAnswer[]) {
  const asked: { readonly atMs: number; readonly address: ProbeAddress; readonly options: AskOptions }[] = [];
  const start = Date.now();
  const ask = (_probe: Probe, address: ProbeAddress, options: AskOptions) => {
    asked.push({ atMs: Date.now() - start, address, options });
    return Promise.resolve(answers[Math.min(asked.length, answers.length) - 1] ?? refused);
  };
  return { ask, asked };
}

test("a probe is sent at once, then at growing intervals of at most a second, until its answer holds", async () => {
  const { ask, asked } = scripted(...Array<ProbeAnswer>(8).fill(refused), holds);
  const seen: ProbeAnswer[] = [];
  startProbing(probes.slice(0, 1), addressOf, (_index, answer) => seen.push(answer), stop.signal, { ask });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked.map(({ atMs }) => atMs)).toEqual([0, 50, 150, 350, 750, 1550, 2550, 3550, 4550]);
  expect(asked.map(({ options }) => options.acceptMs)).toEqual([250, 500, 1000, 1000, 1000, 1000, 1000, 1000, 1000]);
  expect(new Set(asked.map(({ options }) => options.timeoutMs))).toEqual(new Set([5000]));
  expect(seen).toEqual([...Array<ProbeAnswer>(8).fill(refused), holds]);
});

test("the time that an answer takes counts as a pause", async () => {
  const { ask, asked } = scripted(refused);
  const slowly = async (...question: Parameters<typeof ask>) => {
    const answer = await ask(...question);
    await new Promise((resolve) => setTimeout(resolve, 300));
    return answer;
  };
  startProbing(probes.slice(0, 1), addressOf, () => undefined, stop.signal, { ask: slowly });
  await vi.advanceTimersByTimeAsync(2_500);
  stop.abort();
  await vi.advanceTimersByTimeAsync(300);
  // The shortest time that a timer takes is 1 ms.
  expect(asked.map(({ atMs }) => atMs)).toEqual([0, 301, 602, 903, 1303, 2103]);
});

test("probes run side by side, each at its own address, with answers of their own", async () => {
  const seen: unknown[] = [];
  const ask = (probe: Probe) =>
    probe.kind === "tcp" ? new Promise<ProbeAnswer>(() => undefined) : Promise.resolve(holds);
  const asked = vi.fn(ask);
  startProbing(probes, addressOf, (index, answer) => seen.push([index, answer]), stop.signal, { ask: asked });
  await vi.advanceTimersByTimeAsync(0);
  expect(seen).toEqual([[1, holds]]);
  expect(asked.mock.calls.map((call) => (call as unknown[])[1])).toEqual([
    { host: "10.0.0.2", port: 80 },
    { host: "10.0.0.2", port: 81 },
  ]);
});

test("an abort ends the current question, whose answer is dropped", async () => {
  const seen: unknown[] = [];
  const ask = (_probe: Probe, _address: ProbeAddress, { signal }: AskOptions) =>
    new Promise<ProbeAnswer>((resolve) => signal.addEventListener("abort", () => resolve(holds)));
  startProbing(probes, addressOf, (index) => seen.push(index), stop.signal, { ask });
  await vi.advanceTimersByTimeAsync(10);
  stop.abort();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(seen).toEqual([]);
});

test("an abort ends a pause, and no question follows", async () => {
  const { ask, asked } = scripted(refused);
  startProbing(probes, addressOf, () => undefined, stop.signal, { ask });
  await vi.advanceTimersByTimeAsync(10);
  stop.abort();
  expect(vi.getTimerCount()).toBe(0);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(asked.length).toBe(2);
});

test("an abort from within an answer counts", async () => {
  const { ask, asked } = scripted(refused);
  startProbing(probes.slice(0, 1), addressOf, () => stop.abort(), stop.signal, { ask });
  await vi.advanceTimersByTimeAsync(10_000);
  expect(asked.length).toBe(1);
});

test("the network is asked about the probe’s own address", async () => {
  const { ask, asked } = scripted(holds);
  const isEstablished = vi.fn(() => Promise.resolve(true));
  startProbing(probes, addressOf, () => undefined, stop.signal, { ask, isEstablished });
  await vi.advanceTimersByTimeAsync(0);
  await asked[1]?.options.isEstablished?.();
  expect(isEstablished).toHaveBeenCalledExactlyOnceWith({ host: "10.0.0.2", port: 81 });
});

describe("interrogate", () => {
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

  test("behind a tap a probe goes to the guest itself, on the probe’s own port", () => {
    for (const probe of [tcp, dns, ping]) expect(addressOfDevice(probe, tap)).toEqual({ host: "10.0.0.2" });
  });

  test("behind user networking a probe goes to the forwarded port of its protocol", () => {
    expect(addressOfDevice(tcp, user)).toEqual({ host: "127.0.0.1", port: 40001 });
    expect(addressOfDevice(dns, user)).toEqual({ host: "127.0.0.1", port: 40002 });
  });

  test("a probe of a host process goes to loopback", () => {
    expect(addressOfDevice(tcp, undefined)).toEqual({ host: "127.0.0.1" });
  });

  test("without probes nothing is asked", () => {
    expect(interrogate([], [])).toBeUndefined();
  });

  test("user networking without a control channel is never trusted", () => {
    expect(() => interrogate([tcp], [device(user)])?.(() => undefined, undefined, AbortSignal.abort())).toThrow(
      /control channel/,
    );
  });

  test("probes go to the first network device, in the way that its network needs", () => {
    const asked = interrogate(
      [tcp],
      [{ type: "block", name: "disk", path: "/d" }, device({ ...tap, guest: "127.0.0.1" }), device(user)],
    );
    expect(() => asked?.(() => undefined, undefined, AbortSignal.abort())).not.toThrow();
  });
});
