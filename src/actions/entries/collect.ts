import { collectInputs } from "../collect-interface.js";
import { runAction } from "../main.js";
import { collect } from "../steps/collect-step.js";

await runAction(collectInputs, collect);
