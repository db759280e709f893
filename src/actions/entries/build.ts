import { readState } from "../../platform/runner/github.js";
import { runAction, runPart } from "../main.js";
import { endOfBuild, stateName } from "../steps/build-end.js";
import { build } from "../steps/build-step.js";

// The runner calls it twice: for the step, and at the end of a successful job.
const state = readState(stateName);
if (state === "") await runPart("build", build);
else await runAction({}, (context, _, runner) => endOfBuild(context, runner, state));
