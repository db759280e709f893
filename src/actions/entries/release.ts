import { runAction } from "../main.js";
import { releaseInputs } from "../release-interface.js";
import { release } from "../steps/release-step.js";

await runAction(releaseInputs, release);
