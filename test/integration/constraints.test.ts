import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";

const fixtures = fileURLToPath(new URL("../fixtures/constraints", import.meta.url));
const entry = fileURLToPath(new URL("../../src/actions/entries/cli.ts", import.meta.url));
const tsx = import.meta.resolve("tsx");
const work = mkdtempSync(join(tmpdir(), "constraints-"));
afterAll(() => {
  rmSync(work, { recursive: true, force: true });
});

/** What a command prints in a copy of a fixture, on both streams. */
function printed(fixture: string, ...args: readonly string[]): string {
  const folder = join(work, fixture);
  cpSync(join(fixtures, fixture), folder, { recursive: true });
  const env = { PATH: process.env["PATH"], HOME: work, XDG_CACHE_HOME: join(work, "cache") };
  const { stdout, stderr } = spawnSync(process.execPath, ["--import", tsx, entry, ...args], {
    cwd: folder,
    env,
    encoding: "utf8",
  });
  return stdout + stderr;
}

const matrix = (fixture: string, ...more: readonly string[]) => printed(fixture, "matrix", "hvt x86_64", ...more);
const setup = (fixture: string, ...more: readonly string[]) =>
  // The repository does not exist: opam is asked for nothing.
  printed(fixture, "setup", "--target", "hvt", "--opam-repositories", "none: file:///nonexistent", ...more);

/** With opam's own repository, which is not asked for what the table knows that it has archived. */
const refused = (fixture: string, ...more: readonly string[]) => printed(fixture, "setup", "--target", "hvt", ...more);

describe("what a project asks of versions", () => {
  test("a version that is not wanted, in an opam file", () => {
    expect(matrix("opam-not-equal")).toContain("mirage 4.11.1,");
    expect(setup("opam-not-equal")).toContain(" mirage 4.11.1: www.opam asks != 4.11.2\n");
  });

  test("OCaml, in an opam file", () => {
    expect(matrix("opam-ocaml-bound")).toContain("  4.14.4  ");
    expect(setup("opam-ocaml-bound")).toContain(" ocaml 4.14.4: www.opam asks < 5.0\n");
    expect(setup("opam-ocaml-bound", "--ocaml-version", "5.4.1")).toMatch(
      /^Error: input ocaml-version asks OCaml 5\.4\.1 and www\.opam asks OCaml >= 4\.14\.0 & < 5\.0, which cannot build for hvt together$/m,
    );
  });

  test("what only tests need limits nothing", () => {
    expect(matrix("opam-with-test-bound")).toContain("mirage 4.11.2,");
  });

  test("a header that asks a mirage which is no longer released: the error names it, and no input", () => {
    const shown = refused("header-too-old");
    expect(shown).toContain(
      "Error: config.ml line 1 asks mirage >= 4.5.0 & < 4.6.0, which opam-repository has archived\n",
    );
    expect(shown).toMatch(/accepted +the nearest: mirage 4\.9\.0, 4\.10\.1, 4\.10\.2\n/);
    expect(shown).not.toContain("mirage-version");
    expect(matrix("header-too-old")).toContain("config.ml line 1 asks mirage >= 4.5.0 & < 4.6.0");
  });

  test("a lock of versions that are no longer released: required, an error that names it; otherwise a notice", () => {
    const lock = "lock file mirage/hello-hvt.opam.locked asks";
    const shown = refused("lock-outside-table", "--lock", "require");
    expect(shown).toContain(`Error: ${lock} mirage 4.5.1, which opam-repository has archived\n`);
    expect(shown).toContain(`${lock} solo5 0.8.1, which opam-repository has archived\n`);
    expect(shown).not.toMatch(/(?:mirage|solo5)-version/);
    const ignored = `Notice: ${lock} mirage 4.5.1, which opam-repository has archived; the lock file is ignored\n`;
    expect(setup("lock-outside-table")).toContain(ignored);
    expect(matrix("lock-outside-table")).toContain(ignored);
  });
});
