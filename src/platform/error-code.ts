/** Whether an error is one of these of the system: errno(3), or a code of Node's own. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}

/** Whether an error says that there is no such file. */
export const isMissing = (error: unknown): boolean => hasCode(error, "ENOENT");

/** Whether an error says that a disk has no space left. Writing to an open file fails so without naming it. */
export const isDiskFull = (error: unknown): boolean => hasCode(error, "ENOSPC", "EDQUOT");

/** Whether an error says that we may not do this there. */
export const isNotAllowed = (error: unknown): boolean => hasCode(error, "EROFS", "EACCES", "EPERM");
