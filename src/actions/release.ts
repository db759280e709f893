import { actionInput } from '../platform/github.js'
import { runAction } from './main.js'
import { release } from './parts/release.js'
import { readReleaseInputs } from './release-interface.js'

await runAction((context, runner) => release(context, readReleaseInputs(actionInput), runner))
