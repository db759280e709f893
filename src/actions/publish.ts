import { artifactAccess } from "../platform/runner/artifacts.js";
import { runPart } from "./main.js";
import { publishTo } from "./parts/publish.js";

await runPart("publish", publishTo(artifactAccess(process.env)));
