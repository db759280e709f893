/** Ends the name of a test that is skipped for want of something on this machine; test/closing-line.ts shows it. */
export const skipNote = (why: string | undefined): string => (why === undefined ? "" : ` (skipped: ${why})`);

/** The reasons in the names of tests, each with how many tests it skips. */
export function skipReasons(names: readonly string[]): ReadonlyMap<string, number> {
  const reasons = names.flatMap((name) => / \(skipped: (.+?)\)(?: |$)/.exec(name)?.[1] ?? []);
  return new Map(reasons.map((reason) => [reason, reasons.filter((one) => one === reason).length]));
}
