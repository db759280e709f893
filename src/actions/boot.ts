import { runPart } from "./main.js";
import { boot } from "./parts/boot.js";

await runPart("boot", boot);
