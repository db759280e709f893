import { expect, test } from "vitest";
import { environmentForOthers } from "../../../../src/platform/process/guarded-environment.js";

test("programs of others get neither the runner’s tokens nor our inputs and command files", () => {
  const kept = {
    PATH: "/bin",
    HOME: "/home/me",
    CI: "true",
    GITHUB_ACTIONS: "true",
    GITHUB_SHA: "1",
    GITHUB_TOKEN: "set by the workflow",
    GITHUB_PATHS: "/mine",
    RUNNER_TEMP: "/t",
    RUNNER_TRACKING_ID: "github_1",
    MY_ACTIONS_X: "mine",
  };
  const dropped = {
    ACTIONS_RUNTIME_TOKEN: "secret",
    ACTIONS_RESULTS_URL: "https://x",
    ACTIONS_CACHE_URL: "https://x",
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: "secret",
    ACTIONS_ID_TOKEN_REQUEST_URL: "https://x",
    "INPUT_GITHUB-TOKEN": "secret",
    INPUT_TARGET: "hvt",
    GITHUB_OUTPUT: "/o",
    GITHUB_ENV: "/e",
    GITHUB_PATH: "/p",
    GITHUB_STATE: "/s",
    GITHUB_STEP_SUMMARY: "/m",
    NONE: undefined,
  };
  expect(environmentForOthers({ ...kept, ...dropped })).toEqual(kept);
});
