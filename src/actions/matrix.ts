import { runAction } from "./main.js";
import { allMatrixInputs } from "./matrix-interface.js";
import { matrix } from "./parts/matrix.js";

await runAction(allMatrixInputs, matrix);
