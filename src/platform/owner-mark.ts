import { createHash } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hasCode } from './error-code.js'

/**
 * Which process a thing belongs to that outlives it (a network interface, a folder). Process ids are used again, so the
 * process's start is part of it; and they mean another process elsewhere (in a container), so the place is.
 */
export interface OwnerMark {
  readonly pid: number
  /** In clock ticks since the machine's start: proc_pid_stat(5), field 22. */
  readonly start: number
  /** Names the machine's start and the pid namespace: 8 hexadecimal digits. */
  readonly place: string
}

/** The mark of this process. */
export function ownMark(): OwnerMark {
  return { pid: process.pid, start: startOf(process.pid) ?? 0, place: ownPlace() }
}

/** A mark as a word, for the name of a thing or its environment. */
export function markText({ pid, start, place }: OwnerMark): string {
  return `${pid}-${start}-${place}`
}

/** @returns undefined for a word that is no mark. */
export function parseMark(text: string): OwnerMark | undefined {
  const match = /^(\d+)-(\d+)-([\da-f]{8})$/.exec(text)
  return match === null ? undefined : { pid: Number(match[1]), start: Number(match[2]), place: match[3] ?? '' }
}

/** `alive` also where it cannot be told, `elsewhere` where its process would not be seen from here. */
export function ownerState({ pid, start, place }: OwnerMark): 'alive' | 'gone' | 'elsewhere' {
  if (place !== ownPlace()) return 'elsewhere'
  const found = startOf(pid)
  if (found === undefined) return isHidden(pid) ? 'alive' : 'gone'
  return found === start ? 'alive' : 'gone'
}

function ownPlace(): string {
  const parts = [readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(), readlinkSync('/proc/self/ns/pid')]
  return createHash('sha256').update(parts.join(' ')).digest('hex').slice(0, 8)
}

/** Undefined for a process that is not there, or has ended and was not waited for yet. */
function startOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name is in parentheses and may hold anything; the state is what follows it.
    const [state = '', ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return ['Z', 'X'].includes(state) ? undefined : Number(fields[18])
  } catch {
    return undefined
  }
}

/** Where /proc hides the processes of others (hidepid), only a signal tells. */
function isHidden(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    return hasCode(error, 'EPERM')
  }
}
