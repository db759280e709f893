import { runPart } from "../main.js";
import { runWithEnd } from "../steps/build-end.js";
import { build } from "../steps/build-step.js";

await runWithEnd(() => runPart("build", build));
