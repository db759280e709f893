/**
 * What a committed lock file of a mirage project decides: auto: versions and packages, where it fits. require: the same,
 * and it must be there and fit. ignore: nothing.
 */
export const lockChoices = ['auto', 'require', 'ignore'] as const
export type LockChoice = (typeof lockChoices)[number]
