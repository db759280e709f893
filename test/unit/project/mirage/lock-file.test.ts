import { describe, expect, test } from "vitest";
import { lockDifferences, readLock, toolchainVersions } from "../../../../src/project/mirage/lock-file.js";
import { targets } from "../../../../src/targets/targets.js";
import { lockFilesFor } from "../../../../src/toolchain/toolchain.js";
import { configuredDependencies } from "../../../../src/project/mirage/configured.js";
import { parseOpamFile } from "../../../../src/toolchain/opam/file.js";

// In the format of opam-monorepo 0.4.3.
const lock = readLock(`opam-version: "2.0"
synopsis: "opam-monorepo generated lockfile"
depends: [
  "astring" {= "0.8.5+dune"}
  "base-threads" {= "base"}
  "duration" {= "0.3.1" & ?vendor}
  "fmt" {= "0.11.0+dune" & ?vendor}
  "mirage" {= "4.11.1"}
  "ocaml" {= "5.4.1"}
  "ocaml-solo5" {= "1.3.3"}
  "solo5" {= "0.12.1"}
]
pin-depends: [
  ["duration.0.3.1" "https://example.org/duration-0.3.1.tbz"]
  ["ipaddr.5.6.2" "git+https://example.org/ipaddr.git#abc"]
  ["macaddr.5.6.2" "git+https://example.org/ipaddr.git#abc"]
  ["evil.1" "https://example.org/evil.tbz"]
]
x-opam-monorepo-duniverse-dirs: [
  [
    "https://example.org/duration-0.3.1.tbz"
    "duration"
    [
      "sha256=e704282bc8fe7abefddb1aa76cb914dd08aeb12513b81064a257f362f2023b86"
    ]
  ]
  ["git+https://example.org/ipaddr.git#abc" "ocaml-ipaddr"]
  ["https://example.org/evil.tbz" "../../etc"]
]
`);
const dependencies = (list: string) => configuredDependencies(parseOpamFile(`depends: [ ${list} ]`));

test("a lock has the versions of the toolchain that it was made with", () => {
  expect(toolchainVersions(lock)).toEqual({
    ocaml: "5.4.1",
    solo5: "0.12.1",
    "ocaml-solo5": "1.3.3",
    mirage: "4.11.1",
  });
});

test("a lock names each pulled package with its source, hashes and folder, but no folder outside of duniverse", () => {
  expect(lock.sources.map(({ name, version, directory, hashes }) => [name, version, directory, hashes.length])).toEqual(
    [
      ["duration", "0.3.1", "duration", 1],
      ["ipaddr", "5.6.2", "ocaml-ipaddr", 0],
      ["macaddr", "5.6.2", "ocaml-ipaddr", 0],
    ],
  );
});

test("the lock for a target is the only one with its name", () => {
  const [hvt, spt] = ["mirage/www-hvt.opam.locked", "mirage/www-spt.opam.locked"].map((path) => ({
    path,
    versions: {},
  }));
  const both = [hvt, spt].filter((file) => file !== undefined);
  expect(lockFilesFor(both, targets.spt)).toEqual([spt]);
  expect(lockFilesFor(both, targets.virtio)).toEqual([]);
  expect(lockFilesFor([...both, { path: "mirage/other-spt.opam.locked", versions: {} }], targets.spt)).toEqual([]);
});

describe("a lock", () => {
  test("that matches has no differences, however old its versions are", () => {
    const asked = dependencies(
      '"duration" {?monorepo & < "1.0.0"} "fmt" {?monorepo} "solo5" {build & >= "0.7.5" & < "0.13.0"}',
    );
    expect(lockDifferences(lock, { ocaml: "5.4.1", dependencies: asked })).toEqual([]);
    expect(lockDifferences(lock, { ocaml: undefined, dependencies: asked })).toEqual([]);
  });

  test("is stale when the project uses a package that was only a tool’s dependency: its sources are not pulled", () => {
    expect(
      lockDifferences(lock, {
        ocaml: "5.4.1",
        dependencies: dependencies('"astring" {?monorepo} "base-threads" {?monorepo}'),
      }),
    ).toEqual(["astring: locked 0.8.5+dune as a tool’s dependency, the project needs its sources"]);
  });

  test("is stale for another OCaml, a new package and a changed constraint, and each is listed", () => {
    const asked = dependencies(
      '"duration" {?monorepo & >= "0.4.0"} "lwt" {?monorepo & >= "5.0.0" & < "7.0.0"} "bheap"',
    );
    expect(lockDifferences(lock, { ocaml: "5.5.0", dependencies: asked })).toEqual([
      "ocaml: locked 5.4.1, the toolchain has 5.5.0",
      "duration: locked 0.3.1, the project needs >= 0.4.0",
      "lwt: not locked, the project needs >= 5.0.0 & < 7.0.0",
      "bheap: not locked, the project needs it",
    ]);
  });
});
