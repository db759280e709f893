import { runAction } from './main.js'
import { boot } from './parts/boot.js'

await runAction('boot', boot)
