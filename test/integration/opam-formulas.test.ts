import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { holds, negated, packagesIn } from "../../src/targets/formula.js";
import { formulaOf } from "../../src/toolchain/opam/dependencies.js";
import { parseOpamFile } from "../../src/toolchain/opam/file.js";
import { reduce } from "../../src/toolchain/opam/filtered-formula.js";

// opam itself judges thousands of generated formulas, each with several versions of two packages, and our reader must
// give the same answers. Each pair is a package of a local repository that also depends on exact versions of `x` and
// `y`: it is installable where the formula holds. One `opam list` judges them all.

const versions = ["0.9", "1.0~beta1", "1.0", "1.0+options", "1.0.1", "1.2.a", "4.14.4", "5.0.0~alpha", "5.0.0", "10"];
/** Also those between and beside the versions that exist, and other spellings of them. */
const bounds = [...versions, "1.0~", "1", "1.00", "1.0.", "2", "4.9~", "5", "5.0", "09", "~", "a"];
const relations = ["=", "!=", ">=", "<=", ">", "<"];

/** Whitespace and comments where opam takes them. */
const blank = fc.constantFrom("", "", "", " ", "  ", "\n", ' (* > "9" *) ', ' # | "x"\n');
const spaced = (...parts: readonly fc.Arbitrary<string>[]) =>
  fc.tuple(...parts.flatMap((part) => [part, blank])).map((texts) => texts.join(""));
const quoted = (text: string) => `"${text}"`;
const word = (...words: readonly string[]) => fc.constantFrom(...words);

const comparison = spaced(
  word(...relations),
  fc.oneof(
    { weight: 9, arbitrary: word(...bounds).map(quoted) },
    { weight: 1, arbitrary: word("version", '"%{version}%"', '"%{version}%.1"') },
  ),
);
const known = ["with-test", "with-doc", "dev", "true", "false", "os", "name", "version"];
const flag = fc.oneof(
  { weight: 6, arbitrary: word(...known) },
  { weight: 2, arbitrary: word("build", "post") },
  { weight: 1, arbitrary: word('"linux"', '"true"') },
);
const tested = spaced(
  word("os", "arch", "version", "name", '"%{os}%"'),
  word(...relations),
  word('"linux"', '"x86_64"', '"arm64"', '"1"', '"p"', '"win32"'),
);
const defined = spaced(word("?"), word("os", "nothing", "with-test", "nothing:installed"));
const leaf = fc.oneof(
  { weight: 8, arbitrary: comparison },
  { weight: 2, arbitrary: flag },
  { weight: 1, arbitrary: tested },
  { weight: 1, arbitrary: defined },
);

const { condition } = fc.letrec<{ condition: string }>((tie) => ({
  condition: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    { weight: 4, arbitrary: leaf },
    { weight: 3, arbitrary: spaced(tie("condition"), word("&", "|"), tie("condition")) },
    { weight: 1, arbitrary: spaced(word("!"), word("("), tie("condition"), word(")")) },
    { weight: 1, arbitrary: spaced(word("!"), leaf) },
    { weight: 1, arbitrary: spaced(word("("), tie("condition"), word(")")) },
  ),
}));

const atom = fc.oneof(
  { weight: 1, arbitrary: word('"x"', '"y"') },
  { weight: 6, arbitrary: spaced(word('"x"', '"x"', '"y"'), word("{"), condition, word("}")) },
);
const { formula } = fc.letrec<{ formula: string }>((tie) => ({
  formula: fc.oneof(
    { depthSize: "xsmall" },
    { weight: 5, arbitrary: atom },
    { weight: 2, arbitrary: spaced(tie("formula"), word("&", "|", " "), tie("formula")) },
    { weight: 1, arbitrary: spaced(word("("), tie("formula"), word(")")) },
  ),
}));

/** One question: a package of the repository. */
interface Question {
  readonly name: string;
  readonly field: "depends" | "conflicts";
  readonly text: string;
  readonly installed: Readonly<Record<string, string>>;
}

const formulas = 3_000;
const pairs = 2;

const questions = fc
  .sample(
    fc.record({
      formula: fc.oneof(
        { weight: 5, arbitrary: formula.map((text) => ["depends", text] as const) },
        { weight: 1, arbitrary: spaced(atom, atom).map((text) => ["conflicts", text] as const) },
      ),
      installed: fc.array(fc.record({ x: word(...versions), y: word(...versions) }), {
        minLength: pairs,
        maxLength: pairs,
      }),
    }),
    { numRuns: formulas, seed: 19 },
  )
  .flatMap(({ formula: [field, text], installed }, at) =>
    installed.map((pair, index): Question => ({ name: `p${at * pairs + index}`, field, text, installed: pair })),
  );

function opamFile({ field, text, installed }: Question): string {
  const exact = Object.entries(installed).map(([name, version]) => `"${name}" {= "${version}"}`);
  const lists =
    field === "depends"
      ? ([["depends", [...exact, `(${text})`]]] as const)
      : ([
          ["depends", exact],
          ["conflicts", [text]],
        ] as const);
  return ['opam-version: "2.0"', ...lists.map(([name, items]) => `${name}: [ ${items.join(" ")}\n]`), ""].join("\n");
}

function ourAnswer({ name, field, text, installed }: Question): boolean {
  const file = parseOpamFile(`${field}: [ ${text}\n]`);
  const variables = { ...everywhere, ...(field === "depends" ? inDepends : {}), name, version: "1" };
  const asked = reduce(formulaOf(file, field), variables);
  if (field === "depends") return holds(asked, (one) => installed[one]);
  return packagesIn(asked).length === 0 || holds(negated(asked), (one) => installed[one]);
}

/** What opam knows in every field. */
const everywhere = { os: "linux", arch: "x86_64" };
/** What it knows in `depends` only. Packages of a repository are neither development versions nor tested. */
const inDepends = { build: "true", post: "true", dev: "false", "with-test": "false", "with-doc": "false" };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "opam-formulas-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function installableInOpam(): ReadonlySet<string> {
  const repository = join(folder, "repository");
  const put = (name: string, version: string, text: string) => {
    const path = join(repository, "packages", name, `${name}.${version}`);
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, "opam"), text);
  };
  for (const name of ["x", "y"]) for (const version of versions) put(name, version, 'opam-version: "2.0"\n');
  for (const question of questions) put(question.name, "1", opamFile(question));
  writeFileSync(join(repository, "repo"), 'opam-version: "2.0"\n');
  const environment = Object.entries(everywhere).map(([name, value]) => `${name}=${value}`);
  const listed = execFileSync(
    "opam",
    ["admin", "list", "--installable", "--short", `--environment=${environment.join(",")}`],
    {
      cwd: repository,
      encoding: "utf8",
      env: {
        PATH: process.env["PATH"],
        HOME: folder,
        OPAMROOT: join(folder, "root"),
        OPAMROOTISOK: "1",
        OPAMCOLOR: "never",
      },
      maxBuffer: 1 << 26,
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  return new Set(listed.split(/\s+/));
}

test(`our reader judges ${formulas} formulas with ${pairs} pairs of versions each as opam does`, () => {
  const installable = installableInOpam();
  const share = questions.filter(({ name }) => installable.has(name)).length / questions.length;
  expect(share).toBeGreaterThan(0.2);
  expect(share).toBeLessThan(0.8);
  const others = questions.filter((question) => ourAnswer(question) !== installable.has(question.name));
  expect(others.slice(0, 20).map((one) => `${opamFile(one)}opam: ${installable.has(one.name)}`)).toEqual([]);
  expect(others).toHaveLength(0);
});
