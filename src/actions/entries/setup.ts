import { runPart } from "../main.js";
import { setup } from "../steps/setup-step.js";

await runPart("setup", setup);
