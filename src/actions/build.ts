import { runAction } from './main.js'
import { build } from './parts/build.js'

await runAction('build', build)
