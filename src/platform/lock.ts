import { hasCode } from './error-code.js'
import { randomBytes } from 'node:crypto'
import { readFileSync, rmSync } from 'node:fs'
import { link, mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { cleaningUp } from './leftovers.js'

const heartbeatMs = 5_000
/** A holder on another machine (a shared tool cache) that has not touched its lock for this long is dead. */
const silentMs = 60_000
const pollMs = 500

/**
 * Runs `body` while no other process, here or on a machine that shares the folder, holds the lock `path`.
 * A lock whose holder is dead is taken over; a holder that is told to end gives it back.
 *
 * @param onWait called once when somebody else holds it.
 */
export async function withLock<T>(path: string, onWait: (holder: string) => void, body: () => Promise<T>): Promise<T> {
  await mkdir(dirname(path), { recursive: true })
  const own = `${process.pid} ${hostname()} ${randomBytes(8).toString('hex')}`
  let isWaiting = false
  while (!(await take(path, own))) {
    const holder = await readFile(path, 'utf8').catch(() => undefined)
    if (holder === undefined) continue
    if (await isDead(path, holder)) {
      await remove(path, holder)
      continue
    }
    if (!isWaiting) onWait(`process ${holder.split(' ').slice(0, 2).join(' on ')}`)
    isWaiting = true
    await sleep(pollMs)
  }
  const heartbeat = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => undefined), heartbeatMs)
  heartbeat.unref()
  try {
    return await cleaningUp(() => removeOwn(path, own), body)
  } finally {
    clearInterval(heartbeat)
    await remove(path, own)
  }
}

async function take(path: string, own: string): Promise<boolean> {
  const draft = `${path}.${own.split(' ')[2] ?? ''}`
  try {
    await writeFile(draft, own)
    // Unlike an exclusive open, a link shows the file with its content at once.
    await link(draft, path)
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    throw error
  } finally {
    await rm(draft, { force: true })
  }
}

async function isDead(path: string, holder: string): Promise<boolean> {
  const [pid, host] = holder.split(' ')
  if (host === hostname()) return !isAlive(Number(pid))
  const touched = await stat(path).then(({ mtimeMs }) => mtimeMs, () => Date.now())
  return Date.now() - touched > silentMs
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return hasCode(error, 'EPERM')
  }
}

/** Synchronous, for use while we are ending. */
function removeOwn(path: string, own: string): void {
  try {
    if (readFileSync(path, 'utf8') === own) rmSync(path)
  } catch {
    // It is not there any more.
  }
}

/** Removes the lock of `holder`, and puts it back when it has become somebody else's meanwhile. */
async function remove(path: string, holder: string): Promise<void> {
  const aside = `${path}.${randomBytes(8).toString('hex')}`
  try {
    await rename(path, aside)
    if ((await readFile(aside, 'utf8')) !== holder) await link(aside, path)
  } catch {
    // Somebody else has removed it, or taken it: either way it is not there any more.
  }
  await rm(aside, { force: true })
}
