import { collectInputs } from "./collect-interface.js";
import { runAction } from "./main.js";
import { collect } from "./parts/collect.js";

await runAction(collectInputs, collect);
