import { runAction } from "../main.js";
import { release } from "../steps/release-step.js";
import { releaseInputs } from "../release-interface.js";

await runAction(releaseInputs, release);
