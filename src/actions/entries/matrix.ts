import { runAction } from "../main.js";
import { allMatrixInputs } from "../matrix-interface.js";
import { matrix } from "../steps/matrix-step.js";

await runAction(allMatrixInputs, matrix);
