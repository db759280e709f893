import { setTimeout as sleep } from "node:timers/promises";
import { type AskOptions, ask as askGuest } from "./ask.js";
import type { Probe, ProbeAddress, ProbeAnswer } from "./probe.js";

/** How long one question may take. */
const answerMs = 5_000;
/** How long a connection may wait to be accepted: the first ones come to a guest whose network is not up yet. */
const acceptMs = { first: 250, longest: 1_000 };
/** From one question to the next, the time of its answer included. */
const periodMs = { first: 50, longest: 1_000 };

export interface ProbingOptions {
  /** Where QEMU's user networking lies between: {@link AskOptions.isEstablished} for an address. */
  readonly isEstablished?: ((address: ProbeAddress) => Promise<boolean>) | undefined;
  /** Default: over the network. Never rejects. */
  readonly ask?: typeof askGuest;
}

/**
 * Asks each probe's question at once and then again and again, ever less often, until its answer holds.
 *
 * @param onAnswer gets every answer; none once `signal` is aborted: that ends it at once, and no socket and no timer stays.
 */
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
