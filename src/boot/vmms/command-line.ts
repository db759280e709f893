/**
 * A guest's arguments as the one string that VMMs hand over. The guests split it again: Solo5's mirage-bootvar and
 * Unikraft's argument parser both keep together what stands in double quotes.
 */
export function commandLine(args: readonly string[]): string {
  return args.map((word) => (/^[^\s"\\]+$/.test(word) ? word : `"${word.replace(/["\\]/g, "\\$&")}"`)).join(" ");
}
