import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mountPoints, openMounts } from "../../src/platform/files/mount.js";
import { processes } from "../../src/platform/process/process.js";
import { findProgram } from "../../src/platform/process/programs.js";
import { readInstalled, readInstalledEntries, changedEntries } from "../../src/toolchain/store/installed.js";
import { toolchainsFolder } from "../../src/toolchain/store/place.js";
import { publishToolchain } from "../../src/toolchain/store/publish-archive.js";
import { collectingLog } from "../collecting-log.js";
import { treeHash } from "../tree-hash.js";
import { checkout } from "./job.js";
import { writeOpamRepository } from "./opam-repository.js";
import { type GivenInputs, hostIn } from "./set-up.js";
import { skipNote } from "../skip-note.js";

// What a project does to its toolchain, with real opam, in jobs with their own processes, as root and as a user.

const root = join(import.meta.dirname, "../..");
const isRoot = process.getuid?.() === 0;
/** The user id of `nobody` on Linux. */
const nobody = 65_534;

let machine: string;
let repositories: string;

beforeAll(() => {
  machine = mkdtempSync(join(tmpdir(), "unikernel-ci-copies-"));
  repositories = `test: ${writeOpamRepository(join(machine, "repository"))}`;
  mkdirSync(join(machine, "overlays/packages/more-words/more-words.1"), { recursive: true });
  mkdirSync(join(machine, "overlays/sources/more-words"), { recursive: true });
  writeFileSync(join(machine, "overlays/repo"), 'opam-version: "2.0"\n');
  writeFileSync(join(machine, "overlays/sources/more-words/words.txt"), "words of an overlay\n");
  writeFileSync(
    join(machine, "overlays/packages/more-words/more-words.1/opam"),
    `opam-version: "2.0"\nurl { src: "file://${machine}/overlays/sources/more-words" }\n`,
  );
});
afterAll(() => rmSync(machine, { recursive: true, force: true }));

/** All cached toolchains of a machine, without the records of their last use. */
const cachedHash = (folder: string) =>
  treeHash(toolchainsFolder(join(folder, "tools/unikernel-ci")), (name) => name === "toolchain-user");

async function runJob(
  folder: string,
  user: number,
  given: GivenInputs & { readonly only?: "setup"; readonly on?: string },
): Promise<string> {
  const inputs = { "ocaml-version": "5.4.1", "opam-repositories": repositories, ...given };
  const script = [process.execPath, "--import", "tsx", join(root, "test/integration/job.ts")] as const;
  const asUser = user === 0 || !isRoot ? [] : ["setpriv", `--reuid=${user}`, `--regid=${user}`, "--clear-groups"];
  const [first, ...rest] = [...asUser, ...script, folder, JSON.stringify(inputs)];
  const env = { ...process.env, HOME: folder, TMPDIR: folder } as Record<string, string>;
  const { exitCode, stdout, stderr } = await processes.run([first, ...rest], { env, cwd: root });
  if (exitCode !== 0) throw new Error(`the job failed:\n${stdout}\n${stderr}`);
  return stdout;
}

function giveTo(user: number, folder: string): void {
  if (!isRoot) return;
  chownSync(folder, user, user);
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    const path = join(folder, name);
    if (!lstatSync(path).isSymbolicLink()) chownSync(path, user, user);
  }
}

const mirage = {
  "config.ml": '(* mirage >= 4.11.0 & < 4.12.0 *)\nopen Mirage\nlet () = register "www" [ main ]\n',
  "unikernel.ml": 'let () = print_endline "%more-words%"\n',
};
const project = { "www.ml": 'let () = print_endline "hello"\n' };
const opamFile = `opam-version: "2.0"
synopsis: "A unikernel"
maintainer: "nobody"
authors: "nobody"
homepage: "https://example.org"
bug-reports: "https://example.org"
depends: [ "ocaml-solo5" "library" ]
build: ["sh" "-e" "-c" "ocamlfind -toolchain solo5 ocamlopt -cclib \\"-z solo5-abi=spt\\" www.ml -o www.img"]
install: ["install" "-D" "www.img" "%{bin}%/www.spt"]
`;
/** Every change that a hook might make to the toolchain, and the packages that an image needs. */
const hooks = `opam install --yes library
opam reinstall --yes dune
opam repository add more "$MORE"
rm -rf "$OPAM_SWITCH_PREFIX/share" "$OPAM_SWITCH_PREFIX/doc"
for file in "$OPAM_SWITCH_PREFIX"/bin/* "$OPAM_SWITCH_PREFIX"/lib/findlib.conf.d/*; do
  test ! -f "$file" || { test -w "$file" || chmod u+w "$file"; echo "# in place" >> "$file"; }
done
test -e "$OPAM_SWITCH_PREFIX/.opam-switch/packages/library.1/opam"
ocamlfind -toolchain solo5 ocamlopt -cclib "-z solo5-abi=spt" www.ml -o "$OUT/www.spt"`;

const jobs: readonly [string, Readonly<Record<string, string>>, () => GivenInputs][] = [
  [
    "a mirage project with repositories of its own",
    mirage,
    () => ({ target: "hvt", "extra-repos": `mine: file://${machine}/overlays` }),
  ],
  ["a project that opam installs, with what it needs", { ...project, "www.opam": opamFile }, () => ({ target: "spt" })],
  [
    "a command that installs, adds a repository, removes and writes in place",
    project,
    () => ({ target: "spt", "build-system": "command", "build-command": `MORE=file://${machine}/overlays\n${hooks}` }),
  ],
];

const users: readonly (readonly [string, number])[] = isRoot
  ? [
      ["root", 0],
      ["an ordinary user without sudo", nobody],
    ]
  : [["this user", 0]];

describe.each(users)("a job of %s", (_, user) => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(machine, "machine-"));
    chmodSync(machine, 0o755);
  });

  it.each(jobs)("leaves the cached toolchains as they were: %s", async (_name, files, given) => {
    rmSync(join(folder, "checkout"), { recursive: true, force: true });
    checkout(folder, files);
    giveTo(user, folder);
    // The first job builds the toolchain; files of its smoke test exist before any project.
    const setUp = () => runJob(folder, user, { ...given(), only: "setup" });
    const copy = /^job's copy: .* \((.*)\)$/m.exec(await setUp())?.[1] ?? "";
    // Without a copy the cached toolchain shows it.
    const [cached, fresh] = [cachedHash(folder), existsSync(copy) && treeHash(copy)];
    await runJob(folder, user, given());
    expect(cachedHash(folder)).toBe(cached);
    expect(treeHash(copy)).not.toBe(fresh);
    await setUp();
    expect(treeHash(copy)).toBe(fresh);
  });
});

const mounts = await openMounts({ host: hostIn(tmpdir()), log: collectingLog([]), processes });
const hasPacker = findProgram("mksquashfs", process.env["PATH"]) !== undefined;
const cannotMount = mounts === undefined ? "this user cannot mount" : hasPacker ? undefined : "mksquashfs is missing";

describe.each([
  ["unpacked", false, "not used: changed by this job"],
  ["mounted", true, "changed by this job: mounted again without the changes"],
] as const)("a job of a runner that is thrown away, whose toolchain is %s", (_, withImage, madeAgain) => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(machine, "hosted-"));
  });
  afterAll(async () => {
    for (const point of mountPoints(folder)) await mounts?.unmount(point, "detach");
    await mounts?.remove(folder);
  });

  const cannot = withImage ? cannotMount : undefined;

  it.skipIf(cannot !== undefined).each([
    ["of additions and opam's notes", 0, /^tool cache: removed what this job added, [1-9]\d* files restored in/m],
    ["of any change", 2, new RegExp(`^tool cache: ${madeAgain}`, "m")],
  ] as const)(
    `has it itself, and the next set-up makes it what it was: %s${skipNote(cannot)}`,
    async (_name, index, how) => {
      const [, files, given] = jobs[index] ?? [];
      if (files === undefined || given === undefined) throw new Error("no such job");
      const builder = mkdtempSync(join(machine, "builder-"));
      for (const one of [builder, folder]) {
        rmSync(join(one, "checkout"), { recursive: true, force: true });
        checkout(one, files);
      }
      const key = /^key: (.*)$/m.exec(await runJob(builder, 0, { ...given(), only: "setup" }))?.[1] ?? "";
      const built = await readInstalled(join(toolchainsFolder(join(builder, "tools/unikernel-ci")), key));
      if (built === undefined) throw new Error("nothing was built");
      const mirror = join(builder, "mirror");
      await publishToolchain(collectingLog([]), built, mirror, withImage, 1);
      const published = treeHash(mirror);
      const hosted = { ...given(), mirror: `file://${mirror}`, on: "github-hosted" };
      const path = join(toolchainsFolder(join(folder, "tools/unikernel-ci")), key);
      const hash = () => treeHash(path, (name) => name === "toolchain-user");
      const setUp = () => runJob(folder, 0, { ...hosted, only: "setup" });

      expect(await setUp()).toMatch(/^toolchain: the cached one itself/m);
      expect(mountPoints(path)).toHaveLength(Number(withImage));
      const fresh = hash();
      await runJob(folder, 0, hosted);
      expect(hash()).not.toBe(fresh);
      expect(treeHash(mirror)).toBe(published);
      expect(await setUp()).toMatch(how);
      expect(hash()).toBe(fresh);
      expect(await changedEntries(path, (await readInstalledEntries(path)) ?? [])).toEqual([]);
      expect(mountPoints(path)).toHaveLength(Number(withImage));
      expect(await setUp()).toMatch(/^tool cache: hit/m);
    },
  );
});
