// npm run bench:setup -- [--whole FOLDER] [OPTIONS OF unikernel-ci setup …]
//
// What a warm set-up costs, beside what its bytes cost: medians of 5 on this machine, in one run, all from one HTTP server
// on loopback. The options name the toolchain, which is made first where it is not there yet. `--whole` names an opam root
// with all that a build left in it (a toolchain made with `--slim false`): what a cache of the whole folder would carry.
import { execFile, execFileSync } from 'node:child_process'
import { createReadStream, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const runs = 5
const cli = fileURLToPath(new URL('../../dist/cli/index.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'unikernel-ci-bench-'))
const [first, whole] = process.argv.slice(2)
const options = process.argv.slice(first === '--whole' ? 4 : 2)
const wholeRoot = first === '--whole' ? whole : undefined

const server = createServer((request, response) => {
  const file = join(folder, 'mirror', basename(request.url ?? ''))
  if (!existsSync(file)) return void response.writeHead(404).end()
  response.writeHead(200, { 'content-length': statSync(file).size })
  createReadStream(file).pipe(response)
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const mirror = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

const run = promisify(execFile)
const setup = async (environment: NodeJS.ProcessEnv, ...more: string[]): Promise<Record<string, string>> => {
  const { stdout } = await run(process.execPath, [cli, '--json', 'setup', ...options, ...more], { env: { ...process.env, ...environment }, maxBuffer: 1e8 })
  return JSON.parse(stdout) as Record<string, string>
}
const shell = (script: string) => run('bash', ['-e', '-o', 'pipefail', '-c', script], { maxBuffer: 1e8 })

/** Milliseconds of the middle one of several runs; each gets an empty folder that is gone after it. */
async function median(action: (empty: string) => Promise<unknown>): Promise<number> {
  const times: number[] = []
  for (let count = 0; count < runs; count++) {
    const empty = join(folder, 'empty')
    mkdirSync(empty)
    const start = performance.now()
    await action(empty)
    times.push(performance.now() - start)
    rmSync(empty, { recursive: true })
  }
  return times.sort((a, b) => a - b)[Math.floor(runs / 2)] ?? NaN
}

try {
  const made = await setup({})
  const path = made['toolchain-path'] ?? ''
  const key = made['toolchain-key'] ?? ''
  execFileSync(process.execPath, [cli, 'toolchain', 'pack', key, '--to', join(folder, 'mirror')])
  const archive = `${key}.tar.zst`
  const archiveBytes = statSync(join(folder, 'mirror', archive)).size
  const rows: [name: string, bytes: number, ms: number][] = []

  const fetchOnly = await median((empty) => shell(`curl -sSf ${mirror}/${archive} -o ${empty}/archive`))
  const floor = await median((empty) => shell(`curl -sSf ${mirror}/${archive} | zstd -qdc --long=27 | tar -xf - -C ${empty}`))
  rows.push(['fetching the bytes alone', archiveBytes, fetchOnly], ['the floor: curl | zstd -d | tar x', archiveBytes, floor])
  rows.push(['our set-up, process start to proof', archiveBytes, await median((empty) => setup({ XDG_CACHE_HOME: empty }, '--mirror', mirror))])
  rows.push(['our set-up again (the next target)', 0, await median(() => setup({}))])
  if (wholeRoot !== undefined) {
    // As @actions/cache packs and restores a folder: https://github.com/actions/toolkit/blob/main/packages/cache/src/internal/tar.ts
    execFileSync('bash', ['-c', `tar -cf - -C ${dirname(wholeRoot)} ${basename(wholeRoot)} | zstd -q -T0 --long=30 -o ${join(folder, 'mirror/whole')}`])
    const bytes = statSync(join(folder, 'mirror/whole')).size
    rows.push(['a cache of the whole opam root', bytes, await median((empty) => shell(`curl -sSf ${mirror}/whole -o ${empty}/a; zstd -qdc --long=30 ${empty}/a | tar -xf - -C ${empty}`))])
  }
  console.log(`${key}, medians of ${runs}; ${(JSON.parse(readFileSync(join(path, 'toolchain-files.json'), 'utf8')) as { entries: unknown[] }).entries.length} entries`)
  for (const [name, bytes, ms] of rows) {
    console.log(`${name.padEnd(36)} ${(bytes / 1e6).toFixed(1).padStart(7)} MB  ${ms.toFixed(0).padStart(6)} ms  x ${(ms / floor).toFixed(2).padStart(5)} of the floor`)
  }
} finally {
  server.close()
  rmSync(folder, { recursive: true, force: true })
}
