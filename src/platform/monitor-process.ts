import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import type { Duplex, Readable } from 'node:stream'

/** A running monitor, our direct child. */
export interface MonitorProcess {
  readonly console: Readable
  readonly errors: Readable
  /** File descriptor 3, when it was asked for. */
  readonly control: Duplex | undefined
  /** Settles when it has ended and everything that it wrote was read. Rejects when it could not be started. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
  /** Ends it at once; nothing in it is worth saving. */
  kill(): void
}

/** Makes the kernel end the monitor when we die, however we die: prctl(2), PR_SET_PDEATHSIG. */
const dieWithUs = ['setpriv', '--pdeathsig', 'KILL', '--'] as const
const setpriv = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path))

/**
 * Starts a monitor, with nothing on its standard input.
 *
 * @param control open a socket pair on its file descriptor 3.
 */
export function startMonitor(
  argv: readonly [string, ...string[]],
  environment: Readonly<Record<string, string | undefined>>,
  control: boolean,
): MonitorProcess {
  const [program, ...args] = setpriv === undefined ? argv : ([...dieWithUs, ...argv] as const)
  const child: ChildProcess = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe', ...(control ? ['pipe' as const] : [])],
    env: environment,
  })
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal }))
  })
  const endWithUs = () => child.kill('SIGKILL')
  process.once('exit', endWithUs)
  void ended.catch(() => undefined).finally(() => process.removeListener('exit', endWithUs))
  return {
    console: child.stdio[1] as Readable,
    errors: child.stdio[2] as Readable,
    control: child.stdio[3] as Duplex | undefined,
    ended,
    kill: () => void child.kill('SIGKILL'),
  }
}
