import { describe, expect, it } from "vitest";
import { configureWords, parseTargets } from "../../../src/matrix/list.js";
import { targetNames } from "../../../src/targets/targets.js";

const hvt = {
  line: 1,
  target: "hvt",
  architecture: "x86_64",
  ocaml: undefined,
  variant: undefined,
  configureArgs: undefined,
  runner: undefined,
  directory: undefined,
  configFile: undefined,
};

describe("the list of targets", () => {
  it("has an entry for each architecture of a line, in their order", () => {
    const { entries, faults } = parseTargets("hvt aarch64 x86_64\r\nspt x86_64");
    expect(faults).toEqual([]);
    expect(entries.map(({ line, target, architecture }) => [line, target, architecture])).toEqual([
      [1, "hvt", "aarch64"],
      [1, "hvt", "x86_64"],
      [2, "spt", "x86_64"],
    ]);
  });

  it.each([
    ["amd64", "x86_64"],
    ["x64", "x86_64"],
    ["arm64", "aarch64"],
  ])("takes %s for %s", (word, architecture) => {
    expect(parseTargets(`hvt ${word}`).entries).toEqual([{ ...hvt, architecture }]);
  });

  it("takes options in any order, for every architecture of the line", () => {
    const options = {
      ocaml: ">=5.3 <5.5",
      variant: "with_net.1",
      configureArgs: "--dhcp --tls=false",
      runner: "aarch64",
    };
    const { entries } = parseTargets(
      'unikraft-qemu ocaml=">=5.3 <5.5" x86_64 variant=with_net.1 arm64 ' +
        "configure-args='--dhcp --tls=false' runner=arm64",
    );
    expect(entries).toEqual([
      { ...hvt, ...options, target: "unikraft-qemu" },
      { ...hvt, ...options, target: "unikraft-qemu", architecture: "aarch64" },
    ]);
  });

  it("takes a prerelease in opam’s notation", () => {
    expect(parseTargets("hvt x86_64 ocaml=5.6.0~beta1").entries).toEqual([{ ...hvt, ocaml: "5.6.0~beta1" }]);
  });

  it("skips blank lines and comments, but counts them", () => {
    expect(parseTargets("# all of them\n\n   \nhvt x86_64 # not arm64").entries).toEqual([{ ...hvt, line: 4 }]);
  });

  it("tells a comment from a # inside a word or quotes", () => {
    const words = (line: string) => parseTargets(line).entries.map((entry) => configureWords(entry));
    expect(words('hvt x86_64 configure-args="--name=a # b"')).toEqual([["--name=a", "#", "b"]]);
    expect(words('hvt x86_64 configure-args="# b"')).toEqual([["#", "b"]]);
    expect(words("hvt x86_64 configure-args=--name=a#b")).toEqual([["--name=a#b"]]);
    expect(words('hvt x86_64 configure-args="--name=\'a \\" # b\'" # "')).toEqual([['--name=a " # b']]);
  });

  it("expands nothing", () => {
    expect(parseTargets('hvt x86_64 configure-args="--a=$HOME `id`"').entries[0]?.configureArgs).toBe("--a=$HOME `id`");
  });
});

describe("an error", () => {
  const options = "ocaml=…, variant=…, configure-args=…, runner=…, directory=…, config-file=…";
  const architectures = "x86_64, amd64, x64, aarch64, arm64";

  it.each([
    ["hvtt x86_64", '"hvtt" is not a target; did you mean hvt?', [expect.stringContaining(targetNames.join(", "))]],
    ["hvt", "hvt has no architecture", [architectures]],
    ["hvt riscv64", '"riscv64" is neither an architecture nor an option', [architectures, options]],
    ["hvt x86_64 arch=arm64", '"arch=arm64" is neither an architecture nor an option', [architectures, options]],
    ["hvt x86_64 ocaml=newest", 'ocaml: "newest" is not accepted', [expect.stringContaining("or none")]],
    ["hvt x86_64 ocaml=5.6~", 'ocaml: "5.6~" is not accepted', [expect.stringContaining("or none")]],
    ["hvt x86_64 ocaml=", 'ocaml: "" is not accepted', [expect.stringContaining("or none")]],
    ["hvt x86_64 ocaml=5.4.1 ocaml=5.5.0", "ocaml is given twice", []],
    ["hvt x86_64 variant=a/b", 'variant: "a/b" is not accepted', [expect.stringContaining("up to 40 letters")]],
    [
      `hvt x86_64 variant=${"a".repeat(41)}`,
      `variant: "${"a".repeat(41)}" is not accepted`,
      [expect.stringContaining("up to 40 letters")],
    ],
    ["hvt x86_64 configure-args=", 'configure-args: "" is not accepted', [expect.stringContaining("mirage configure")]],
    [
      'hvt x86_64 configure-args="\'a"',
      'configure-args: "\'a" is not accepted',
      [expect.stringContaining("mirage configure")],
    ],
    [
      "hvt x86_64 runner=ubuntu-24.04",
      'runner: "ubuntu-24.04" is not accepted',
      [expect.stringContaining("x86_64, amd64")],
    ],
    ['hvt "x86_64', "a quote is not closed, or nothing follows a backslash", ["words quoted as in a shell"]],
    ["hvt x86_64 \\", "a quote is not closed, or nothing follows a backslash", ["words quoted as in a shell"]],
  ])("is found in %j", (line, what, accepted) => {
    expect(parseTargets(`\n${line}`)).toEqual({ entries: [], faults: [{ line: 2, what, accepted }] });
  });

  it("is reported for a line that would take minutes to split", () => {
    const faults = [{ line: 1, what: "the line is too long", accepted: ["up to 131072 characters per line"] }];
    expect(parseTargets(`hvt x86_64 ${'""'.repeat(65_536)}`)).toEqual({ entries: [], faults });
  });

  it("hides neither other errors nor valid lines", () => {
    const { entries, faults } = parseTargets("hvtt x86_64\nhvt riscv64 x=1\nspt x86_64");
    expect(faults.map(({ line }) => line)).toEqual([1, 2, 2]);
    expect(entries.map(({ line }) => line)).toEqual([3]);
  });
});
