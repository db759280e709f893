import { readFileSync, utimesSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it, test } from "vitest";
import { conflictLines, tellingConflicts } from "../../../../src/toolchain/opam/conflict.js";
import { readOpamFailure } from "../../../../src/toolchain/opam/failure.js";
import { explainOpam, installProblem } from "../../../../src/toolchain/opam/opam-problem.js";
import { folderWith } from "../../project/fixtures.js";

const outputs = resolve(import.meta.dirname, "../../../fixtures/opam");
const outputOf = (name: string) => readFileSync(join(outputs, `${name}.txt`), "utf8");
const place = {
  backend: "solo5",
  versions: { ocaml: "5.4.1", solo5: "0.12.1", "ocaml-solo5": "1.3.2", mirage: "4.11.1" },
} as const;
const explain = (output: string, root?: string) => explainOpam({ ...place, output, root });

/** For system packages that apt does not know. */
const lacking = [
  "sudo apt-get update && sudo apt-get install libnosuch-capnp-dev nosuchpkg-capnp",
  "if apt does not find them either: add a source that has them, use a newer system, " +
    "or correct the names in `depexts` of the opam file",
];

const archive = [
  "old versions are moved to an archive: " +
    "add the line `archive: git+https://github.com/ocaml/opam-repository-archive` to `opam-repositories`",
  "or go back to a commit that had it: `default: git+https://github.com/ocaml/opam-repository#<commit>`",
];

describe("the output of real opam becomes", () => {
  it("an OCaml that a package does not support: which package wants which OCaml, and a version that fits", async () => {
    expect(await explain(outputOf("deep"))).toEqual({
      what: "no version of OCaml suits both the toolchain and deep",
      facts: {
        because: ["wants-old-ocaml wants ocaml < 5.0, and the toolchain has OCaml 5.4.1"],
        evidence: [
          "no agreement on the version of ocaml:",
          "  the toolchain -> ocaml-base-compiler = 5.4.1 -> ocaml = 5.4.1",
          "  deep -> wants-old-ocaml -> ocaml < 5.0",
        ],
        do: ["set `ocaml-version: 4.14.4`, or relax that constraint"],
      },
      wholeLog: undefined,
    });
  });

  it("a cross compiler for another OCaml: the OCaml that it wants", async () => {
    const { facts, what } = (await explain(outputOf("newer-solo5"))) ?? {};
    expect(what).toBe("no version of OCaml suits both the toolchain and ocaml-solo5");
    expect(facts?.because).toEqual(["ocaml-solo5 wants ocaml >= 5.5.0, and the toolchain has OCaml 5.4.1"]);
    expect(facts?.do).toEqual(["set `ocaml-version: 5.5.0`, or relax that constraint"]);
  });

  it("a constraint on mirage: a mirage that satisfies it", async () => {
    const { facts, what } = (await explain(outputOf("old-mirage"))) ?? {};
    expect(what).toBe("no opam repository has mirage < 4.10");
    expect(facts?.because).toEqual(["the project wants mirage < 4.10, and the toolchain has mirage 4.11.1"]);
    expect(facts?.do).toEqual(["set `mirage-version: 4.9.0`, or relax that constraint"]);
  });

  it.each<[string, string | undefined]>([
    ["(>= 4.14.0 & != 5.5.0 & != 5.4.1)", "5.4.0"],
    ["(!= 5.5.0)", "5.4.1"],
    // opam's order: the prereleases of 5.4 are below 5.4, and 5.04 is 5.4.
    ["(< 5.4~ | = 4.14.4)", "5.3.0"],
    ["(>= 5.04 & < 5.04.1)", "5.4.0"],
    // `&` binds tighter than `|`.
    ["(= 5.2.1 | > 5.0 & < 5.2)", "5.2.1"],
    ["= 5.3.0", "5.3.0"],
    ["> 5.5.0", undefined],
  ])("a demand of any form: ocaml %s", async (demand, version) => {
    const output = outputOf("deep").replace("ocaml < 5.0", () => `ocaml ${demand}`);
    expect((await explain(output))?.facts).toMatchObject({
      because: [`wants-old-ocaml wants ocaml ${demand}, and the toolchain has OCaml 5.4.1`],
      do: [
        version === undefined
          ? "relax that constraint: no released OCaml that satisfies it works with a solo5 toolchain"
          : `set \`ocaml-version: ${version}\`, or relax that constraint`,
      ],
    });
  });

  it("two compilers: that they exclude each other", async () => {
    const { facts, what } = (await explain(outputOf("two-compilers"))) ?? {};
    expect(what).toBe("ocaml-solo5 and ocaml-solo5-cross-aarch64 cannot be installed together");
    expect(facts?.because).toEqual(["one switch cannot hold the compilers for two architectures"]);
  });

  it.each([
    ["archived", "no opam repository has a package gone"],
    ["nowhere", "no opam repository has a package nowhere"],
  ])("a package that was archived: where it is now (%s)", async (name, what) => {
    expect(await explain(outputOf(name))).toMatchObject({ what, facts: { do: archive } });
  });

  it("a withdrawn version: the existing ones", async () => {
    const { facts, what } = (await explain(outputOf("withdrawn"))) ?? {};
    expect(what).toBe("no opam repository has ocaml-solo5.1.3.1");
    expect(facts?.because?.[0]).toMatch(
      /^it was withdrawn, or is newer than this table: ocaml-solo5 0\.8\.5, .*1\.2\.2, 1\.3\.2/,
    );
    expect(facts?.do?.[0]).toBe("choose another with `ocaml-solo5-version`, or leave it unset");
  });

  it.each([
    ["elsewhere", "elsewhere"],
    ["elsewhere-2.6", "notthis"],
  ])("a package for another system: its condition (%s)", async (name, one) => {
    expect(await explain(outputOf(name))).toMatchObject({
      what: `the opam package ${one} is not for this system`,
      facts: { evidence: [`${one} is available where: os = "macos"`] },
    });
  });

  it.each([
    ["depexts-unavailable-2.1", "conf-capnproto"],
    ["depexts-unavailable", "conf-missing"],
    ["depexts-unavailable-folded", "conf-missing"],
    ["depexts-unavailable-direct-folded", "conf-missing"],
  ])("system packages that the system’s sources lack: their names, and apt’s command (%s)", async (name, asker) => {
    expect(await explain(outputOf(name))).toEqual({
      what: `system packages are unavailable: libnosuch-capnp-dev nosuchpkg-capnp (for ${asker})`,
      facts: { because: ["the package sources of this system lack them, or were never read"], do: lacking },
      wholeLog: undefined,
    });
  });

  it.each(["depexts-several-2.6", "depexts-several-2.1-folded"])("all of several requests: %s", async (name) => {
    const { what } = (await explain(outputOf(name))) ?? {};
    expect(what).toBe(
      "system packages are unavailable: " +
        "libnosuch-capnp-dev nosuchpkg-capnp libnosuch-one-dev (for conf-missing, conf-one)",
    );
  });

  it("unavailable system packages among other conflicts: all of them", async () => {
    const output = outputOf("depexts-unavailable").replace(
      "\nNo solution",
      "  * No agreement on the version of x:\n    - (invariant) -> x = 1\n    - www -> x >= 2\n\nNo solution",
    );
    const { what, facts } = (await explain(output)) ?? {};
    expect(what).toBe("system packages are unavailable: libnosuch-capnp-dev nosuchpkg-capnp (for conf-missing)");
    expect(facts?.evidence).toContain("  www -> x >= 2");
    expect(facts?.do).toEqual(lacking);
  });

  it.each(["apt-fails-2.1", "apt-fails-2.6"])("an apt that fails: its error, and the command (%s)", async (name) => {
    const { what, facts } = (await explain(outputOf(name))) ?? {};
    expect(what).toBe("system packages could not be installed: libaa1-dev sl");
    expect(facts).toEqual({
      evidence: ["Reading package lists...", "E: Unable to locate package sl"],
      do: ["sudo apt-get update && sudo apt-get install -qq -yy libaa1-dev sl"],
    });
  });

  it.each(["depexts-not-allowed-2.1", "depexts-not-allowed-2.6"])(
    "an opam that must not install system packages: the command (%s)",
    async (name) => {
      const { what, facts } = (await explain(outputOf(name))) ?? {};
      expect(what).toBe("system packages are missing: libaa1-dev sl");
      expect(facts?.do?.[0]).toBe("sudo apt-get install libaa1-dev sl");
    },
  );

  it("a package that fails where opam leaves system packages alone: the command, or how to find it", async () => {
    const { what, facts } = (await explain(outputOf("depexts-off-2.6-folded"))) ?? {};
    expect(what).toBe("the opam package conf-available.1 does not build");
    expect(facts?.do).toEqual(["sudo apt-get install libaa1-dev sl"]);
    expect((await explain(outputOf("depexts-off-2.1")))?.facts.do?.[0]).toContain(
      "`opam show --field=depexts conf-available`",
    );
  });

  it.each(["sandbox-refused-2.1", "sandbox-refused-2.6", "sandbox-init"])(
    "a sandbox that the machine refuses: bwrap’s error, not the package’s (%s)",
    async (name) => {
      const { what, facts } = (await explain(outputOf(name))) ?? {};
      expect(what).toBe("opam’s sandbox does not work on this machine");
      expect(facts?.evidence?.[0]).toMatch(/^bwrap: Creating new namespace failed: .*\(ENOSPC\)$/);
      expect(facts?.do?.[0]).toMatch(/^`opam init --disable-sandboxing`/);
    },
  );

  it("a missing bwrap, but not a program that bwrap misses", async () => {
    expect((await explain(outputOf("sandbox-missing")))?.what).toBe(
      "opam’s sandbox needs bwrap, which is not installed",
    );
    const output = outputOf("sandbox-refused-2.1").replace(
      /bwrap: .*/,
      "bwrap: execvp dune: No such file or directory",
    );
    expect((await explain(output))?.what).toBe("the opam package ok.1 does not build");
  });

  it.each(["no-network-2.1", "no-network-2.6", "no-network-add", "no-network-git-2.1", "no-network-git-2.6"])(
    "a repository whose server is out of reach: its name (%s)",
    async (name) => {
      const { what, facts } = (await explain(outputOf(name))) ?? {};
      expect(what).toBe("opam.invalid cannot be reached");
      expect(facts?.because?.[0]).toMatch(/^its name cannot be resolved$|^Could not resolve host: opam\.invalid$/);
    },
  );

  it("a repository whose server answers with an error is not out of reach", async () => {
    const output = outputOf("no-network-2.6");
    expect(await explain(output.replace("code 6", "code 22"))).toBeUndefined();
    const git = outputOf("no-network-git-2.6").replace(
      /Could not resolve.*"/,
      'The requested URL returned error: 403"',
    );
    expect(await explain(git)).toBeUndefined();
  });

  it("a farewell between the title and the reasons: the reasons", async () => {
    const { what, facts } = (await explain(outputOf("exiting-first"))) ?? {};
    expect(what).toBe("no version of OCaml suits both the toolchain and expect");
    expect(facts?.evidence).toEqual([
      "no agreement on the version of ocaml:",
      "  the toolchain -> ocaml-variants = 4.12.0+trunk -> ocaml >= 4.12.0",
      "  expect >= 0.0.6 -> batteries -> ocaml < 4.00.0",
    ]);
  });

  it("lines that opam folded: whole ones, and a note that stays out of the last chain", async () => {
    expect((await explain(outputOf("folded")))?.facts.evidence).toEqual([
      "no agreement on the version of ocaml-variants:",
      "  the toolchain -> ocaml-variants >= 4.12.0+trunk",
      "  a-very-long-package-name-that-folds -> another-package-with-an-extremely-long-name -> " +
        "ocaml < 4.00.0 -> ocaml-variants < 4.12.0+trunk",
    ]);
  });

  it("a git repository that cannot be fetched: why", async () => {
    expect((await explain(outputOf("no-source-git")))?.facts.evidence?.at(-1)).toMatch(
      /^unable to access .*: Could not resolve host: github\.invalid$/,
    );
  });

  it("a conflict that opam does not explain: that it does not", async () => {
    const { what } = (await explain(outputOf("unexplained"))) ?? {};
    expect(what).toBe("the requested packages conflict, and opam does not say why");
  });

  it("a download that failed: the address, and why", async () => {
    expect(await explain(outputOf("no-source"))).toMatchObject({
      what: "the sources of the opam package no-source.1 could not be downloaded",
      facts: { evidence: ["http://127.0.0.1:9/no-source-1.tar.gz", "Curl failed (it accepts no connection)"] },
    });
  });

  it("sources with another checksum: both checksums, and advice not to bypass the check", async () => {
    const { facts } = (await explain(outputOf("bad-sum"))) ?? {};
    expect(facts?.evidence).toEqual([
      "file:///r/x.tar.gz",
      expect.stringMatching(/^Checksum mismatch: sha256=c76f\w+ instead of sha256=0623\w+$/),
    ]);
    expect(facts?.do?.join()).toContain("do not bypass this check");
  });

  it("a package that does not build: the log that opam names, wherever the root is", async () => {
    const root = await folderWith({
      "log/failing-20526-9c43fc.out": "one\ntwo\nthree\n",
      "log/failing-1-aaaaaa.out": "an older run\n",
    });
    expect(await explain(outputOf("failing"), root)).toEqual({
      what: "the opam package failing.1 does not build",
      facts: { evidence: ["one", "two", "three"] },
      wholeLog: { title: "The whole log of failing.1", lines: ["one", "two", "three"] },
    });
    expect((await explain(outputOf("failing")))?.wholeLog).toBeUndefined();
  });

  it("a package whose failure has stopped opam: its newest log, because there is no report", async () => {
    const root = await folderWith({
      "log/failing-1-aaaaaa.out": "an older run\n",
      "log/failing-too-2-bbbbbb.out": "another package\n",
      "log/failing-3-cccccc.out": "the reason\n",
    });
    utimesSync(join(root, "log/failing-1-aaaaaa.out"), 1, 1);
    const output = '[ERROR] The compilation of failing.1 failed at "sh -c exit 3".\n';
    expect((await explain(output, root))?.facts.evidence).toEqual(["the reason"]);
  });

  it("a lock that opam-monorepo cannot make: the packages in the way, without other compilers", async () => {
    const { facts, what } = (await explain(outputOf("lock"))) ?? {};
    expect(what).toBe("opam-monorepo finds no suitable version of gone and lwt");
    expect(facts?.evidence).toEqual([
      "gone:",
      "  No known implementations at all",
      "lwt:",
      "  www zdev requires < 5.0",
      "  Rejected candidates:",
      "  lwt.6.1.2: Incompatible with restriction: < 5.0",
    ]);
    expect(facts?.do).toEqual(archive);
  });

  describe("a lock that cannot be made", () => {
    const block = (name: string, ...lines: string[]) => [
      `- ${name} -> (problem)`,
      ...lines.map((line) => `    ${line}`),
    ];
    const lock = (...blocks: string[][]) =>
      explain(["opam-monorepo: [ERROR] Can't find all required versions.", ...blocks.flat()].join("\n"));
    const gone = block("gone", "No known implementations at all");
    const split = block(
      "lwt",
      "lwt_ppx 5.9.1 requires not(= 5.6.2)",
      "Rejected candidates:",
      "  lwt.5.6.2: Incompatible with restriction: not(= 5.6.2)",
    );
    const old = block(
      "fmt",
      "www zdev requires < 0.9",
      "Rejected candidates:",
      "  fmt.0.9.0: Incompatible with restriction: < 0.9",
    );
    const tooOld = block("ocaml", "www zdev requires < 5.0", "User requested = 5.4.1");

    it("names packages that no repository has", async () => {
      const { what, facts } = (await lock(gone)) ?? {};
      expect(what).toBe("no opam repository has gone, which opam-monorepo needs");
      expect(facts?.do).toEqual(archive);
    });

    it("names two packages of one source in different archives, and does not suggest opam’s archive", async () => {
      const { what, facts } = (await lock(split)) ?? {};
      expect(what).toBe(
        "opam-monorepo cannot take both lwt.5.6.2 and lwt_ppx.5.9.1: they are different archives of one source",
      );
      expect(facts?.because).toEqual([
        "lwt.5.6.2 and lwt_ppx.5.9.1 share a source repository but come from different archives: " +
          "opam-monorepo pulls each source once",
      ]);
      expect(facts?.do).toEqual([
        expect.stringMatching(/^choose versions of lwt and lwt_ppx that were released together/),
      ]);
    });

    it("reads opam-0install’s negations", async () => {
      const notThis = block("ocaml", "www zdev requires not(= 5.4.1) & < 5.5", "User requested = 5.4.1");
      expect((await lock(notThis))?.facts.do).toEqual(["set `ocaml-version: 5.4.0`, or relax that constraint"]);
    });

    it("lists several causes, each with its remedy", async () => {
      const { what, facts } = (await lock(gone, split, tooOld)) ?? {};
      expect(what).toBe("opam-monorepo finds no suitable version of gone, lwt and ocaml");
      expect(facts?.because).toEqual([
        "www wants ocaml < 5.0, and the toolchain has OCaml 5.4.1",
        expect.stringContaining("lwt.5.6.2 and lwt_ppx.5.9.1"),
        "no opam repository has gone",
      ]);
      expect(facts?.do).toEqual([
        expect.stringContaining("set `ocaml-version: "),
        expect.stringContaining("released together"),
        ...archive,
      ]);
    });

    it("suggests opam’s archive when a constraint excludes all versions", async () => {
      const { what, facts } = (await lock(old)) ?? {};
      expect(what).toBe("opam-monorepo finds no suitable version of fmt");
      expect(facts?.do).toEqual(archive);
    });

    it("attributes a conflict with more than single versions to an opam file", async () => {
      const { facts } = (await lock(block("lwt", "old 1 requires not(< 6)", "Rejected candidates:"))) ?? {};
      expect(String(facts?.because)).not.toContain("one source");
    });
  });

  it("packages without dune: their names, and that overlays have ports", async () => {
    const { facts, what } = (await explain(outputOf("lock-not-dune"))) ?? {};
    expect(what).toBe("dune does not build topkg, solo5, logs and fmt, and opam-monorepo takes only what dune builds");
    expect(facts?.because?.[0]).toContain("overlay repositories");
  });
});

test("the output of a compiler is not a failure of opam", () => {
  expect(readOpamFailure('File "a.ml", line 1:\nError: Unbound module Foo\n')).toBeUndefined();
});

test("UTF-8, folded lines and lists of versions are read and shortened", () => {
  const output = [
    "[ERROR] Package conflict!",
    "  * No agreement on the version of x:",
    "    - (invariant) → ocaml-base-compiler = 5.4.1",
    "    - www → lib (= 1 | = 2 | = 3",
    "      | = 4) → x < 2",
    "    You can temporarily relax the switch invariant with `--update-invariant'",
    "",
    "No solution found, exiting",
  ];
  const failure = readOpamFailure(output.join("\n"));
  if (failure?.kind !== "conflict") throw new Error("no conflict");
  expect(failure.conflicts.flatMap(conflictLines)).toEqual([
    "no agreement on the version of x:",
    "  the toolchain -> ocaml-base-compiler = 5.4.1",
    "  www -> lib (= 1 | … | = 4) -> x < 2",
  ]);
});

test("explanations that only name compilers which were not requested are left out", () => {
  const versionOf = (name: string) =>
    ({
      kind: "version",
      name,
      chains: [
        ["(invariant)", `${name} = 5`],
        ["a", `${name} < 5`],
      ],
      notes: [],
    }) as const;
  const other = {
    kind: "incompatible",
    chains: [
      ["(invariant)", "ocaml-base-compiler = 5"],
      ["a", "ocaml < 5", "ocaml-system"],
    ],
    notes: [],
  } as const;
  const longer = {
    ...versionOf("ocaml"),
    chains: [
      ["(invariant)", "ocaml = 5"],
      ["b", "c", "d", "ocaml < 5"],
    ],
  };
  expect(tellingConflicts([longer, versionOf("ocaml"), versionOf("ocaml-base-compiler"), other])).toEqual([
    versionOf("ocaml"),
  ]);
  expect(tellingConflicts([versionOf("ocaml-base-compiler")])).toHaveLength(1);
});

// The output of opam 2.1 (src/client/opamSolution.ml); no request that fits into a test keeps its solver busy so long.
test("a solver that times out is reported with a remedy", async () => {
  const output = [
    "[ERROR] Sorry, resolution of the request timed out.",
    "        Try to specify a more precise request, use a different solver, or increase the allowed time by setting " +
      "OPAMSOLVERTIMEOUT to a bigger value (currently, it is set to 60.0",
    "        seconds).",
  ].join("\n");
  const problem = await installProblem({ ...place, output, root: undefined }, 20, "opam install x");
  expect(problem.message).toBe("the toolchain cannot be installed: opam found no solution within 60.0 seconds");
  expect(problem.facts.do).toEqual([
    "run the job again: a busy machine needs longer",
    "or ask for fewer packages (`opam-packages`), or for exact versions of them",
  ]);
});

test("the toolchain’s problem keeps the whole log of opam, and the command", async () => {
  const problem = await installProblem(
    { ...place, output: outputOf("archived"), root: undefined },
    31,
    "opam install gone",
  );
  expect(problem.message).toBe("the toolchain cannot be installed: no opam repository has a package gone");
  expect(problem.facts.again).toBe("opam install gone");
  expect(problem.wholeLog?.title).toBe("The whole log of opam");
  expect(problem.wholeLog?.lines).toContain("    unknown package");
  const unknown = await installProblem({ ...place, output: "Killed", root: undefined }, 137, "opam install x");
  expect(unknown.toString()).toBe(
    "opam could not install the toolchain\n  because    it was killed (SIGKILL), as Linux does when memory runs out\n" +
      "  evidence   Killed\n  again      opam install x",
  );
});
