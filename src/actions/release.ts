import { runAction } from "./main.js";
import { release } from "./parts/release.js";
import { releaseInputs } from "./release-interface.js";

await runAction(releaseInputs, release);
