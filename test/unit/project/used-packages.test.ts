import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { useInSwitch, usedPackages } from "../../../src/project/used-packages.js";
import { targets } from "../../../src/targets/targets.js";
import { folderWith, projectIn, toolchainFor } from "./fixtures.js";

// In the format of opam-monorepo 0.4.3.
const lock = `opam-version: "2.0"
synopsis: "opam-monorepo generated lockfile"
depends: [
  "duration" {= "0.3.1" & ?vendor}
  "ipaddr" {= "5.6.2" & ?vendor}
  "ocaml" {= "5.4.1"}
]
pin-depends: [
  ["duration.0.3.1" "https://user:secret@example.org/duration-0.3.1.tbz"]
  ["ipaddr.5.6.2" "git+https://example.org/ipaddr.git#abc"]
  ["macaddr.5.6.2" "git+https://example.org/ipaddr.git#abc"]
  ["evil.1" "https://example.org/evil.tbz"]
]
x-opam-monorepo-duniverse-dirs: [
  [
    "https://user:secret@example.org/duration-0.3.1.tbz"
    "duration"
    [
      "sha256=e704282bc8fe7abefddb1aa76cb914dd08aeb12513b81064a257f362f2023b86"
    ]
  ]
  ["git+https://example.org/ipaddr.git#abc" "ocaml-ipaddr"]
  ["https://example.org/evil.tbz" "../../etc"]
]
x-opam-monorepo-version: "0.3"
`;

describe("a package of the switch", () => {
  test.each([
    ["ocaml-solo5", "solo5", "mirage", true, "image"],
    ["ocaml-src", "solo5", "mirage", false, "image"],
    ["ocaml-solo5-cross-aarch64", "solo5", "dune", true, "image"],
    ["ocaml-unikraft-backend-qemu-x86_64", "unikraft", "dune", false, "image"],
    ["ocaml-base-compiler", "host", "dune", true, "image"],
    ["ocaml-base-compiler", "solo5", "dune", true, "tool"],
    ["fmt", "solo5", "mirage", true, "tool"],
    ["fmt", "solo5", "dune", true, "unknown"],
    ["topkg", "solo5", "dune", true, "tool"],
    ["conf-libseccomp", "solo5", "opam", false, "tool"],
  ] as const)("%s for %s built by %s", (name, backend, buildSystem, isLibrary, use) => {
    expect(useInSwitch(name, backend, buildSystem, isLibrary)).toBe(use);
  });
});

test("the packages of a mirage build have no credentials, and are in the image if built for the target", async () => {
  const directory = await folderWith({
    "config.ml": "",
    "mirage/www-hvt.opam.locked": lock,
    "duniverse/duration/duration.opam": 'license: "ISC"',
    "duniverse/ocaml-ipaddr/ipaddr.opam": "",
    "_build/solo5/duniverse/duration/duration.a": "",
  });
  const path = await folderWith({
    "opam/toolchain/.opam-switch/packages/solo5.0.12.1/opam":
      'license: "ISC"\nurl { src: "https://me@example.org/s.tgz" checksum: "sha256=00" }',
    "opam/toolchain/.opam-switch/packages/fmt.0.11.0/opam": 'license: "ISC"',
    "opam/toolchain/.opam-switch/packages/cache": "",
    "opam/toolchain/lib/fmt/fmt.a": "",
  });
  const project = projectIn(directory, "mirage");
  const used = await usedPackages(project, targets.hvt, { ...toolchainFor("x86_64", "solo5"), path });
  expect(used).toEqual([
    { name: "fmt", version: "0.11.0", from: "opam", use: "tool", source: null, hashes: [], licenses: ["ISC"] },
    {
      name: "solo5",
      version: "0.12.1",
      from: "opam",
      use: "image",
      source: "https://example.org/s.tgz",
      hashes: ["sha256=00"],
      licenses: ["ISC"],
    },
    {
      name: "duration",
      version: "0.3.1",
      from: "duniverse",
      use: "image",
      source: "https://example.org/duration-0.3.1.tbz",
      hashes: ["sha256=e704282bc8fe7abefddb1aa76cb914dd08aeb12513b81064a257f362f2023b86"],
      licenses: ["ISC"],
    },
    {
      name: "ipaddr",
      version: "5.6.2",
      from: "duniverse",
      use: "tool",
      source: "git+https://example.org/ipaddr.git#abc",
      hashes: [],
      licenses: [],
    },
    {
      name: "macaddr",
      version: "5.6.2",
      from: "duniverse",
      use: "tool",
      source: "git+https://example.org/ipaddr.git#abc",
      hashes: [],
      licenses: [],
    },
  ]);
  const ofDune = await usedPackages(projectIn(directory, "dune"), targets.hvt, {
    ...toolchainFor("x86_64", "solo5"),
    path,
  });
  expect(ofDune.map(({ name, use }) => [name, use])).toEqual([
    ["fmt", "unknown"],
    ["solo5", "image"],
  ]);
  expect(
    await usedPackages(project, targets.hvt, { ...toolchainFor("x86_64", "solo5"), path: join(path, "gone") }),
  ).toHaveLength(3);
});

test("the code of the project’s own package, which opam installed, is in the image", async () => {
  const directory = await folderWith({ "www.opam": "" });
  const path = await folderWith({ "opam/toolchain/.opam-switch/packages/www.dev/opam": 'license: "GPL-3.0-only"' });
  const used = await usedPackages(projectIn(directory, "opam"), targets.hvt, {
    ...toolchainFor("x86_64", "solo5"),
    path,
  });
  expect(used).toMatchObject([{ name: "www", version: "dev", use: "image" }]);
});
