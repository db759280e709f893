import { setTimeout as sleep } from "node:timers/promises";
import { type AttachedDevice, type NetworkDevice, hasAccepted } from "../devices/devices.js";
import type { Interrogation } from "../guest-events.js";
import type { Qmp } from "../qmp.js";
import { type AskOptions, ask as askGuest } from "./ask.js";
import { type Probe, type ProbeAddress, type ProbeAnswer, isSamePort, portOf } from "./probe.js";

const answerMs = 5_000;
/** For a connection to be accepted: the first ones meet a guest whose network is not up yet. */
const acceptMs = { first: 250, longest: 1_000 };
/** From one question to the next, including the time of the answer. */
const periodMs = { first: 50, longest: 1_000 };

/** How a guest with these devices is probed; undefined without probes. */
export function interrogate(probes: readonly Probe[], devices: readonly AttachedDevice[]): Interrogation | undefined {
  if (probes.length === 0) return undefined;
  const link = devices.find((device) => device.type === "net")?.link;
  return (onAnswer, control, signal) => {
    // Without the control channel, every open connection would count as accepted: hasAccepted().
    if (link?.kind === "user" && control === undefined)
      throw new Error("user networking needs a VMM with a control channel");
    startProbing(probes, (probe) => addressOf(probe, link), onAnswer, signal, {
      isEstablished: link?.kind === "user" && control ? (address) => isEstablished(control, address) : undefined,
    });
  };
}

/**
 * Where a probe goes: to the guest itself behind a tap, to a forwarded port of loopback behind user networking, to
 * loopback itself for a host process.
 *
 * @param link of the first network device; undefined for a guest without one.
 */
export function addressOf(probe: Probe, link: NetworkDevice["link"] | undefined): ProbeAddress {
  if (link === undefined) return { host: "127.0.0.1" };
  const port = portOf(probe);
  if (link.kind === "tap" || port === undefined) return { host: link.guest };
  const forward = link.forwards.find((one) => isSamePort(one, port));
  if (forward === undefined)
    throw new Error(`no port leads to ${port.protocol} ${port.guestPort}: planDevices() forwards each`);
  return { host: "127.0.0.1", port: forward.hostPort };
}

async function isEstablished(control: Qmp, { port = 0 }: ProbeAddress): Promise<boolean> {
  const info = await control.execute("human-monitor-command", { "command-line": "info usernet" }).catch(() => "");
  return hasAccepted(String(info), port);
}

export interface ProbingOptions {
  /** Behind QEMU's user networking: {@link AskOptions.isEstablished} for an address. */
  readonly isEstablished?: ((address: ProbeAddress) => Promise<boolean>) | undefined;
  /** Never rejects. */
  readonly ask?: typeof askGuest;
}

/** Asks at growing intervals until the answers hold, or until `signal` is aborted: no socket or timer remains then. */
export function startProbing(
  probes: readonly Probe[],
  addressOf: (probe: Probe) => ProbeAddress,
  onAnswer: (index: number, answer: ProbeAnswer) => void,
  signal: AbortSignal,
  options: ProbingOptions = {},
): void {
  probes.forEach((probe, index) => {
    void askUntilItHolds(probe, addressOf(probe), (answer) => onAnswer(index, answer), signal, options);
  });
}

async function askUntilItHolds(
  probe: Probe,
  address: ProbeAddress,
  tell: (answer: ProbeAnswer) => void,
  signal: AbortSignal,
  { isEstablished, ask = askGuest }: ProbingOptions,
): Promise<void> {
  const limits: Omit<AskOptions, "acceptMs"> = {
    timeoutMs: answerMs,
    signal,
    isEstablished: isEstablished && (() => isEstablished(address)),
  };
  const isStopped = () => signal.aborted;
  for (let attempt = 0; !isStopped(); attempt++) {
    const start = performance.now();
    const answer = await ask(probe, address, { ...limits, acceptMs: grown(acceptMs, attempt) });
    if (isStopped()) return;
    tell(answer);
    if (answer.holds) return;
    await sleep(start + grown(periodMs, attempt) - performance.now(), undefined, { signal }).catch(() => undefined);
  }
}

function grown({ first, longest }: { readonly first: number; readonly longest: number }, times: number): number {
  return Math.min(longest, first * 2 ** times);
}
