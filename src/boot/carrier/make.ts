import { existsSync } from 'node:fs'
import { mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { ToolchainCache } from '../../platform/actions-cache.js'
import { replaceFolder } from '../../platform/atomic.js'
import { withBootFolder } from '../../platform/boot-folder.js'
import { type DebArchive, openDebArchive } from '../../platform/deb-archive.js'
import type { Context } from '../../platform/host.js'
import { withLock } from '../../platform/lock.js'
import { seconds, size } from '../../platform/log.js'
import { Problem } from '../../platform/problem.js'
import { readHostSystem } from '../../platform/system.js'
import type { Architecture } from '../../target/architecture.js'
import { type CpioEntry, cpioArchive } from './cpio.js'
import { applets, initScript } from './init.js'
import { dependenciesOf, loadOrder, moduleName, purposes, wantedModules } from './modules.js'
import { appletsIn, busyboxPackage, extraModules, kernelPackage, kernelParts } from './packages.js'
import { type CarrierFiles, carrierPlace } from './place.js'
import { type UnpackOptions, readKernel, readUnpacked } from './unpack.js'

export interface CarrierOptions extends UnpackOptions {
  /** Where a carrier may be kept beside the tool cache. */
  readonly cache?: ToolchainCache
}

/**
 * The carrier for an architecture: found in the tool cache or the other cache, or made of the distribution's own
 * packages. What is in its place is complete.
 *
 * @throws Problem when the packages are not to be had.
 */
export async function ensureCarrier(
  context: Context,
  architecture: Architecture,
  options: CarrierOptions,
): Promise<CarrierFiles> {
  const { host, log } = context
  const system = await readHostSystem()
  const place = carrierPlace(host.folders.toolCache, system, architecture)
  const isThere = () => existsSync(place.folder) && !existsSync(incompleteMark(place))
  if (isThere()) return place
  const meta = kernelPackage(system, architecture)
  const onWait = (holder: string) => log.line(`  waiting for ${holder}, which is making the same Linux guest`)
  return withLock(`${place.folder}.lock`, onWait, async () => {
    if (isThere()) return place
    const start = performance.now()
    const restored = await restore(place, options.cache)
    if (!restored) {
      await withBootFolder(context, (work) =>
        replaceFolder(place.folder, (draft) => make(context, architecture, meta, { work, draft, place, options })),
      )
    }
    const total = (await stat(place.kernel)).size + (await stat(place.initramfs)).size
    const how = restored ? 'restored' : `made of ${meta}`
    const took = seconds(performance.now() - start)
    log.fact('Linux guest', `${how} for ${architecture} in ${took}, ${size(total)} (${place.folder})`)
    if (!restored) await options.cache?.save(place.key, [place.folder])
    return place
  })
}

/** A cache unpacks file by file: what it leaves when it is cut off halfway must not be used. */
const incompleteMark = ({ folder }: CarrierFiles) => `${folder}.incomplete`

async function restore(place: CarrierFiles, cache: ToolchainCache | undefined): Promise<boolean> {
  if (cache === undefined) return false
  await writeFile(incompleteMark(place), '')
  const hit = await cache.restore(place.key, [place.folder])
  const isWhole = hit && existsSync(place.kernel) && existsSync(place.initramfs)
  if (!isWhole) await rm(place.folder, { recursive: true, force: true })
  await rm(incompleteMark(place))
  return isWhole
}

interface Site {
  /** For what is needed meanwhile. */
  readonly work: string
  /** What becomes the carrier's folder. */
  readonly draft: string
  readonly place: CarrierFiles
  readonly options: CarrierOptions
}

async function make(context: Context, architecture: Architecture, meta: string, site: Site): Promise<void> {
  const { work, draft, place, options } = site
  const apt = join(work, 'apt')
  const root = join(work, 'root')
  await mkdir(apt)
  const archive = await openDebArchive(context, architecture, apt)
  const parts = await allKernelParts(archive, meta)
  if (parts.length === 0) await archive.unpack([meta], root)
  await archive.unpack([...parts, busyboxPackage], root)

  const modules = await modulesIn(context, architecture, root, options, () => archive.unpack(extraModules(parts), root))
  const busybox = await readFile(findIn(root, ['bin/busybox', 'usr/bin/busybox']))
  const tools = appletsIn(busybox)
  const lacking = applets.filter((name) => !tools.includes(name))
  if (lacking.length > 0) throw new Problem(`the distribution's ${busyboxPackage} has no ${lacking.join(', ')}`)
  const boot = join(root, 'boot')
  const kernel = (await readdir(boot)).find((name) => name.startsWith('vmlinuz-'))
  if (kernel === undefined) throw new Problem(`${parts.join(' ')} has no kernel in /boot`)
  await writeFile(join(draft, basename(place.kernel)), await readKernel(context, join(boot, kernel), options))
  const entries: CpioEntry[] = [
    ...['bin', 'dev', 'proc', 'sys', 'modules'].map((path): CpioEntry => ({ kind: 'folder', path })),
    { kind: 'file', path: 'init', content: Buffer.from(initScript), executable: true },
    { kind: 'file', path: 'bin/busybox', content: busybox, executable: true },
    ...applets.map((name): CpioEntry => ({ kind: 'link', path: `bin/${name}`, target: 'busybox' })),
    ...modules,
  ]
  await writeFile(join(draft, basename(place.initramfs)), cpioArchive(entries))
}

/** The packages of the kernel that a meta package stands for: its image, and its modules where they are in another. */
async function allKernelParts(archive: DebArchive, meta: string): Promise<string[]> {
  const found = kernelParts(await archive.dependencies(meta))
  for (const name of found) {
    found.push(...kernelParts(await archive.dependencies(name)).filter((other) => !found.includes(other)))
  }
  return found
}

/** The modules that a boot may want, with all that they depend on, and for each purpose the list in load order. */
async function modulesIn(
  context: Context,
  architecture: Architecture,
  root: string,
  options: UnpackOptions,
  unpackMore: () => Promise<void>,
): Promise<CpioEntry[]> {
  const wanted = wantedModules[architecture]
  const all = Object.values(wanted).flat()
  let kernel = await kernelModules(root)
  const isMissing = (name: string) => !kernel.files.has(name) && !kernel.builtIn.has(name)
  if (all.some(isMissing)) {
    await unpackMore()
    kernel = await kernelModules(root)
  }
  const missing = all.filter(isMissing)
  if (missing.length > 0) throw new Problem(`the distribution's kernel for ${architecture} has no ${missing.join(', ')}`)

  const contents = new Map<string, Buffer>()
  const dependencies = new Map<string, readonly string[]>()
  const read = async (name: string) => {
    const file = kernel.files.get(name)
    if (file === undefined || contents.has(name)) return
    const content = await readUnpacked(context, file, options)
    contents.set(name, content)
    dependencies.set(name, dependenciesOf(content))
    for (const other of dependencies.get(name) ?? []) await read(other)
  }
  for (const name of all) await read(name)
  return [
    ...[...contents].map(([name, content]): CpioEntry => ({ kind: 'file', path: `modules/${name}.ko`, content })),
    ...purposes.map((purpose): CpioEntry => {
      const order = loadOrder(wanted[purpose], dependencies)
      return { kind: 'file', path: `modules/${purpose}`, content: Buffer.from(order.map((name) => `${name}\n`).join('')) }
    }),
  ]
}

/** A kernel's modules by name: the file of each, and those that are part of the kernel itself. */
async function kernelModules(root: string): Promise<{ readonly files: Map<string, string>; readonly builtIn: Set<string> }> {
  const versions = findIn(root, ['lib/modules', 'usr/lib/modules'])
  const [version = ''] = await readdir(versions)
  const folder = join(versions, version)
  const names = await readdir(folder, { recursive: true })
  const files = names.filter((name) => /\.ko(\.\w+)?$/.test(name))
  const builtIn = (await readFile(join(folder, 'modules.builtin'), 'utf8')).split('\n')
  return {
    files: new Map(files.map((name) => [moduleName(name), join(folder, name)])),
    builtIn: new Set(builtIn.map(moduleName)),
  }
}

function findIn(root: string, paths: readonly string[]): string {
  const found = paths.map((path) => join(root, path)).find((path) => existsSync(path))
  if (found === undefined) throw new Problem(`the distribution's packages have no ${paths.join(' or ')}`)
  return found
}
