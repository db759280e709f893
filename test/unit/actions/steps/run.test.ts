import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Part, readInputs } from "../../../../src/actions/interface.js";
import type { PartFunction } from "../../../../src/actions/main.js";
import { runWithEnd } from "../../../../src/actions/steps/build-end.js";
import { runParts } from "../../../../src/actions/steps/run.js";
import type { Context } from "../../../../src/platform/host.js";
import { collectingRunner } from "../../../../src/platform/runner/github.js";

describe("all parts in one process", () => {
  const inputs = readInputs((name) => (name === "image" ? "*.hvt" : undefined));

  /** Runs parts that record the image that each was given, and end as `ends` says. */
  async function run(ends: Readonly<Partial<Record<Part, boolean | Error>>>) {
    const given: [Part, string | undefined][] = [];
    const runner = collectingRunner();
    const part =
      (name: Part): PartFunction =>
      (_, { image }, to) => {
        given.push([name, image]);
        if (name === "build") to.setOutput("image", "/work/www.hvt");
        if (name === "build") to.setOutput("images", '["/work/www.hvt","/work/dns.hvt"]');
        const end = ends[name] ?? true;
        return end instanceof Error ? Promise.reject(end) : Promise.resolve(end);
      };
    const parts = { setup: part("setup"), build: part("build"), boot: part("boot"), publish: part("publish") };
    const ended = await runParts(parts, {} as Context, inputs, runner).catch((error: unknown) => error);
    return { ended, given, outputs: runner.outputs };
  }

  it("boot and publish the images that were built, and pass all outputs on", async () => {
    const { ended, given, outputs } = await run({});
    expect(ended).toBe(true);
    expect(given).toEqual([
      ["setup", "*.hvt"],
      ["build", "*.hvt"],
      ["boot", '["/work/www.hvt","/work/dns.hvt"]'],
      ["publish", '["/work/www.hvt","/work/dns.hvt"]'],
    ]);
    expect(outputs).toEqual({ image: "/work/www.hvt", images: '["/work/www.hvt","/work/dns.hvt"]' });
  });

  it.each([[false], [new Error("no QEMU")]])("publish after a boot that ended with %s", async (end) => {
    const { ended, given } = await run({ boot: end });
    expect(ended).toBe(end);
    expect(given.map(([name]) => name)).toEqual(["setup", "build", "boot", "publish"]);
  });

  it("end with the first part that leaves no image", async () => {
    expect((await run({ setup: false })).given).toHaveLength(1);
    expect((await run({ build: new Error("no image") })).given).toHaveLength(2);
  });
});

describe("an action with a build", () => {
  const folder = mkdtempSync(join(tmpdir(), "unikernel-ci-state-"));
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });

  // Otherwise the runner's second call would run the step again.
  it("is known to have run, even if its step fails before it builds", async () => {
    const state = join(folder, "state");
    writeFileSync(state, "");
    vi.stubEnv("GITHUB_STATE", state);
    vi.stubEnv("STATE_build", undefined);
    await expect(runWithEnd(() => Promise.reject(new Error("a wrong input")))).rejects.toThrow("a wrong input");
    expect(readFileSync(state, "utf8")).toMatch(/^build<<\S+\n\{"caches":\[\],"cache":"false"\}\n/);
  });
});
