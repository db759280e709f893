import { actionInput } from '../platform/github.js'
import { runAction } from './main.js'
import { readMatrixInputs } from './matrix-interface.js'
import { matrix } from './parts/matrix.js'

await runAction((context, runner) => matrix(context, readMatrixInputs(actionInput), runner))
