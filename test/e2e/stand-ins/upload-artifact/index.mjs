import { readdirSync } from 'node:fs'

const files = readdirSync(process.env.INPUT_PATH, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
if (files.length === 0) throw new Error(`there is no file in ${process.env.INPUT_PATH}`)
for (const { name } of files) console.log(`would upload ${name}`)
