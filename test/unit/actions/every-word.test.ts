import { describe, expect, it } from "vitest";
import { checkedArtifactName } from "../../../src/artifact/artifact-name.js";
import { collectInputs } from "../../../src/actions/collect-interface.js";
import { type InputDefinition, type InputDefinitions, parseInputs } from "../../../src/actions/definition.js";
import { type InputName, inputs, readInputs, withTarget } from "../../../src/actions/interface.js";
import { matrixInputs } from "../../../src/actions/matrix-interface.js";
import { releaseInputs } from "../../../src/actions/release-interface.js";
import { parseScenarios } from "../../../src/actions/scenarios.js";
import { parseTargets } from "../../../src/matrix/list.js";
import { Problem } from "../../../src/platform/problem.js";
import { publishedArchives } from "../../../src/platform/network/published.js";
import { readTag } from "../../../src/release/images.js";
import { planToolchain } from "../../../src/toolchain/spec.js";
import { parseExtraRepositories } from "../../../src/toolchain/spec-text.js";
import { collectingLog } from "../../collecting-log.js";

/** A well-formed value, and what becomes of it with something more. */
interface Row {
  /** Texts that are refused, each with a word of it that the refusal must show, or what it must advise. */
  readonly refused?: readonly (readonly [text: string, shown: RegExp])[];
  /** Texts that mean the same. */
  readonly same?: readonly (readonly [text: string, as: string])[];
  /** Texts of which every part is in the value. */
  readonly used?: readonly (readonly [text: string, value: unknown])[];
  /** What reads the value later, if its parser is not the last that can refuse a part. */
  readonly later?: (value: never) => unknown;
}

const planned = (name: InputName) => () => {
  const read = (text: string) => {
    const plan = planToolchain(
      withTarget(readInputs((input) => (input === name ? text : undefined))),
      { buildSystem: "dune", description: "" },
      { architecture: "x86_64" },
    );
    const { packages, repositories, pins, cFlags } = plan;
    return { packages, repositories, pins, cFlags };
  };
  return read;
};

const words = (good: string): Row => ({
  used: [
    [`${good}\n'a b'  # c`, [...good.split(" "), "a b", "#", "c"]],
    [`${good} ''`, [...good.split(" "), ""]],
  ],
  refused: [[`${good} 'a`, /'a/]],
});
/** The whole text is the value: a name, a path, a command. */
const whole: Row = { used: [["one two\nthree # four", "one two\nthree # four"]] };
const choice = (word: string, capitals: string): Row => ({
  same: [[capitals, word]],
  refused: [
    [`${word} more`, /more/],
    [`${word},${word}`, /,/],
    [`"${word}"`, /"/],
    [`${word} # why`, /# why/],
  ],
});
const flag: Row = {
  ...choice("true", "tRUE"),
  same: [
    ["TRUE", "true"],
    ["False", "false"],
  ],
  refused: [
    ["yes", /true, false/],
    ["1", /true, false/],
    ["true false", /true false/],
  ],
};
const number = (unit: string): Row => ({
  same: [["007", "7"]],
  refused: [
    ["7 7", /7 7/],
    ["7s", /7s/],
    ["7 MB", new RegExp(unit)],
    ["7.5", /7\.5/],
    ["7 # why", /# why/],
  ],
});
const version = (one: string): Row => ({
  refused: [[`${one}+flambda`, new RegExp(`${one}, with .toolchain-options: flambda`)]],
});
const patterns: Row = {
  used: [["a # b\n c ", [/a # b/u, / c /u]]],
  refused: [["a\n(b", /\(b/]],
};
const entry = (good: string, key: string): Row => ({
  same: [[`# a comment\n\n${good}\n`, good]],
  refused: [
    [`${good} more`, /more/],
    [`${good} # why`, /# why/],
    [`${good}\n${good.replace(/\S+$/, "https://b.example")}`, new RegExp(`${key}|twice`)],
    [`${good}, x: https://b.example`, /b\.example/],
  ],
});
const repositories = entry("a: https://a.example", "a");

const ofARun: Readonly<Record<InputName, Row>> = {
  target: choice("hvt", "HVT"),
  arch: {
    ...choice("x86_64", "X86_64"),
    same: [
      ["X64", "x86_64"],
      ["ARM64", "aarch64"],
    ],
  },
  directory: whole,
  "config-file": whole,
  "build-system": choice("dune", "Dune"),
  "configure-args": words("--a --b=c"),
  lock: choice("require", "Require"),
  "extra-repos": {
    same: [...(repositories.same ?? []), ["None", "none"]],
    refused: [...(repositories.refused ?? []), ["none\na: https://a.example", /none/]],
    later: (lines: readonly string[]) => parseExtraRepositories(lines),
  },
  "duniverse-overlay": {
    used: [["lwt = ../lwt # why", [{ name: "lwt", path: "../lwt # why" }]]],
    refused: [
      ["lwt=../lwt\nlwt=../other", /lwt/],
      ["lwt", /lwt/],
    ],
  },
  "pre-configure": whole,
  "post-pull": whole,
  "post-build": whole,
  "build-command": whole,
  image: whole,
  strip: flag,
  reproducible: flag,
  "expected-sha256": whole,
  "ocaml-version": {
    same: [["None", "none"]],
    refused: [
      ...(version("5.4.1").refused ?? []),
      ["4.14.1+flambda+no-flat-float-array", /4\.14\.1, with .toolchain-options: flambda no-flat-float-array/],
      ["4.14.1+Flambda", /toolchain-options: flambda/],
      ["4.14.1+fp", /\+fp/],
      ["5.x +flambda", /5\.x, with/],
    ],
  },
  "mirage-version": { same: [["AUTO", "auto"]], ...version("4.10.1") },
  "solo5-version": version("0.9.3"),
  "ocaml-solo5-version": version("1.3.2"),
  "ocaml-unikraft-version": version("1.2.0"),
  "opam-repositories": repositories,
  "opam-packages": {
    refused: [
      ["fmt, lwt", /fmt,/],
      ["fmt # why", /"#"/],
      ["fmt ''", /""/],
    ],
  },
  "toolchain-options": {
    same: [["FLAMBDA flambda", "flambda"]],
    refused: [
      ["flambda fp", /fp/],
      ["flambda,no-flat-float-array", /flambda,/],
      ["flambda debug", /debug/],
    ],
  },
  "c-flags": {
    refused: [
      ["-O3 more", /more/],
      ["-O3 '-D A'", /-D A/],
      ["-O3 # why", /"#"/],
    ],
  },
  "opam-pins": {
    refused: [
      ["fmt https://a.example more", /more/],
      ["fmt https://a.example # why", /# why/],
      ["fmt https://a.example\nfmt.1 https://b.example", /fmt/],
    ],
  },
  cache: choice("read-only", "Read-Only"),
  mirror: {
    refused: [
      ["https://a.example https://b.example", /b\.example/],
      ["https://a.example/x\nhttps://b.example", /b\.example/],
      ["https://a.example/x?token=1", /token/],
      ["https://a.example/x#part", /#part/],
    ],
    later: (mirror: string) => publishedArchives(collectingLog([]), "toolchains", { own: [], mirror }).find("key"),
  },
  slim: flag,
  "install-system-packages": flag,
  boot: choice("required", "REQUIRED"),
  accelerator: choice("kvm", "KVM"),
  args: words("--a --b=c"),
  memory: number("MiB"),
  timeout: number("seconds"),
  until: choice("exit", "Exit"),
  settle: number("seconds"),
  expect: patterns,
  forbid: patterns,
  "expect-exit": number("0 to 255"),
  probe: {
    same: [
      ["HTTP://:80/A Status=200", "http://:80/A status=200"],
      ["PING", "ping"],
      ["# a comment\nping", "ping"],
    ],
    refused: [
      ["tcp://:80 more", /more/],
      ["http://:80/ status=200 status=300", /status=300/],
      ["http://:80/ # why", /# why/],
      ["tcp://:80, tcp://:81", /81/],
      ["ping 3", /3/],
      ["tcp://:80/path", /path/],
    ],
  },
  check: choice("help", "Help"),
  net: {
    same: [
      ["TAP Host=10.0.0.1/24", "tap host=10.0.0.1/24"],
      ["NONE", "none"],
    ],
    refused: [
      ["tap more", /more/],
      ["tap user", /tap user/],
      ["auto tap", /auto tap/],
      ["host=10.0.0.1/24 host=10.1.0.1/24", /10\.1/],
      ["outside outside", /outside outside/],
      ["none outside", /none outside/],
      ["tap # why", /# why/],
      ["tap\nuser", /tap/],
      ["a: tap, b: user", /b:/],
    ],
  },
  block: {
    same: [["a: scratch, SIZE=4 MiB", "a: scratch, size=4MiB"]],
    used: [["a: one, two.img, RO", [expect.objectContaining({ path: "one, two.img", readOnly: true })]]],
    refused: [
      ["a: scratch, size=4MiB, more", /more/],
      ["a: scratch, more", /more/],
      ["a: disk.img, ro, more", /more/],
      ["a: disk.img, size=1MiB, size=2MiB", /2MiB/],
      ["a: disk.img, size=64M", /64M/],
      ["a: disk.img, size=4MiB # why", /# why/],
    ],
  },
  repeat: number("1 to 100"),
  scenarios: {
    refused: [
      ["- name: a\n  boot: skip", /boot/],
      ["- name: a\n  Args: x", /Args/],
      ["- name: a\n  args: x\n  args: y", /unique/],
      ["- name: a\n  memory: 64\n  memory : 32", /unique/],
      ["- name: a\n  memory: [64, 32]", /64[^]*32/],
      ["- name: a\n- name: A", /duplicate/],
      ["- name: a\n---\n- name: b", /multiple documents/],
      ["- name: a\n  until: exit soon", /soon/],
      ["- name: a\n  more", /./],
      ["- a", /mapping/],
    ],
    later: (text: string) =>
      parseScenarios(
        text,
        readInputs(() => undefined),
        "input scenarios",
      ),
  },
  "artifact-name": {
    ...whole,
    used: [["one two # three", "one two # three"]],
    later: (name: string) => checkedArtifactName(name),
  },
  artifact: flag,
  "retention-days": number("days"),
};

const aroundARun: Readonly<Record<string, readonly [InputDefinitions, Readonly<Record<string, Row>>]>> = {
  matrix: [
    matrixInputs,
    {
      targets: {
        same: [["HVT X86_64 OCaml=None   # why", "hvt x86_64 ocaml=none"]],
        refused: [
          ["hvt x86_64 more", /more/],
          ["hvt,spt x86_64", /hvt,spt/],
          ["hvt x86_64, aarch64", /x86_64,/],
          ["hvt spt x86_64", /spt/],
          ["hvt x86_64 ocaml=5.4.1 ocaml=5.3.0", /ocaml is given twice/],
          ["hvt x86_64 ocaml=4.14.1+flambda", /4\.14\.1, with .toolchain-options: flambda/],
          ["hvt x86_64 ocaml=", /ocaml/],
          ["hvt x86_64 'variant=a b'", /a b/],
          ["hvt x86_64 runner=arm64,x64", /arm64,x64/],
        ],
        later: (text: string) => {
          const { entries, faults } = parseTargets(text);
          if (faults.length > 0) throw new Problem(JSON.stringify(faults));
          return entries;
        },
      },
      "on-unsupported": choice("skip", "Skip"),
      group: choice("toolchain", "Toolchain"),
      "runs-on": {
        same: [["ARM64: a, b", "aarch64: a,b"]],
        refused: [
          ["arm64: a,, b", /,,/],
          ["arm64: a\naarch64: b", /aarch64: b/],
          ["arm64 a", /arm64 a/],
        ],
      },
      "max-legs": number("1 to 256"),
      unikernel: whole,
    },
  ],
  collect: [
    collectInputs,
    {
      folder: whole,
      baseline: whole,
      matrix: { refused: [['{"include":[]} more', /matrix/]] },
      "max-size": {
        same: [["5 MB", "5MB"]],
        refused: [
          ["5MB 6MB", /6MB/],
          ["64M", /64M/],
        ],
      },
      "max-growth": { same: [["5 %", "5%"]], refused: [["5% 100kB", /100kB/]] },
      comment: flag,
      token: whole,
    },
  ],
  release: [
    releaseInputs,
    {
      folder: whole,
      tag: {
        refused: [
          ["v1.2.3 more", /more/],
          ["v1.2.3\nv1.2.4", /1\.2\.4/],
        ],
        later: (tag: string) => readTag(tag),
      },
      repository: {
        refused: [
          ["a/b more", /more/],
          ["a/b/c", /a\/b\/c/],
        ],
      },
      token: whole,
      notes: whole,
      "require-verdict": choice("passed", "Passed"),
      draft: flag,
      signer: choice("action", "Action"),
    },
  ],
};

const readByToolchains: readonly InputName[] = [
  "opam-repositories",
  "opam-packages",
  "toolchain-options",
  "c-flags",
  "opam-pins",
];

const tables: readonly (readonly [string, InputDefinitions, Readonly<Record<string, Row>>])[] = [
  ["a run", inputs, ofARun],
  ...Object.entries(aroundARun).map(([name, [definitions, rows]]) => [name, definitions, rows] as const),
];

describe.each(tables)("an input of %s", (_, definitions, rows) => {
  const read = async (name: string, text: string): Promise<unknown> => {
    const definition = definitions[name] as InputDefinition<unknown>;
    const { value } = parseInputs({ value: definition }, () => text);
    if (readByToolchains.some((one) => one === name)) return planned(name as InputName)()(text);
    const later = rows[name]?.later as ((value: unknown) => unknown) | undefined;
    return later === undefined ? value : await later(value);
  };

  it("is in this table", () => {
    expect(Object.keys(rows)).toEqual(Object.keys(definitions));
    for (const [name, row] of Object.entries(rows))
      expect([row.refused, row.same, row.used].flat().filter(Boolean), name).not.toEqual([]);
  });

  const cases = (key: "refused" | "same" | "used") =>
    Object.entries(rows).flatMap(([name, row]) =>
      (row[key] ?? []).map(([text, other]) => [name, text, other] as const),
    );

  it.each(cases("refused"))("%s: %j is refused", async (name, text, shown) => {
    const error: unknown = await read(name, text).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Problem);
    // As a reader sees it: quoted texts without the escapes of JSON.
    expect(String(error).replaceAll("\\n", "\n").replaceAll('\\"', '"')).toMatch(shown as RegExp);
  });

  it.each(cases("same"))("%s: %j is understood", async (name, text, as) => {
    expect(withoutText(await read(name, text))).toEqual(withoutText(await read(name, as as string)));
  });

  it.each(cases("used"))("%s: all of %j is used", async (name, text, value) => {
    const found = await read(name, text);
    expect(found !== null && typeof found === "object" && "value" in found ? found.value : found).toEqual(value);
  });
});

/** Without the text that a value was parsed from. */
function withoutText(value: unknown): unknown {
  return JSON.parse(JSON.stringify([value], (key, one: unknown) => (key === "text" ? undefined : one)));
}
