import { runPart } from "../main.js";
import { boot } from "../steps/boot-step.js";

await runPart("boot", boot);
