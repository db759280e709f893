import { describe, expect, it } from "vitest";
import { ciJobs } from "../../../src/init/ci-scripts.js";
import { compose, lineOf, sharePlace } from "../../../src/init/compose.js";
import { oldBuilds, toolsOf } from "../../../src/init/old-builds.js";
import { commandsIn } from "../../../src/init/shell-commands.js";
import { findUnikernels } from "../../../src/init/unikernels.js";
import { treeOf } from "./trees.js";

const configuration = 'open Mirage\nlet () = register "x" [ main "Unikernel" job ]\n';
const mirageIn = (folder: string) => ({ [`${folder}config.ml`]: configuration, [`${folder}unikernel.ml`]: "" });
const composed = (files: Readonly<Record<string, string>>) => {
  const tree = treeOf(files);
  return compose(findUnikernels(tree, "").chosen, ciJobs(tree), [], tree);
};
const linesOf = (files: Readonly<Record<string, string>>) => {
  const { rows } = composed(files);
  return rows.map((row) => lineOf(row, !sharePlace(rows)));
};

describe("the commands of a script", () => {
  it("are those of lists, with the folder that cd chose, without what only prepares them", () => {
    const script =
      "eval `opam env` && cd a && sudo make x; A=1 opam exec -- mirage configure -t 'hv t' # no\n" +
      "(cd ../b && ls) || pwd";
    expect(commandsIn(script).map(({ words, folder, line }) => [words.join(" "), folder, line])).toEqual([
      ["make x", "a", 0],
      ["mirage configure -t hv t", "a", 0],
      ["ls", "b", 1],
      ["pwd", "a", 1],
    ]);
  });

  it("include those of a quoted script, of continued lines, and of each round of a loop", () => {
    const script =
      "CMD opam exec -- sh -exc 'mirage configure \\\n  -t xen && make depend'\n" +
      "for U in a b ; do\ncd $U\nmake\ncd ..\ndone";
    const words = commandsIn(script).map(({ words: of, folder }) => `${folder}:${of.join(" ")}`);
    expect(words).toEqual([":mirage configure -t xen", ":make depend", ":for U in a b", "a:make", "b:make", ":done"]);
  });

  it("are found behind any number of words that only prepare them", () => {
    expect(commandsIn(`${"sudo ".repeat(20_000)}ls`)[0]?.words).toEqual(["ls"]);
  });

  it("read an expression of a workflow as one variable", () => {
    expect(commandsIn("mirage configure -t ${{ matrix.mode }}")[0]?.words).toEqual([
      "mirage",
      "configure",
      "-t",
      "$mode",
    ]);
  });
});

describe("the old CI", () => {
  it("decides folder, target, OCaml and arguments, one line for each of its builds", () => {
    const task = (name: string, args: string) => `${name}_task:
  ocaml_script: opam init -a --comp=4.14.3
  configure_script: eval \`opam env\` && cd mirage && mirage configure -t hvt ${args}
  depend_script: eval \`opam env\` && cd mirage && gmake depend
  copy_script: rm -rf mirage/duniverse/cal && cp -R src mirage/duniverse/cal/
  build_script: eval \`opam env\` && cd mirage && gmake build
`;
    const files = {
      "cal.opam": "",
      ...mirageIn("mirage/"),
      ".cirrus.yml": `${task("plain", "")}\n${task("more", "--enable-monitoring --utcp")}`,
    };
    const { rows, inputs } = composed(files);
    expect(rows.map((row) => lineOf(row, false))).toEqual([
      "hvt x86_64 ocaml=4.14.3",
      "hvt x86_64 ocaml=4.14.3 variant=monitoring configure-args='--enable-monitoring --utcp'",
    ]);
    expect(rows[0]).toMatchObject({
      ocaml: { at: ".cirrus.yml line 2" },
      unikernel: { directory: "mirage", configFile: undefined },
    });
    expect(inputs["post-pull"]?.value).toBe("cd ..\nrm -rf mirage/duniverse/cal\ncp -R src mirage/duniverse/cal/");
  });

  it("gives the repositories, pins and overlays of a Dockerfile, and the folder of mirage’s -f", () => {
    const dockerfile = `FROM debian
RUN apt-get update && apt-get install -y git libgmp-dev
RUN opam init --bare https://github.com/ocaml/opam-repository.git#a20cf55
RUN opam switch create my 5.3.0
RUN opam pin add -yn https://github.com/someone/Vpn.git#44076
CMD opam exec -- sh -exc 'mirage configure -t xen -f mirage/config.ml --extra-repos=\\
one:https://example.org/one.git#33,\\
two:https://example.org/two.git#79 && make depend'
`;
    const { rows, inputs, remarks } = composed({ ...mirageIn("mirage/"), Dockerfile: dockerfile });
    expect(rows).toMatchObject([
      {
        target: "xen",
        ocaml: { value: "5.3.0", at: "Dockerfile line 4" },
        unikernel: { directory: "", configFile: "mirage/config.ml" },
      },
    ]);
    expect(inputs).toMatchObject({
      "opam-repositories": { value: "default: git+https://github.com/ocaml/opam-repository.git#a20cf55" },
      "opam-pins": { value: "vpn git+https://github.com/someone/Vpn.git#44076" },
      "extra-repos": { value: "one: git+https://example.org/one.git#33\ntwo: git+https://example.org/two.git#79" },
    });
    expect(remarks.map(({ text }) => text).join()).toContain("Dockerfile line 2 installs libgmp-dev");
  });

  it("gives each target of a matrix, in the job’s default folder", () => {
    const workflow = `jobs:
  example:
    strategy: { matrix: { mode: [qubes, unix, virtio] } }
    defaults: { run: { working-directory: example/unikernel } }
    steps:
      - run: opam exec -- mirage configure -t \${{ matrix.mode }}
`;
    const files = { ...mirageIn("example/unikernel/"), ".github/workflows/ci.yml": workflow };
    expect(linesOf(files)).toEqual(["qubes x86_64", "virtio x86_64"]);
    expect(composed(files).remarks.map(({ text }) => text)).toEqual([
      expect.stringContaining("-t unix, which is no unikernel"),
    ]);
  });

  it("gives the targets and versions in variables of Travis to each unikernel", () => {
    const travis =
      "env:\n  matrix:\n" +
      '    - OCAML_VERSION=4.10 HOOK="make ci MODE=spt"\n    - OCAML_VERSION=4.09 HOOK="make ci MODE=unix"\n';
    expect(linesOf({ ...mirageIn("a/"), ...mirageIn("b/"), ".travis.yml": travis })).toEqual([
      "spt x86_64 directory=a ocaml=4.10.x",
      "spt x86_64 directory=b ocaml=4.10.x",
    ]);
  });

  it("gives the newest OCaml of setup-ocaml’s matrix to a unikernel of dune", () => {
    const workflow = `jobs:
  docs: { steps: [ { uses: ocaml/setup-ocaml@v3, with: { ocaml-compiler: 5.3.0 } }, { run: dune build @doc } ] }
  tests:
    strategy: { matrix: { ocaml-version: [5.3.0, 5.4.0] } }
    steps:
      - uses: ocaml/setup-ocaml@v3
        with: { ocaml-compiler: "\${{ matrix.ocaml-version }}" }
      - run: opam install --deps-only -t . && dune build
`;
    const dune = '(executable (name a) (link_flags "-z solo5-abi=hvt"))';
    const { rows } = composed({ "dune-project": "", dune, ".github/workflows/t.yml": workflow });
    expect(rows).toMatchObject([{ target: "hvt", ocaml: { value: "5.4.0", at: ".github/workflows/t.yml line 4" } }]);
  });

  it("names what it cannot carry over", () => {
    const workflow = `jobs:
  build:
    steps:
      - run: |
          opam init -a default http://192.168.0.16
          opam pin add -yn "lwt" "https://example.org/lwt.git#$REV"
`;
    const [job] = ciJobs(treeOf({ ".forgejo/workflows/b.yml": workflow }));
    expect(job && toolsOf(job).remarks).toEqual([
      { input: "opam-repositories", text: ".forgejo/workflows/b.yml line 5: http://192.168.0.16" },
      {
        input: "opam-pins",
        text: ".forgejo/workflows/b.yml line 6: opam pin add lwt https://example.org/lwt.git#$REV",
      },
    ]);
  });

  it("names the commands before mirage that prepare the checkout", () => {
    const script =
      "set -ex\nopam install mirage\necho starting\necho 'version: \"2\"' >> a.opam\nmirage configure -t hvt\n";
    expect(composed({ ...mirageIn(""), "test.sh": script }).remarks).toEqual([
      { input: "pre-configure", text: "test.sh line 4 runs echo 'version: \"2\"' >> a.opam" },
    ]);
  });

  it("is not a workflow that uses this action, nor a makefile that mirage generated", () => {
    const files = {
      ".github/workflows/u.yml":
        "jobs: { a: { steps: [ { uses: x/unikernel-ci@1 }, { run: mirage configure -t spt } ] } }",
      Makefile: "# Generated by mirage.v4\nall:\n\tmirage configure -t spt\n",
    };
    expect(ciJobs(treeOf(files))).toEqual([]);
    expect(oldBuilds(ciJobs(treeOf({ Makefile: "all:\n\tmirage configure -t spt\n" })))).toHaveLength(1);
  });
});
