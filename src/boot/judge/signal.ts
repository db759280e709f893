import { constants } from "node:os";

/** The signal of a number, as kill(1) lists them; undefined for a number that is none's. */
export function signalOf(number: number): NodeJS.Signals | undefined {
  const signals = Object.entries(constants.signals) as [NodeJS.Signals, number][];
  return signals.find(([, own]) => own === number)?.[0];
}
