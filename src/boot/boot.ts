import { createHash } from 'node:crypto'
import { mkdir, rm, symlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { checkImage } from '../image/check.js'
import type { Image } from '../image/image.js'
import { ensureSystemPackages } from '../platform/apt.js'
import { ConsoleFile } from '../platform/console-file.js'
import { environmentForOthers } from '../platform/guarded-environment.js'
import type { Context } from '../platform/host.js'
import { kvmAccess, openKvm } from '../platform/kvm.js'
import { startMonitor } from '../platform/monitor-process.js'
import { Problem } from '../platform/problem.js'
import { quote } from '../platform/process.js'
import { findProgram } from '../platform/programs.js'
import type { Architecture } from '../target/architecture.js'
import type { Target } from '../target/target.js'
import { type AttemptResult, judgeGuest } from './attempt.js'
import type { Rules } from './judge.js'
import { type AttemptPlan, type BootPlan, type KvmAccess, type PlanRequest, planBoot } from './plan.js'
import type { Attempt, BootReport } from './report.js'
import { type Expectations, type Guest, checkExpectations, rulesFor } from './rules.js'
import type { Verdict } from './verdict.js'

export interface BootRequest extends Expectations {
  /** Absolute path. */
  readonly imagePath: string
  readonly image: Image
  readonly target: Target
  readonly architecture: Architecture
  readonly boot: 'auto' | 'required' | 'skip'
  readonly accelerator: PlanRequest['accelerator']
  readonly args: readonly string[]
  /** MiB */
  readonly memory: number
  readonly installSystemPackages: boolean
  /** Where monitors are looked for: PATH, with the toolchain's folders in front. */
  readonly searchPath: string
}

/**
 * Boots an image and judges it: by the best accelerator first, and by the next one when that one, and not the image,
 * failed. No monitor is left running.
 *
 * @throws Problem when the boot cannot be tried as asked: wrong inputs, the image of another target, no monitor.
 */
export async function bootImage(context: Context, request: BootRequest): Promise<BootReport> {
  const guest = { target: request.target, isMarked: request.image.system.kind !== 'unmarked' }
  checkExpectations(request, guest)
  checkImage(request.image, request.target.name, request.architecture)
  const { imagePath, image } = request
  if (request.boot === 'skip') {
    const verdict: Verdict = { verdict: 'skipped', reason: 'not-asked', summary: '`boot: skip`', atMs: 0 }
    return { imagePath, image, verdict, attempts: [], consoleEnd: [] }
  }
  const consoleLog = consolePath(context, imagePath)
  if (request.target.monitor !== 'qemu' || !/\s/.test(imagePath)) return bootAs(context, request, guest, imagePath, consoleLog)
  const link = await linkWithoutBlanks(imagePath, dirname(consoleLog))
  try {
    return await bootAs(context, request, guest, link, consoleLog)
  } finally {
    await rm(link, { force: true })
  }
}

/** @param bootPath the image as the monitor is told of it. */
async function bootAs(
  context: Context,
  request: BootRequest,
  guest: Guest,
  bootPath: string,
  consoleLog: string,
): Promise<BootReport> {
  const { imagePath, image } = request
  const plan = await planHere(context, { ...request, imagePath: bootPath })
  const attempts: Attempt[] = []
  let last: AttemptResult | undefined
  for (const attempt of plan.attempts) {
    context.log.fact('machine', describeAttempt(attempt))
    const { monitor, accelerator } = attempt
    const mayFallBack = attempt !== plan.attempts.at(-1)
    const rules = rulesFor(request, guest, { monitor, accelerator, mayFallBack })
    last = await runAttempt(context, request, attempt, rules, consoleLog)
    attempts.push({ accelerator: attempt.accelerator, argv: attempt.argv, verdict: last.verdict })
    if (last.verdict.reason !== 'accelerator') break
    context.log.fact('', `${last.verdict.summary}${quoted(last.verdict)}`)
  }
  const verdict =
    last === undefined || last.verdict.reason === 'accelerator'
      ? { ...last?.verdict, verdict: 'skipped' as const, atMs: last?.verdict.atMs ?? 0, ...plan.otherwise }
      : last.verdict
  return {
    imagePath,
    image,
    verdict: asAsked(verdict, request),
    attempts,
    ...(last === undefined ? {} : { consoleLog }),
    consoleEnd: last === undefined ? [] : [...last.consoleEnd, ...last.monitorSaid],
  }
}

/** A skip is a failure to who asked for exactly this. */
export function asAsked(verdict: Verdict, asked: Pick<BootRequest, 'boot' | 'accelerator'>): Verdict {
  if (verdict.verdict !== 'skipped') return verdict
  const isFailure = asked.boot === 'required' || (asked.accelerator === 'kvm' && verdict.reason === 'accelerator')
  return isFailure ? { ...verdict, verdict: 'failed' } : verdict
}

/**
 * Plans a boot with its monitors in place. KVM is looked at after they are: installing QEMU triggers udev, which sets
 * the permission of /dev/kvm anew.
 *
 * @throws Problem when a monitor is missing.
 */
export async function planHere(context: Context, request: BootRequest, look = kvmAccess): Promise<BootPlan> {
  const question = { ...request, memoryMiB: request.memory, ownsArgv0: request.image.system.kind === 'unikraft' }
  const planWith = (kvm: KvmAccess) => planBoot(question, { architecture: context.host.architecture, kvm })
  const ensureAll = async ({ attempts }: BootPlan) => {
    for (const attempt of attempts) await ensureMonitor(context, attempt, request)
  }
  await ensureAll(planWith(look()))
  const wantsKvm = planWith('open').attempts.some(({ accelerator }) => accelerator === 'kvm')
  const plan = planWith(wantsKvm ? await openKvm(context, look) : look())
  await ensureAll(plan)
  return plan
}

async function runAttempt(
  context: Context,
  request: BootRequest,
  attempt: AttemptPlan,
  rules: Rules,
  consoleLog: string,
): Promise<AttemptResult> {
  const file = await ConsoleFile.create(consoleLog)
  try {
    const environment = { ...environmentForOthers(context.host.environment), PATH: request.searchPath }
    return await judgeGuest(startMonitor(attempt.argv, environment, attempt.qmp), rules, file)
  } finally {
    await file.close()
  }
}

/** The console's file: the same for each boot of an image, so that the newest one is found. */
function consolePath(context: Context, imagePath: string): string {
  const folder = createHash('sha256').update(imagePath).digest('hex').slice(0, 16)
  return join(context.host.folders.state, 'consoles', folder, `console-${basename(imagePath)}.log`)
}

/**
 * QEMU for x86 puts the image's path in front of the guest's arguments, and the guest splits it at its blanks.
 *
 * @returns a path without blanks, in `folder`, that leads to the image.
 */
async function linkWithoutBlanks(imagePath: string, folder: string): Promise<string> {
  if (/\s/.test(folder)) {
    throw new Problem('the image’s path has blanks, and so has the folder for a link to it', {
      found: [imagePath, folder],
      because: 'QEMU puts the path in front of the unikernel’s arguments, which are split at blanks',
      do: 'move the image to a path without blanks',
    })
  }
  const link = join(folder, basename(imagePath).replace(/\s/g, '-'))
  await mkdir(folder, { recursive: true })
  await rm(link, { force: true })
  await symlink(imagePath, link)
  return link
}

async function ensureMonitor(context: Context, attempt: AttemptPlan, request: BootRequest): Promise<void> {
  const [program] = attempt.argv
  const isThere = () => findProgram(program, request.searchPath) !== undefined
  if (isThere()) return
  if (attempt.monitor === 'process') {
    throw new Problem(`${basename(program)} is not executable`, {
      because: 'a file loses that permission in an artifact or a download',
      do: `chmod +x ${quote(program)}`,
    })
  }
  if (attempt.debianPackage !== undefined && request.installSystemPackages) {
    await ensureSystemPackages(context, [attempt.debianPackage], { install: true })
    if (isThere()) return
  }
  throw new Problem(`${program} is not installed, and ${request.target.name} images are booted by it`, {
    do: attempt.debianPackage === undefined ? `install ${attempt.installedBy}` : attempt.installedBy,
  })
}

function describeAttempt({ argv, accelerator }: AttemptPlan): string {
  const how = { kvm: 'with KVM', tcg: 'by emulation (TCG)', native: 'as a process' }
  return `${argv[0]} ${how[accelerator]}`
}

function quoted({ evidence }: Verdict): string {
  return evidence === undefined ? '' : `: ${evidence.line}`
}
