/** A closed list, documented in docs/verdicts.md. */
export const reasons = [
  "ready",
  "exited",
  "exit-status",
  "exception",
  "abort",
  "trap",
  "forbidden",
  "unexpected-exit",
  "timeout",
  "no-output",
  "reboot-loop",
  "flaky",
  "accelerator",
  "monitor",
  "unsupported",
  "not-asked",
] as const;
export type Reason = (typeof reasons)[number];

/** What can decide: a closed list, documented in docs/verdicts.md. */
export const ruleNames = [
  "forbid",
  "last-words",
  "end-line",
  "crash-line",
  "exit-status",
  "signal",
  "monitor-end",
  "monitor-line",
  "monitor-failure",
  "machine-event",
  "settle",
  "timeout",
  "silence",
] as const;
export type RuleName = (typeof ruleNames)[number];

export const verdicts = ["passed", "failed", "skipped"] as const;

export interface Evidence {
  /** A line of the console or of the VMM, as it was read. */
  readonly line: string;
  readonly atMs: number;
}

/** Times are milliseconds after the guest's start. */
export interface Verdict {
  readonly verdict: (typeof verdicts)[number];
  readonly reason: Reason;
  readonly rule?: RuleName;
  /** A phrase for a person: `uncaught exception`, ``seen `listening on port 80` ``. */
  readonly summary: string;
  readonly evidence?: Evidence | undefined;
  /** Of the guest; absent when it did not exit or its status is unknown. */
  readonly exitStatus?: number | undefined;
  /** When the first output of its own came, or an end without output; absent on failure. */
  readonly bootMs?: number | undefined;
  /** When all expectations held; absent without `expect` and `probe`. */
  readonly readyMs?: number | undefined;
  readonly atMs: number;
  readonly remedy?: string | undefined;
}
