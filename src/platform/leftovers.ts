import { readFileSync, readdirSync } from 'node:fs'

/**
 * Ends every process that was started with `variable=value` in its environment: what a build that was cancelled has
 * left running. Processes of other users cannot be read and are left alone. Synchronous, for use while we are ending.
 */
export function endProcessesWith(variable: string, value: string): void {
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry) || Number(entry) === process.pid) continue
    try {
      const environment = readFileSync(`/proc/${entry}/environ`, 'utf8').split('\0')
      if (environment.includes(`${variable}=${value}`)) process.kill(Number(entry), 'SIGKILL')
    } catch {
      // It has ended meanwhile, or is not ours.
    }
  }
}

/** Runs `body`; when the process is told to end meanwhile (a cancelled job, Ctrl-C), runs `cleanUp` first. */
export async function cleaningUp<T>(cleanUp: () => void, body: () => Promise<T>): Promise<T> {
  const end = (signal: 'SIGINT' | 'SIGTERM') => {
    cleanUp()
    process.exit(signal === 'SIGINT' ? 130 : 143)
  }
  process.once('SIGINT', end).once('SIGTERM', end)
  try {
    return await body()
  } finally {
    process.off('SIGINT', end).off('SIGTERM', end)
  }
}
