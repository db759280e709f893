import { expect, it } from "vitest";
import { cachePolicy } from "../../../src/toolchain/cache-policy.js";

const both = { restore: true, save: true };
const neither = { restore: false, save: false };

it.each([
  ["auto", "push", "refs/heads/main", both],
  ["auto", "pull_request", "refs/pull/1/merge", both],
  ["auto", "schedule", "refs/heads/main", both],
  ["auto", undefined, undefined, both],
  ["auto", "push", "refs/tags/v1", neither],
  ["auto", "create", "refs/tags/v1", neither],
  ["auto", "workflow_dispatch", "refs/tags/v1", neither],
  ["auto", "schedule", "refs/heads/refs/tags/v1", both],
  ["auto", "release", "refs/tags/v1", neither],
  ["auto", "release", undefined, neither],
  ["auto", "pull_request_target", "refs/heads/main", neither],
  ["auto", "workflow_run", "refs/heads/main", neither],
  ["true", "release", "refs/tags/v1", both],
  ["false", "push", "refs/heads/main", neither],
  ["read-only", "push", "refs/heads/main", { restore: true, save: false }],
] as const)("cache: %s in a %s of %s", (input, event, ref, expected) => {
  expect(cachePolicy(input, event, ref)).toMatchObject(expected);
});
