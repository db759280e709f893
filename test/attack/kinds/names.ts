// Names of images, variants, artifacts, scenarios and tags, through `publish`, `collect` and `release`: each
// file keeps a name of its own and its bytes, and no name is obeyed.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import fc from "fast-check";
import { expect } from "vitest";
import { collectInputs } from "../../../src/actions/collect-interface.js";
import { parseInputs } from "../../../src/actions/definition.js";
import { collect } from "../../../src/actions/steps/collect-step.js";
import { recordBoot } from "../../../src/artifact/image-record.js";
import { saveRecord } from "../../../src/artifact/records.js";
import { createGitHubApi } from "../../../src/platform/github/api.js";
import { gitHubReleases } from "../../../src/platform/github/releases.js";
import { Problem } from "../../../src/platform/problem.js";
import { createLog } from "../../../src/platform/runner/console-log.js";
import { collectingRunner } from "../../../src/platform/runner/github.js";
import { publishArtifact } from "../../../src/publish/publish.js";
import { release } from "../../../src/release/release.js";
import { obeyed } from "../../actions-runner.js";
import { startReleaseServer } from "../../release-server.js";
import { bootOf, buildRecord, newContext, newImage, passed } from "../../unit/artifact/fixtures.js";
import { commit } from "../../unit/release/fixtures.js";
import { attack } from "../attack.js";
import { fileNames, isForeign, obeyedByTerminal } from "../hostile.js";

const repository = "someone/www";
const ordinary = fc.constantFrom(
  "www.hvt",
  "WWW.hvt",
  "www.dbg",
  "one.hvt",
  "one.dbg",
  "SHA256SUMS",
  "junit.xml",
  "a.b",
);
const image = fc.oneof(ordinary, fileNames);
const option = fc.oneof(fc.constantFrom("--dhcp", "--tls=false", "--x=dbg", "--variant=one.dbg"), fileNames);

/** What a failing step tells; any other error than a Problem is a finding. */
async function orProblem<Result>(work: Promise<Result>): Promise<Result | Problem> {
  return work.catch((error: unknown) => {
    if (error instanceof Problem) return error;
    throw error;
  });
}

const unfold = (name: string) => name.normalize("NFC").toLowerCase();

export const names = attack(
  "names",
  1,
  fc.record({
    jobs: fc.array(
      fc.record({
        images: fc.array(image, { minLength: 1, maxLength: 3 }),
        configure: fc.array(option, { maxLength: 2 }),
        artifact: fc.option(fc.oneof(fc.constantFrom("one", "ONE", "unikernel-www-one.dbg-hvt-x86_64"), fileNames), {
          nil: undefined,
        }),
        scenario: fc.option(fileNames, { nil: null }),
      }),
      { minLength: 1, maxLength: 3 },
    ),
    tag: fc.oneof({ weight: 4, arbitrary: fc.constant("v1.2.3") }, { weight: 1, arbitrary: fileNames }),
  }),
  async ({ jobs, tag }) => {
    let written = "";
    const log = createLog({ gitHub: true, write: (text) => (written += text), colour: false, verbose: true });
    const context = { ...newContext(), log };
    const { workspace } = context.host.folders;
    const server = await startReleaseServer({ repository, tags: { [tag]: commit } });
    try {
      let published = 0;
      for (const [index, job] of jobs.entries()) {
        const made = [...new Set(job.images)].map((name, at) => newImage(workspace, name, `image ${index} ${at}`));
        const [first, ...others] = made;
        if (first === undefined) return "nothing";
        const { toolchain, ...record } = buildRecord(first, ...others);
        expect(toolchain).toBeDefined();
        await saveRecord(context, first, "build", {
          ...record,
          build: { ...record.build, configureArgs: job.configure },
          source: { commit, changes: [] },
        } as never);
        for (const one of made)
          await saveRecord(context, one, "boot", [
            recordBoot(bootOf(passed, { imagePath: one.path, scenario: job.scenario } as never)),
          ]);
        const asked = {
          target: undefined,
          arch: undefined,
          configureArgs: job.configure,
          images: [first.path],
          artifactName: job.artifact,
          artifact: false,
          retentionDays: 0,
        };
        const done = await orProblem(
          publishArtifact(context, asked, { artifacts: { unavailable: "a test" }, now: () => new Date(0) }),
        );
        if (done instanceof Problem) log.error(String(done));
        else {
          published++;
          expect(dirname(done.folder)).toBe(join(workspace, "_artifacts"));
          expect(new Set(done.files.map(unfold)).size).toBe(done.files.length);
          execFileSync("sha256sum", ["--check", "--strict", "--quiet", "SHA256SUMS"], {
            cwd: done.folder,
            stdio: "pipe",
          });
          for (const one of done.info.images)
            expect(
              createHash("sha256")
                .update(readFileSync(join(done.folder, one.file)))
                .digest("hex"),
            ).toBe(one.sha256);
        }
      }
      const runner = collectingRunner();
      const inputs = parseInputs(collectInputs, (name) => (name === "folder" ? "_artifacts" : ""));
      const collected = await orProblem(collect(context, inputs, runner));
      expect(collected instanceof Problem, String(collected)).toBe(published === 0);
      const api = createGitHubApi({
        baseUrl: server.url,
        token: "t",
        permission: "contents: write",
        log,
        wait: () => Promise.resolve(),
      });
      const request = {
        folder: "_artifacts",
        tag,
        repository,
        notes: "",
        requireVerdict: "passed",
        draft: false,
      } as const;
      const released = await orProblem(
        release(context, request, { releases: gitHubReleases(api, repository), wait: () => Promise.resolve() }),
      );
      if (released instanceof Problem) log.error(String(released));
      const assets = server.releases.flatMap((one) => (one.draft ? [] : one.assets));
      expect(assets.length > 0).toBe(!(released instanceof Problem));
      // As GitHub wrote them, against what was sent.
      if (!(released instanceof Problem)) {
        expect(assets.map(({ name }) => name).sort()).toEqual(released.assets.map(({ name }) => name).sort());
        expect(new Set(assets.map(({ name }) => name.toLowerCase())).size).toBe(assets.length);
      }
      expect(obeyed(written).filter(isForeign)).toEqual([]);
      expect(written).not.toMatch(obeyedByTerminal);
      for (const folder of [workspace, process.cwd()])
        expect(existsSync(join(folder, "pwned")), basename(folder)).toBe(false);
      return `${published} published, ${released instanceof Problem ? "not released" : "released"}`;
    } finally {
      await server.close();
      rmSync(workspace, { recursive: true, force: true });
    }
  },
);
