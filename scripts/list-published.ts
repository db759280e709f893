// npx tsx scripts/list-toolchains.ts FOLDER BASE [LIST]
//
// Adds the archives of every FOLDER/*/toolchains.json (`unikernel-ci toolchain pack` wrote them) to the list of what this
// action publishes, each with its address below BASE. A key that is listed already stays as it is.
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type PublishedArchive, parseList } from '../src/toolchain/published.js'

const [folder, base, list = fileURLToPath(new URL('../data/toolchains.json', import.meta.url))] = process.argv.slice(2)
if (folder === undefined || base === undefined) throw new Error('usage: list-toolchains.ts FOLDER BASE [LIST]')

const { toolchains } = JSON.parse(readFileSync(list, 'utf8')) as { readonly toolchains: readonly PublishedArchive[] }
const known = new Set(toolchains.map(({ key }) => key))
const published = <File extends { readonly url: string }>(file: File): File => ({ ...file, url: new URL(basename(file.url), base).href })
const added = readdirSync(folder).flatMap((name) => {
  const file = join(folder, name, 'toolchains.json')
  if (!existsSync(file)) return []
  const rows = parseList(readFileSync(file, 'utf8'), pathToFileURL(`${join(folder, name)}/`))
  return rows.filter(({ key }) => !known.has(key)).map(({ image, ...row }) => ({ ...published(row), ...(image === undefined ? {} : { image: published(image) }) }))
})
const all = [...toolchains, ...added].sort((a, b) => (a.key < b.key ? -1 : 1))
writeFileSync(list, `${JSON.stringify({ format: 1, toolchains: all }, null, 2)}\n`)
console.log(`${added.length} new, ${all.length} in all`)
