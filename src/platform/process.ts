import { exec } from '@actions/exec'
import { Problem } from './problem.js'

export interface RunOptions {
  readonly cwd?: string
  /** The whole environment of the process; default: ours. */
  readonly env?: Readonly<Record<string, string>>
  /** Written to its standard input, which is empty otherwise. */
  readonly input?: string
  /** Called with each whole line of its output and error stream as it comes. */
  readonly onLine?: (line: string) => void
}

export interface Outcome {
  readonly argv: readonly string[]
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** The one way to run a program to its end. */
export interface Processes {
  /**
   * Runs `argv` and collects what it prints. Never through a shell.
   *
   * @throws Problem when the program does not exist. A non-zero exit is an outcome, not an error: see {@link succeed}.
   */
  run(argv: readonly [string, ...string[]], options?: RunOptions): Promise<Outcome>
}

export const processes: Processes = { run }

/** What is kept of a stream: the end is what a failure needs, and a build may print without end. */
const keptCharacters = 4 * 1024 * 1024

async function run(argv: readonly [string, ...string[]], options: RunOptions = {}): Promise<Outcome> {
  const [program, ...args] = argv
  const stdout = new Tail()
  const stderr = new Tail()
  try {
    const exitCode = await exec(`"${program}"`, args, {
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: { ...(options.env ?? environment()) },
      input: Buffer.from(options.input ?? ''),
      ignoreReturnCode: true,
      silent: true,
      listeners: {
        stdout: (data) => stdout.add(data),
        stderr: (data) => stderr.add(data),
        ...(options.onLine === undefined ? {} : { stdline: options.onLine, errline: options.onLine }),
      },
    })
    return { argv, exitCode, stdout: stdout.text(), stderr: stderr.text() }
  } catch (error) {
    if (error instanceof Error && /Unable to locate executable/.test(error.message)) {
      throw new Problem(`${program} is not installed or not on PATH`, {}, { cause: error })
    }
    throw error
  }
}

/** Our own environment, without the entries that are unset. */
export function environment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
}

class Tail {
  private chunks: Buffer[] = []
  private length = 0

  add(chunk: Buffer): void {
    this.chunks.push(chunk)
    this.length += chunk.length
    while (this.length - (this.chunks[0]?.length ?? 0) > keptCharacters) this.length -= this.chunks.shift()?.length ?? 0
  }

  text(): string {
    return Buffer.concat(this.chunks).toString('utf8')
  }
}

/**
 * The outcome, when it is a success.
 *
 * @param doing what the command was for, as `what` of the problem: "installing solo5 failed".
 * @throws Problem with the command, its status and the last lines that it printed.
 */
export function succeed(outcome: Outcome, doing: string): Outcome {
  if (outcome.exitCode === 0) return outcome
  throw new Problem(`${doing} failed: ${outcome.argv[0] ?? ''} ended with status ${outcome.exitCode}`, {
    evidence: lastLines(`${outcome.stdout}\n${outcome.stderr}`, 30),
    again: outcome.argv.map(quote).join(' '),
  })
}

/** The last `count` lines that are not blank. */
export function lastLines(text: string, count: number): string[] {
  return text
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .slice(-count)
}

/** A word as a POSIX shell takes it, for commands that a person may copy. */
export function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
