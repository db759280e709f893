import { actionInput } from '../platform/github.js'
import { readCollectInputs } from './collect-interface.js'
import { runAction } from './main.js'
import { collect } from './parts/collect.js'

await runAction((context, runner) => collect(context, readCollectInputs(actionInput), runner))
