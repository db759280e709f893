import { mkdir, readFile, symlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { checkImage } from '../image/check.js'
import type { Image } from '../image/image.js'
import { addressArgumentsOf } from '../image/mirage-arguments.js'
import { ConsoleFile } from '../platform/console-file.js'
import type { Context } from '../platform/host.js'
import { seconds } from '../platform/log.js'
import { Problem } from '../platform/problem.js'
import type { Architecture } from '../target/architecture.js'
import type { Target } from '../target/target.js'
import type { AttemptPlan } from './attempt-plan.js'
import { addressArguments, toldAddress } from './addresses.js'
import { type Attached, withDevices } from './attach.js'
import { type AttemptResult, judgeGuest } from './attempt.js'
import { consolePath } from './boot-folder.js'
import type { DeviceQuestion } from './device-plan.js'
import type { AskedDisk, AskedNetwork } from './device-text.js'
import { interrogate } from './interrogate.js'
import { planBoot } from './plan.js'
import type { MachineFacts, PlanRequest } from './plan-request.js'
import type { Refusal } from './refusal.js'
import { type Preparation, describeAttempt, ensureMonitor, lookAtMachine, placesFor, startAttempt } from './prepare.js'
import { needsTap, portsOf } from './probe.js'
import type { Attempt, BootReport } from './report.js'
import { type Expectations, type Guest, checkExpectations, rulesFor } from './rules.js'
import { asSelfTest } from './self-test.js'
import type { Verdict } from './verdict.js'

export interface BootRequest extends Expectations, Preparation {
  /** Name of the scenario; absent when the image is booted once. */
  readonly scenario?: string
  /** Absolute path. */
  readonly imagePath: string
  readonly image: Image
  readonly target: Target
  readonly architecture: Architecture
  readonly boot: 'auto' | 'required' | 'skip'
  readonly accelerator: PlanRequest['accelerator']
  readonly check: 'boot' | 'help'
  readonly args: readonly string[]
  readonly net: AskedNetwork
  readonly block: readonly AskedDisk[]
  /** MiB */
  readonly memory: number
}

/**
 * What can be told of a boot before anything is made for it: the request as it will be booted.
 *
 * @throws Problem for one that cannot be tried as asked.
 */
export function checkedRequest(asked: BootRequest): { readonly request: BootRequest; readonly guest: Guest } {
  const guest = { target: asked.target, isMarked: asked.image.system.kind !== 'unmarked' }
  checkImage(asked.image, asked.target.name, asked.architecture)
  const request = asked.check === 'help' ? asSelfTest(asked, guest) : asked
  checkExpectations(request, guest)
  return { request, guest }
}

/**
 * Boots an image and judges it: by the best accelerator first, and by the next one when that one, and not the image,
 * failed. Nothing is left of it but its console.
 *
 * @param startMs milliseconds since the step began, for the report.
 * @throws Problem when the boot cannot be tried as asked: wrong inputs, the image of another target, no monitor.
 */
export async function bootImage(context: Context, asked: BootRequest, startMs = 0): Promise<BootReport> {
  const { request, guest } = checkedRequest(asked)
  const { imagePath, image, scenario } = request
  const about = { imagePath, image, ...(scenario === undefined ? {} : { scenario }) }
  const unstarted = (verdict: Verdict): BootReport => ({ ...about, verdict: asAsked(verdict, request), attempts: [], consoleEnd: [] })
  if (request.boot === 'skip') {
    return unstarted({ verdict: 'skipped', reason: 'not-asked', summary: '`boot: skip`', atMs: 0 })
  }
  const begun = performance.now()
  const undressed = await planRequest(context, request, { folder: '', devices: [] })
  const machine = await lookAtMachine(context, request, undressed)
  const { attempts, otherwise } = planBoot(undressed, machine)
  if (attempts.length === 0) return unstarted({ verdict: 'skipped', atMs: 0, ...otherwise })
  const outcome = await withDevices(context, await deviceQuestion(request), (attached) =>
    tryAttempts(context, request, guest, machine, attached),
  )
  const span = { startMs, ms: Math.round(performance.now() - begun) }
  return { ...about, ...outcome, verdict: asAsked(outcome.verdict, request), span }
}

type Outcome = Pick<BootReport, 'verdict' | 'attempts' | 'probes' | 'consoleLog' | 'consoleEnd'>

async function tryAttempts(
  context: Context,
  request: BootRequest,
  guest: Guest,
  machine: MachineFacts,
  attached: Attached,
): Promise<Outcome> {
  const { folder, devices } = attached
  const address = addressArguments(devices, request.args, await addressArgumentNames(request))
  if (address.story !== undefined) context.log.fact('address', address.story)
  const args = [...address.words, ...request.args]
  const bootPath = await pathWithoutBlanks(request, folder)
  const question = await planRequest(context, { ...request, args, imagePath: bootPath }, attached)
  const plan = planBoot(question, machine)
  const consoleLog = consolePath(context, request.imagePath, request.scenario)
  const attempts: Attempt[] = []
  let last: AttemptResult | undefined
  let { otherwise } = plan
  for (const attempt of plan.attempts) {
    let searchPath: string
    try {
      searchPath = await ensureMonitor(context, attempt, request)
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      const isLast = attempt === plan.attempts.at(-1)
      if (!isLast && request.accelerator === 'auto') {
        context.log.fact('', `${describeAttempt(attempt)} is not to be had: ${error.message}`)
        continue
      }
      // What failed before is the reason; that there is no way around it here is not the unikernel's fault.
      if (last === undefined) throw error
      otherwise = withoutWayAround(otherwise, error)
      break
    }
    context.log.fact('machine', describeAttempt(attempt))
    const mayFallBack = attempt !== plan.attempts.at(-1)
    last = await runAttempt(context, request, guest, attempt, { question, searchPath, mayFallBack, consoleLog })
    const { monitor, accelerator, argv, inside } = attempt
    attempts.push({ monitor, accelerator, argv, inCarrier: inside !== undefined, verdict: last.verdict })
    if (last.verdict.reason !== 'accelerator') break
    context.log.fact('', `${last.verdict.summary}${quoted(last.verdict)}`)
  }
  const verdict =
    last === undefined || last.verdict.reason === 'accelerator'
      ? { ...last?.verdict, verdict: 'skipped' as const, atMs: last?.verdict.atMs ?? 0, ...otherwise }
      : last.verdict
  if (last === undefined) return { verdict, attempts, consoleEnd: [] }
  const { consoleEnd, monitorSaid, probes } = last
  return { verdict, attempts, consoleLog, consoleEnd: [...consoleEnd, ...monitorSaid], ...(probes.length === 0 ? {} : { probes }) }
}

interface Run {
  readonly question: PlanRequest
  readonly searchPath: string
  readonly mayFallBack: boolean
  readonly consoleLog: string
}

async function runAttempt(
  context: Context,
  request: BootRequest,
  guest: Guest,
  attempt: AttemptPlan,
  { question, searchPath, mayFallBack, consoleLog }: Run,
): Promise<AttemptResult> {
  const { monitor, accelerator, inside } = attempt
  const rules = rulesFor(request, guest, { monitor, accelerator, mayFallBack, inCarrier: inside !== undefined })
  if (rules.timeoutMs !== request.timeout * 1000) {
    context.log.fact('timeout', `${seconds(rules.timeoutMs)} instead of ${seconds(request.timeout * 1000)}, settle ${seconds(rules.settleMs)}, as it is emulated`)
  }
  const file = await ConsoleFile.create(consoleLog)
  try {
    const process = await startAttempt(context, attempt, { request: question, searchPath })
    return await judgeGuest(process, rules, file, interrogate(request.probe, question.devices))
  } finally {
    await file.close()
  }
}

async function planRequest(
  context: Context,
  request: BootRequest,
  { folder, devices }: Pick<Attached, 'folder' | 'devices'>,
): Promise<PlanRequest> {
  const { imagePath, image, memory, args, architecture, target, accelerator } = request
  const ownsArgv0 = image.system.kind === 'unikraft'
  const places = await placesFor(context, folder)
  return { imagePath, memoryMiB: memory, args, ownsArgv0, devices, architecture, target, accelerator, places }
}

async function deviceQuestion(request: BootRequest): Promise<DeviceQuestion> {
  const { image, net, block, probe, args } = request
  return {
    manifest: image.system.kind === 'solo5' ? image.system.devices : undefined,
    net,
    block,
    ports: portsOf(probe).map(({ protocol, port }) => ({ protocol, guestPort: port })),
    isProbed: probe.length > 0,
    isProcess: request.target.monitor === 'process',
    needsTap: probe.some(needsTap),
    isAddressable: (await addressArgumentNames(request)).includes('ipv4'),
    told: toldAddress(args),
  }
}

async function addressArgumentNames({ imagePath, image }: BootRequest) {
  return image.system.kind === 'process' ? [] : addressArgumentsOf(await readFile(imagePath))
}

/** A skip is a failure to who asked for exactly this. */
function asAsked(verdict: Verdict, asked: Pick<BootRequest, 'boot' | 'accelerator'>): Verdict {
  if (verdict.verdict !== 'skipped') return verdict
  const isFailure = asked.boot === 'required' || (asked.accelerator === 'kvm' && verdict.reason === 'accelerator')
  return isFailure ? { ...verdict, verdict: 'failed' } : verdict
}

function withoutWayAround(refusal: Refusal, { message, facts }: Problem): Refusal {
  const remedy = [facts.do ?? []].flat().join('; ')
  return { ...refusal, summary: `${refusal.summary}; emulation could not be had: ${message}`, remedy: remedy === '' ? refusal.remedy : remedy }
}

/**
 * QEMU for x86 puts the image's path in front of the guest's arguments, and the guest splits it at its blanks.
 *
 * @returns the image's path, or that of a link to it in `folder` where the path has blanks and QEMU is told of it.
 */
async function pathWithoutBlanks({ imagePath, target }: BootRequest, folder: string): Promise<string> {
  const splits = target.monitor === 'qemu' || target.monitor === 'firecracker'
  if (!splits || !/\s/.test(imagePath)) return imagePath
  if (/\s/.test(folder)) {
    throw new Problem('the image’s path has blanks, and so has the folder for a link to it', {
      found: [imagePath, folder],
      because: 'QEMU puts the path in front of the unikernel’s arguments, which are split at blanks',
      do: 'move the image to a path without blanks',
    })
  }
  const link = join(folder, 'image', basename(imagePath).replace(/\s/g, '-'))
  await mkdir(join(folder, 'image'))
  await symlink(imagePath, link)
  return link
}

function quoted({ evidence }: Verdict): string {
  return evidence === undefined ? '' : `: ${evidence.line}`
}
