import { runPart } from './main.js'
import { build } from './parts/build.js'

await runPart('build', build)
