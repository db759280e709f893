import { artifactAccess } from "../../platform/runner/artifact-service.js";
import { runPart } from "../main.js";
import { publishTo } from "../steps/publish-step.js";

await runPart("publish", publishTo(artifactAccess(process.env)));
