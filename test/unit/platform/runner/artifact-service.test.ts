import { describe, expect, it } from "vitest";
import { whyNoArtifacts } from "../../../../src/platform/runner/artifact-service.js";

const service = { ACTIONS_RUNTIME_TOKEN: "t", ACTIONS_RESULTS_URL: "https://r" };

describe("whyNoArtifacts", () => {
  it.each([
    [{}, "this is not a workflow"],
    [{ GITHUB_ACTIONS: "true", GITHUB_SERVER_URL: "https://codeberg.org", ...service }, "https://codeberg.org has no"],
    [{ GITHUB_ACTIONS: "true", GITHUB_SERVER_URL: "nonsense", ...service }, "nonsense has no"],
    [{ GITHUB_ACTIONS: "true", GITHUB_SERVER_URL: "https://github.com" }, "only steps with `uses:`"],
  ])("%j: %s", (environment, reason) => {
    expect(whyNoArtifacts(environment)).toContain(reason);
  });

  it.each([undefined, "https://github.com", "https://x.ghe.com"])("%s has a service", (server) => {
    expect(whyNoArtifacts({ GITHUB_ACTIONS: "true", GITHUB_SERVER_URL: server, ...service })).toBeUndefined();
  });
});
