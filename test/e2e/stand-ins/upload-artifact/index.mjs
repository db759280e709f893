import { readdirSync, statSync } from 'node:fs'
import { basename } from 'node:path'

function filesIn(path) {
  if (!statSync(path).isDirectory()) return [basename(path)]
  const entries = readdirSync(path, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name)
}

const { INPUT_NAME: artifact, INPUT_PATH: paths } = process.env
const files = paths.split('\n').filter((line) => line.trim() !== '').flatMap((line) => filesIn(line.trim()))
if (files.length === 0) throw new Error(`there is no file in ${paths}`)
for (const name of files) console.log(`would upload ${name} in ${artifact}`)
