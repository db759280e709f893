import { runPart } from "./main.js";
import { setup } from "./parts/setup.js";

await runPart("setup", setup);
