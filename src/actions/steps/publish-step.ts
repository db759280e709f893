import type { ArtifactAccess } from "../../platform/runner/artifact-service.js";
import { publishArtifact } from "../../publish/publish.js";
import type { PartFunction } from "../main.js";
import { imagePaths } from "../parsers.js";

/** Gathers image, console and build info, and uploads them if there is an artifact service. */
export const publishTo =
  (artifacts: ArtifactAccess): PartFunction =>
  async (context, inputs, runner) => {
    const published = await context.log.group("Publish", () =>
      publishArtifact(context, { ...inputs, images: imagePaths(inputs.image) }, { artifacts, now: () => new Date() }),
    );
    await runner.appendSummary(published.summary);
    runner.setOutput("artifact-id", published.uploaded?.id ?? "");
    runner.setOutput("artifact-url", published.uploaded?.url ?? "");
    return true;
  };
