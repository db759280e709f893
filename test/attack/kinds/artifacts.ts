// Artifacts that somebody made by hand, in `collect`: read whole and as they are, or refused; nothing else is opened.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { SaxesParser } from "saxes";
import { expect } from "vitest";
import { collectInputs } from "../../../src/actions/collect-interface.js";
import { parseInputs } from "../../../src/actions/definition.js";
import { collect } from "../../../src/actions/steps/collect-step.js";
import { artifactsIn } from "../../../src/artifact/artifact.js";
import { checksumFile } from "../../../src/artifact/checksums.js";
import { Problem } from "../../../src/platform/problem.js";
import { createLog } from "../../../src/platform/runner/console-log.js";
import { collectingRunner } from "../../../src/platform/runner/github.js";
import { obeyed } from "../../actions-runner.js";
import { changedJson, jsonText } from "../../fuzz/inputs.js";
import { treeHash } from "../../tree-hash.js";
import { failedBoot, newContext } from "../../unit/artifact/fixtures.js";
import { legOf, writeLegs } from "../../unit/collect/fixtures.js";
import { attack } from "../attack.js";
import { fileNames, isForeign, obeyedByTerminal, texts, wellFormed } from "../hostile.js";

const leg = legOf({ verdict: failedBoot("/w/www.hvt", "/w/console.log").verdict });
const files = ["SHA256SUMS", "build-info.json", "www.hvt", "console.log", "junit.xml"] as const;
const secret = "TOP-SECRET-WORDS";

/** Changes an artifact's folder. */
type Change = (place: string, outside: string) => void;
const file = fc.constantFrom(...files);
const write = (place: string, name: string, content: string) => {
  rmSync(join(place, name), { recursive: true, force: true });
  writeFileSync(join(place, name), content);
};
const hashOf = (path: string) => createHash("sha256").update(readFileSync(path)).digest("hex");
/** A change that SHA256SUMS knows. */
function sum(place: string): void {
  const names = readdirSync(place).filter((name) => name !== "SHA256SUMS" && lstatSync(join(place, name)).isFile());
  const small = names.filter((name) => lstatSync(join(place, name)).size < 1e7);
  const sums = small.map((name) => ({
    name,
    sha256: hashOf(join(place, name)),
  }));
  write(place, "SHA256SUMS", checksumFile(sums));
}
const described = (change: Change, words: string): Change => Object.assign(change, { toString: () => words });

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(file, fc.constantFrom("secret", "its copy", "/dev/zero", "itself", "its folder")).map(([name, to]) =>
    described((place, outside) => {
      rmSync(join(place, name), { recursive: true, force: true });
      const known: Partial<Record<typeof to, string>> = {
        secret: join(outside, "secret"),
        "its copy": join(outside, "copies", name),
        itself: name,
        "its folder": ".",
      };
      symlinkSync(known[to] ?? to, join(place, name));
    }, `${name} links to ${to}`),
  ),
  file.map((name) =>
    described((place) => {
      const path = join(place, name);
      if (!lstatSync(path).isFile()) return;
      const content = readFileSync(path);
      content[content.length >> 1] = (content[content.length >> 1] ?? 0) ^ 1;
      writeFileSync(path, content);
    }, `${name} has another bit`),
  ),
  file.map((name) =>
    described((place) => {
      rmSync(join(place, name), { recursive: true, force: true });
      execFileSync("mkfifo", [join(place, name)]);
    }, `${name} is a pipe`),
  ),
  file.map((name) =>
    described((place) => {
      rmSync(join(place, name), { recursive: true, force: true });
      mkdirSync(join(place, name));
    }, `${name} is a folder`),
  ),
  fc.tuple(file, fc.constantFrom(0, 1, 2 ** 20 + 1, 2 ** 24 + 1, 3e9)).map(([name, bytes]) =>
    described((place) => {
      write(place, name, "x");
      truncateSync(join(place, name), bytes);
    }, `${name} has ${bytes} bytes`),
  ),
  fc.tuple(file, texts(20_000)).map(([name, text]) =>
    described(
      (place) => {
        write(place, name, wellFormed(text));
        if (name !== "SHA256SUMS") sum(place);
      },
      `${name} is ${JSON.stringify(text.slice(0, 300))}`,
    ),
  ),
  // There is no JSON for some values that it makes.
  jsonText(leg.info)
    .map((json: string | undefined) => json ?? "")
    .map((text) =>
      described(
        (place) => {
          write(place, "build-info.json", text);
          sum(place);
        },
        `build info ${text.slice(0, 300)}`,
      ),
    ),
  fc.tuple(changedJson(leg.info), texts(2_000)).map(([info, text]) =>
    described((place) => {
      write(
        place,
        "build-info.json",
        (JSON.stringify(info) as string | undefined)?.replaceAll("uncaught exception", () =>
          JSON.stringify(text).slice(1, -1),
        ) ?? "",
      );
      sum(place);
    }, "build info with words of a guest"),
  ),
  fc.tuple(fileNames, fc.boolean()).map(([name, isListed]) =>
    described(
      (place) => {
        write(place, name, "more");
        if (isListed) sum(place);
      },
      `a file ${JSON.stringify(name)}`,
    ),
  ),
  fc.constantFrom("../outside/secret", "/etc/passwd", "www.hvt", "a\nb", "").map((name) =>
    described(
      (place) => {
        const line = checksumFile([{ name, sha256: "0".repeat(64) }]);
        const sums = join(place, "SHA256SUMS");
        if (lstatSync(sums).isFile()) writeFileSync(sums, line, { flag: "a" });
      },
      `a checksum of ${JSON.stringify(name)}`,
    ),
  ),
  fc.constant(
    described((place, outside) => {
      renameSync(place, join(outside, "moved"));
      symlinkSync(join(outside, "moved"), place);
    }, "its folder is a link"),
  ),
);

export const artifacts = attack(
  "artifacts",
  1,
  fc.record({ changes: fc.array(change, { maxLength: 2 }), folder: fc.oneof(fc.constant(leg.name), fileNames) }),
  async ({ changes, folder }) => {
    const root = mkdtempSync(join(tmpdir(), "attack-"));
    const [downloads, outside] = [join(root, "artifacts"), join(root, "outside")];
    for (const name of [downloads, outside]) mkdirSync(name);
    writeFileSync(join(outside, "secret"), `${secret}\n`);
    writeLegs(outside, { ...leg, name: "copies" });
    writeLegs(downloads, leg, { ...leg, name: "other" });
    const place = join(downloads, leg.name);
    // A later change finds what an earlier one has made: a write through its link must not change what is outside.
    for (const [index, one] of changes.entries()) if (index === 0 || isPlain(place)) one(place, outside);
    if (folder !== leg.name && folder !== "other") renameSync(place, join(downloads, folder));
    const namesIn = () => readdirSync(downloads, { recursive: true, encoding: "utf8" }).sort();
    const before = [treeHash(outside), namesIn()];
    let written = "";
    const log = createLog({ gitHub: true, write: (text) => (written += text), colour: false, verbose: true });
    const context = newContext();
    const runner = collectingRunner();
    const start = process.cpuUsage();
    try {
      const found = await orProblem(() => artifactsIn(downloads));
      const inputs = parseInputs(collectInputs, (name) => (name === "folder" ? downloads : ""));
      const ran = await orProblem(() => collect({ ...context, log }, inputs, runner));
      if (ran instanceof Problem) log.error(String(ran));
      const { user, system } = process.cpuUsage(start);
      expect((user + system) / 1000, "milliseconds of processor time").toBeLessThan(20_000);
      expect([treeHash(outside), namesIn()]).toEqual(before);
      expect(ran instanceof Problem).toBe(found instanceof Problem);
      if (!(found instanceof Problem))
        for (const { path, info, checksums } of found.artifacts) {
          for (const { name, sha256 } of checksums) {
            expect(lstatSync(join(path, name)).isFile(), name).toBe(true);
            expect(hashOf(join(path, name))).toBe(sha256);
          }
          for (const one of info.images)
            expect([lstatSync(join(path, one.file)).size, hashOf(join(path, one.file))]).toEqual([
              one.bytes,
              one.sha256,
            ]);
        }
      const report = runner.outputs["junit"] ?? "";
      const junit = report === "" ? "" : readFileSync(report, "utf8");
      if (junit !== "") {
        const parser = new SaxesParser();
        parser.on("error", (error) => {
          throw error;
        });
        parser.write(junit).close();
      }
      expect([written, junit, ...runner.summaries].join("\n")).not.toContain(secret);
      expect(obeyed(written).filter(isForeign)).toEqual([]);
      expect(written).not.toMatch(obeyedByTerminal);
      return found instanceof Problem ? "refused" : `${found.artifacts.length} read`;
    } finally {
      rmSync(root, { recursive: true, force: true });
      rmSync(context.host.folders.workspace, { recursive: true, force: true });
    }
  },
);

const isPlain = (place: string) => lstatSync(place).isDirectory();

/** An error for the user is an answer; any other one is a finding. */
async function orProblem<Result>(work: () => Promise<Result>): Promise<Result | Problem> {
  return work().catch((error: unknown) => {
    if (error instanceof Problem) return error;
    throw error;
  });
}
