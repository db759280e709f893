import { runAction } from './main.js'
import { setup } from './parts/setup.js'

await runAction('setup', setup)
