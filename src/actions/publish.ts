import { artifactAccess } from '../platform/artifacts.js'
import { runAction } from './main.js'
import { publishTo } from './parts/publish.js'

await runAction('publish', publishTo(artifactAccess(process.env)))
