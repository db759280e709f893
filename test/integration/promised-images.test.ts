import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { checkout, failedJob, newMachine, runJob } from "./job.js";
import type { GivenInputs } from "./set-up.js";

// Real gcc, make and objcopy; the images are those of examples/bare.

const architecture = process.arch === "arm64" ? "aarch64" : "x86_64";
const bare = resolve(import.meta.dirname, "../../examples/bare");
const marks = join(import.meta.dirname, "fixtures/opam-repository/sources/ocaml-solo5/marks.S");
const make = (name: string, command = "") =>
  `make -s -C ${bare} ABI=spt ARCH="$ARCH" NAME=${name} OUT="$OUT" DEFAULT="${command}"`;
const given: GivenInputs = { target: "spt", "ocaml-version": "none", "build-command": make("www", "echo hello") };

let machine: string;
beforeEach(() => {
  machine = newMachine();
  checkout(machine, { "README.md": "a project" });
  return () => rmSync(machine, { recursive: true });
});

const sha256 = (path: string) => execFileSync("sha256sum", [path], { encoding: "utf8" }).slice(0, 64);
const sections = (path: string) => execFileSync("readelf", ["--wide", "--section-headers", path], { encoding: "utf8" });
const symbols = (path: string) =>
  execFileSync("nm", ["--no-sort", path], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });

/** gcc writes its working directory into the debug information. */
const unstripped: GivenInputs = {
  ...given,
  "build-command": `gcc -g -nostdlib -static -Wl,--build-id=none -DABI=2 main.c ${marks} -o "$OUT/www.spt"`,
};

describe("strip", () => {
  beforeEach(
    () =>
      void checkout(machine, {
        "main.c": "int answer(void) { return 42; }\n",
        "sub/main.c": "int answer(void) { return 42; }\n",
      }),
  );

  it("moves symbols and debug information from the image to a file next to it, also in the artifact", async () => {
    const whole = await runJob(machine, unstripped);
    const { images, artifact, info } = await runJob(machine, { ...unstripped, strip: "true" });
    const [path = ""] = images;
    expect(symbols(whole.images[0] ?? "")).toMatch(/ T answer$/m);
    expect(symbols(path)).toBe("");
    expect(sections(path)).toContain(".note.solo5.abi");
    expect(sections(path)).not.toContain(".debug_");
    expect(symbols(`${path}.debug`)).toMatch(/ T answer$/m);
    expect(sections(`${path}.debug`)).toContain(".debug_line");
    expect(readdirSync(artifact).sort()).toEqual([
      "SHA256SUMS",
      "build-info.json",
      "sbom.cdx.json",
      "www.spt",
      "www.spt.debug",
    ]);
    expect(info.images).toMatchObject([
      { unikernel: "www", file: "www.spt", sha256: sha256(join(artifact, "www.spt")), debugFile: "www.spt.debug" },
    ]);
    expect(info.images[0]?.bytes).toBeLessThan(whole.info.images[0]?.bytes ?? 0);
  });

  it("makes images of different folders equal, because only debug information has their paths", async () => {
    const hashes: string[][] = [];
    for (const directory of [".", "sub"]) {
      const whole = await runJob(machine, { ...unstripped, directory });
      const [path = ""] = (await runJob(machine, { ...unstripped, directory, strip: "true" })).images;
      hashes.push([sha256(path), sha256(whole.images[0] ?? "")]);
    }
    const [[stripped, whole] = [], [strippedSub, wholeSub] = []] = hashes;
    expect(strippedSub).toBe(stripped);
    expect(wholeSub).not.toBe(whole);
  });

  it("is the remedy of `reproducible` when only debug information differs", async () => {
    const gcc = "gcc -g -nostdlib -static -Wl,--build-id=none -DABI=2";
    const command = `cp main.c "$(date +%N).c" && ${gcc} [0-9]*.c ${marks} -o "$OUT/www.spt"`;
    const dated = { ...unstripped, "build-command": command, reproducible: "true" };
    const problem = await failedJob(machine, dated);
    expect([problem.facts.evidence].flat().join()).toMatch(/www {2}\.(debug_|strtab|symtab)/);
    expect(problem.facts.do).toBe("only debug information differs: `strip: true` removes it");
    expect((await runJob(machine, { ...dated, strip: "true" })).log).toContain(
      "reproducible: two clean builds gave the same image",
    );
  });
});

describe("reproducible", () => {
  it("builds twice from a clean copy, and gives the image of the second build", async () => {
    checkout(machine, { "_build/left": "by an earlier build", words: "from the checkout" });
    const command = `test ! -e _build && mkdir _build && pwd && ${make("www", "echo $(cat words)")}`;
    const { images, log } = await runJob(machine, { ...given, reproducible: "true", "build-command": command });
    expect(log.filter((line) => line === "/var/tmp/unikernel-ci/project")).toHaveLength(2);
    expect(log).toContain("reproducible: two clean builds gave the same image");
    expect(readFileSync(images[0] ?? "", "latin1")).toContain("echo from the checkout");
  });

  it("names the sections that differ, and keeps both images", async () => {
    const problem = await failedJob(machine, {
      ...given,
      reproducible: "true",
      "build-command": make("www", "echo $(date +%N)"),
    });
    expect(problem.message).toBe("two clean builds gave different images");
    expect(problem.facts.evidence).toEqual([
      expect.stringMatching(/^www {2}\.data: \d of \d+ bytes differ, first at offset \d+$/),
    ]);
    const kept = [problem.facts.found].flat().map((line) => (line ?? "").split("  "));
    expect(
      kept.map(([, path = ""]) => path.slice(path.indexOf("reproducible-")).replace(/-[0-9a-f]{8}\//, "-MARK/")),
    ).toEqual(["first", "second"].map((which) => `reproducible-spt-${architecture}-MARK/${which}/www.spt`));
    for (const [hash, path = ""] of kept) expect(sha256(path)).toBe(hash);
  });

  it("builds with the date of the last commit", async () => {
    const folder = checkout(machine, {});
    const git = (...args: string[]) =>
      execFileSync("git", ["-C", folder, "-c", "user.name=t", "-c", "user.email=t@example.org", ...args], {
        env: { ...process.env, GIT_COMMITTER_DATE: "2026-01-02T03:04:05Z" },
      });
    git("init", "--quiet");
    git("add", ".");
    git("commit", "--quiet", "-m", "first");
    const { images } = await runJob(machine, {
      ...given,
      reproducible: "true",
      "build-command": make("www", "echo date $SOURCE_DATE_EPOCH"),
    });
    expect(readFileSync(images[0] ?? "", "latin1")).toContain("echo date 1767323045");
  });
});

describe("expected-sha256", () => {
  it("can be a hash, which the image must have", async () => {
    const { info } = await runJob(machine, given);
    const known = info.images[0]?.sha256 ?? "";
    const again = await runJob(machine, { ...given, "expected-sha256": known });
    expect(again.log).toContain(`as expected: www.spt  ${known}`);
    const other = "0".repeat(64);
    const problem = await failedJob(machine, { ...given, "expected-sha256": other });
    expect(problem.message).toBe("the image does not have the expected hash");
    expect(problem.facts).toMatchObject({
      found: [expect.stringMatching(`^${known}  /.*/www.spt$`)],
      accepted: [`${other}  www.spt`],
    });
  });

  it("can be a committed file in sha256sum’s format", async () => {
    const strip = { ...given, strip: "true" };
    const { artifact } = await runJob(machine, strip);
    const line = execFileSync("sha256sum", ["www.spt"], { cwd: artifact, encoding: "utf8" });
    const folder = checkout(machine, { "www.sha256": line });
    const again = await runJob(machine, { ...strip, "expected-sha256": "www.sha256" });
    expect(again.log).toContain(`as expected: www.spt  ${line.slice(0, 64)}`);
    writeFileSync(
      join(folder, "www.sha256"),
      line.replace(/^./, (digit) => (digit === "0" ? "1" : "0")),
    );
    const problem = await failedJob(machine, { ...strip, "expected-sha256": "www.sha256" });
    expect(problem.facts.accepted).toEqual([readFileSync(join(folder, "www.sha256"), "utf8").trim()]);
  });
});

describe("several images", () => {
  it("of one build are in one artifact, each stripped and compared", async () => {
    const two = { ...given, "build-command": `${make("www")} && ${make("dns", "exit 3")}`, strip: "true" };
    const { images, artifact, info } = await runJob(machine, two);
    expect(images.map((path) => basename(path))).toEqual(["dns.spt", "www.spt"]);
    expect(info.images.map(({ unikernel, debugFile }) => [unikernel, debugFile])).toEqual([
      ["dns", "dns.spt.debug"],
      ["www", "www.spt.debug"],
    ]);
    expect(existsSync(join(artifact, "www.spt"))).toBe(true);
    const sums = execFileSync("sha256sum", ["dns.spt", "www.spt"], { cwd: artifact, encoding: "utf8" });
    checkout(machine, { sums });
    expect(
      (await runJob(machine, { ...two, "expected-sha256": "sums" })).log.filter((line) =>
        line.startsWith("as expected: "),
      ),
    ).toHaveLength(2);
  });

  it("with one name in two folders are both in the artifact", async () => {
    const [a, b] = [make("www", "exit 1"), make("www", "exit 2")];
    const command = `mkdir "$OUT/a" "$OUT/b" && (OUT=$OUT/a; ${a}) && (OUT=$OUT/b; ${b})`;
    const { artifact, info } = await runJob(machine, { ...given, "build-command": command, strip: "true" });
    expect(info.images.map(({ file, debugFile }) => [file, debugFile])).toEqual([
      ["www.spt", "www.spt.debug"],
      ["www-2.spt", "www-2.spt.debug"],
    ]);
    execFileSync("sha256sum", ["--check", "--strict", "--quiet", "SHA256SUMS"], { cwd: artifact });
  });
});

describe("variants", () => {
  it("with different `configure-args` have artifacts of different names", async () => {
    const artifacts: string[] = [];
    for (const [argument, word] of [
      ["--greeting=hello", "hello"],
      ["--greeting=ciao", "ciao"],
    ] as const) {
      const { artifact, info } = await runJob(machine, {
        ...given,
        "configure-args": argument,
        "build-command": make("www", "echo ${CONFIGURE_ARGS#*=}"),
      });
      expect(readFileSync(join(artifact, "www.spt"), "latin1")).toContain(`echo ${word}`);
      expect(info.build?.configureArgs).toEqual([argument]);
      artifacts.push(basename(artifact));
    }
    expect(artifacts).toEqual([
      `unikernel-www-greeting=hello-spt-${architecture}`,
      `unikernel-www-greeting=ciao-spt-${architecture}`,
    ]);
  });

  it("that differ only in their commands are distinguished by `artifact-name`", async () => {
    const names: string[] = [];
    for (const word of ["one", "two"])
      names.push(
        basename(
          (await runJob(machine, { ...given, "artifact-name": `www-${word}`, "build-command": make("www", word) }))
            .artifact,
        ),
      );
    expect(names).toEqual(["www-one", "www-two"]);
  });
});

describe("hooks of a command", () => {
  it("run before and after it, with its variables", async () => {
    const hooked = {
      ...given,
      "pre-configure": 'echo "first $TARGET" > words',
      "build-command": make("www", "echo $(cat words)"),
      "post-build": 'test -s "$OUT/www.spt" && cp "$OUT/www.spt" "$OUT/copy.spt"',
    };
    const { images, info } = await runJob(machine, hooked);
    expect(info.build?.steps.map(({ name }) => name)).toEqual(["pre-configure", "build-command", "post-build"]);
    expect(images.map((path) => basename(path))).toEqual(["copy.spt", "www.spt"]);
    expect(readFileSync(images[1] ?? "", "latin1")).toContain("echo first spt");
  });

  it("end the build when they fail", async () => {
    const problem = await failedJob(machine, { ...given, "pre-configure": "echo no pages; false; echo more" });
    expect(problem.message).toMatch(/^pre-configure failed with status 1 after /);
    expect(problem.facts.evidence).toEqual(["no pages"]);
  });
});
