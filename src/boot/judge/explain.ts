import { firmware } from "./dialect.js";
import { announcedEnding, stopSignals } from "./ending.js";
import { type GuestEvent, signalOf } from "./events.js";
import { judgeInTime, Judge } from "./judge.js";
import { Lines } from "./lines.js";
import { PrefixReader, newLog } from "./log-prefix.js";
import type { Rules } from "./rules.js";
import { isOwnSystem } from "./systems.js";
import type { Verdict } from "./verdict.js";
import { fallback, gluedVmmWords, krafts, vmmWords } from "./vmm-words.js";

/** How the boot of a console on disk ended. `stopped`: the guest was still running when it was stopped. */
export type TranscriptEnd =
  { readonly kind: "exit"; readonly status: number } | { readonly kind: "stopped"; readonly byTimeout?: true };

/** Exit status of coreutils' `timeout` when it had to stop the VMM. */
const statusOfTimeout = 124;

/**
 * Separates a kept console from a last line that records its end: `[exit=139]`, `[exit=124 wall_ms=4008]`, as in the
 * consoles of our tests.
 */
export function splitTranscript(bytes: Uint8Array): { readonly console: Uint8Array; readonly end?: TranscriptEnd } {
  const found = /(?:^|\n)(\[exit=(\d{1,3})[^\]\n]*\]\s*)$/.exec(Buffer.from(bytes).toString("latin1"));
  if (found === null) return { console: bytes };
  const status = Number(found[2]);
  const console = bytes.subarray(0, bytes.length - (found[1]?.length ?? 0));
  return { console, end: endWith(status) };
}

/** @param status of the VMM as a shell reports it, or of the `timeout` around it. */
export function endWith(status: number): TranscriptEnd {
  return status === statusOfTimeout ? { kind: "stopped", byTimeout: true } : { kind: "exit", status };
}

const endLineBytes = 4096;

/** @param endOf decides how a console ended, given the end that its last line records. */
export async function explainStream(
  chunks: AsyncIterable<Uint8Array>,
  endOf: (told: TranscriptEnd | undefined) => TranscriptEnd,
  rules: Rules,
): Promise<Verdict> {
  const judged = new KeptConsole(rules);
  let rest = Buffer.alloc(0);
  for await (const chunk of chunks) {
    rest = Buffer.concat([rest, chunk]);
    const known = Math.max(0, rest.length - endLineBytes);
    judged.add(rest.subarray(0, known));
    rest = rest.subarray(known);
  }
  const { console, end } = splitTranscript(rest);
  judged.add(console);
  return judged.verdict(endOf(end));
}

export function explainConsole(console: Uint8Array, end: TranscriptEnd, rules: Rules): Verdict {
  const judged = new KeptConsole(rules);
  judged.add(console);
  return judged.verdict(end);
}

/**
 * May include the VMM's own lines, and several boots. It has no times: all lines count as read at once, then time
 * passes.
 */
class KeptConsole {
  private judge: Judge;
  private readonly lines = new Lines();
  private isKnown = false;
  private boots = 1;
  /** The failure that the console shows of the boot before this one. */
  private failure: string | undefined;
  /** The last beginning in this boot, and whether other lines followed it. */
  private begun: "log" | "firmware" | "banner" | undefined;
  private isBeginning = false;
  /** A host process has neither a banner nor a VMM whose lines could show a prefix. */
  private readonly prefixes: PrefixReader | undefined;

  constructor(given: Rules) {
    const rules = { ...given, isKept: true } as const;
    this.judge = new Judge(rules);
    if (rules.vmm !== "process") this.prefixes = new PrefixReader();
  }

  add(bytes: Uint8Array): void {
    const lines = this.lines.add(bytes);
    this.read(this.prefixes?.add(lines) ?? lines);
  }

  /** @param end has the VMM's exit status as a shell reports it: above 128 for a signal. */
  verdict(end: TranscriptEnd): Verdict {
    const rest = this.lines.unfinished === "" ? [] : [this.lines.unfinished];
    this.read(this.prefixes === undefined ? rest : [...this.prefixes.add(rest), ...this.prefixes.end()]);
    const status = end.kind === "exit" ? end.status : this.ownStatus(end);
    let verdict = status === undefined ? undefined : this.judge.see(exitEvent(status, this.judge.rules));
    while (verdict === undefined) verdict = this.judge.see({ kind: "clock", atMs: this.judge.deadlineMs });
    const wasStopped = end.kind === "stopped" && end.byTimeout === true && verdict.rule === "settle";
    const stop = wasStopped ? "; then stopped from outside (status 124)" : "";
    const before = this.failure === undefined ? "" : `; the one before: ${this.failure}`;
    const boots = this.boots === 1 ? "" : ` (the last of ${this.boots} boots in this log${before})`;
    return { ...verdict, summary: verdict.summary + stop + boots };
  }

  /** A guest that announced `exit 124` was not stopped by `timeout`. */
  private ownStatus({ byTimeout }: TranscriptEnd & { readonly kind: "stopped" }): number | undefined {
    const { announcement } = this.judge.findings.transcript;
    const status = announcement?.kind === "exit" ? announcement.status : undefined;
    return byTimeout === true && status === statusOfTimeout ? status : undefined;
  }

  private read(texts: readonly string[]): void {
    let shown = 0;
    texts.forEach((text, index) => {
      if (this.prefixes === undefined) return;
      const line = text.replace(firmware.prefix, "");
      if (!this.isKnown) this.isKnown = isOwnSystem(line, this.judge.rules);
      if (fallback.test(line)) {
        // Nothing of the guest can have come before.
        this.judge = new Judge({ ...this.judge.rules, accelerator: "tcg" });
        shown = index + 1;
      }
      const beginning = this.beginningIn(text, line);
      const isAnew = beginning !== undefined && !this.isBeginning && isBefore(beginning, this.begun);
      this.begun = beginning ?? this.begun;
      this.isBeginning = beginning !== undefined;
      if (!isAnew) return;
      this.show(texts.slice(shown, index));
      shown = index;
      this.beginAnew(beginning === "log");
    });
    this.show(texts.slice(shown));
  }

  private beginningIn(text: string, line: string): KeptConsole["begun"] {
    if (text === newLog) return "log";
    if (firmware.first.test(text)) return "firmware";
    return this.judge.rules.words.banner.first.test(line) ? "banner" : undefined;
  }

  /**
   * Another log, or the VMM was run again, after a good end or its own complaint. Otherwise the guest restarted its
   * machine, and the boots after that change nothing.
   */
  private beginAnew(isNewLog: boolean): void {
    const { rules, findings, slowMs } = this.judge;
    const { death, announcement } = findings.transcript;
    const ending = announcedEnding(announcement);
    const endedWell = ending.kind === "exit" && ending.status === (rules.expectExit ?? 0);
    if (isNewLog || endedWell || findings.complaint !== undefined || rules.exitReport === "status") {
      const words = ending.kind === "exit" ? `exited with status ${ending.status}` : findings.complaint?.line;
      this.failure = endedWell ? undefined : (death?.summary ?? ("summary" in ending ? ending.summary : words));
      this.judge = new Judge(rules);
      this.judge.slowMs = slowMs;
      this.boots++;
      return;
    }
    if (announcement === undefined) this.judge.see({ kind: "machine", state: "reset", atMs: 0 });
    this.judge.see({ kind: "exit", code: 0, signal: null, atMs: 0 });
  }

  private show(texts: readonly string[]): void {
    const isAlone = this.prefixes === undefined;
    judgeInTime(
      this.judge,
      texts.flatMap((text) => (isAlone ? [{ kind: "console", text, atMs: 0 } as const] : eventsOf(text))),
    );
  }
}

/** A transcript mixes the streams: the VMM's line may follow an unfinished one of the firmware or the guest. */
function eventsOf(line: string): GuestEvent[] {
  if (line === newLog) return [];
  const text = line.replace(firmware.prefix, "").replace(krafts, "");
  if (vmmWords.test(text)) return [{ kind: "monitor", text, atMs: 0 }];
  const vmmAt = gluedVmmWords.exec(text)?.index;
  if (vmmAt === undefined) return [{ kind: "console", text: line, atMs: 0 }];
  return [
    { kind: "console", text: text.slice(0, vmmAt), atMs: 0 },
    { kind: "monitor", text: text.slice(vmmAt), atMs: 0 },
  ];
}

const order = ["log", "firmware", "banner"] as const;

/** Whether a boot that has come to one of its beginnings cannot come to another any more. */
function isBefore(beginning: (typeof order)[number], begun: KeptConsole["begun"]): boolean {
  return begun !== undefined && order.indexOf(beginning) <= order.indexOf(begun);
}

function exitEvent(status: number, rules: Rules): GuestEvent {
  const killer = signalOf(status - 128);
  // Firecracker exits with 148 and more for reasons of its own.
  const isKnown = killer !== undefined && (status < 148 || stopSignals.includes(killer));
  const signal = rules.exitReport === "status" || isKnown ? killer : undefined;
  return { kind: "exit", code: signal === undefined ? status : null, signal: signal ?? null, atMs: 0 };
}
