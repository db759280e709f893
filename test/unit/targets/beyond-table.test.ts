import { describe, expect, it } from "vitest";
import { isBeyondTable, newestBeyondTable, refuseMissing } from "../../../src/targets/beyond-table.js";
import { type VersionRequest, knownVersions } from "../../../src/targets/combinations.js";
import { type Component, constraintOfRange } from "../../../src/targets/constraint.js";

type Asked = Readonly<Partial<Record<Component, string>>>;

const request = (asked: Asked): VersionRequest => ({
  target: "hvt",
  hasMirage: false,
  constraints: Object.entries(asked).flatMap(
    ([name, text]) => constraintOfRange(name as Component, text, `input ${name}-version`) ?? [],
  ),
});
const newest = (component: Component) => knownVersions[component].at(-1) ?? "";
/** Repositories with all versions of the table, and these. */
const there = (more: Readonly<Partial<Record<Component, readonly string[]>>>) => (component: Component) => [
  ...knownVersions[component],
  ...(more[component] ?? []),
];

describe("a request beyond the table", () => {
  it.each<[string, Asked, boolean]>([
    ["a newer OCaml", { ocaml: "99.1.0" }, true],
    ["a range of newer ones", { ocaml: ">=99" }, true],
    ["a newer solo5 beside a known OCaml", { ocaml: newest("ocaml"), solo5: "99.1.0" }, true],
    ["a release between those of the table", { ocaml: "5.3.99" }, true],
    ["known releases, whether or not they go together", { ocaml: "5.2.0", "ocaml-solo5": "0.8.5" }, false],
    ["a prerelease, in opam’s notation", { ocaml: "99.1.0~beta1" }, true],
    ["an archived release", { solo5: "0.1.0" }, false],
    ["a component that the toolchain lacks", { "ocaml-unikraft": "99.1.0" }, false],
    ["nothing", {}, false],
  ])("of unknown repositories: %s", (_, asked, is) => {
    expect(isBeyondTable(request(asked), undefined, false)).toBe(is);
  });

  it("of repositories besides opam-repository: an archived release too", () => {
    expect(isBeyondTable(request({ solo5: "0.1.0" }), undefined, true)).toBe(true);
  });

  it.each<[string, Asked, Parameters<typeof there>[0], boolean]>([
    ["the newer release", { ocaml: "99.1.0" }, { ocaml: ["99.1.0"] }, true],
    ["another newer release", { ocaml: "99.1.0" }, { ocaml: ["99.2.0"] }, false],
    ["a newer cross compiler, which might accept it", { ocaml: "5.2.0" }, { "ocaml-solo5": ["99.1.0"] }, true],
    ["only a prerelease", { ocaml: "5.2.0" }, { "ocaml-solo5": ["99.1.0~beta1"] }, false],
    ["the prerelease", { ocaml: "99.1.0~beta1" }, { ocaml: ["99.1.0~beta1"] }, true],
    ["another prerelease", { ocaml: "99.1.0~beta1" }, { ocaml: ["99.1.0~beta2"] }, false],
    ["an old cross compiler", { ocaml: "5.2.0" }, { "ocaml-solo5": ["0.1.0"] }, false],
    ["an old release that is asked for", { solo5: "0.1.0" }, { solo5: ["0.1.0"] }, true],
    ["no other release", { ocaml: "5.2.0" }, {}, false],
  ])("of repositories with %s", (_, asked, more, is) => {
    expect(isBeyondTable(request(asked), there(more), false)).toBe(is);
  });
});

describe("a release that neither the table nor the repositories have", () => {
  it("is refused with the repositories and the nearest versions, two on each side", () => {
    const more = { ocaml: ["99.1.0", "99.2.0", "99.4.0", "99.5.0", "99.10.0"] };
    expect(refuseMissing(request({ ocaml: "99.3.0" }), there(more), ["mine (file:///r)"])).toMatchObject({
      what: "input ocaml-version: no opam repository has OCaml 99.3.0",
      because: expect.stringContaining("asked mine (file:///r)") as string,
      accepted: ["OCaml 99.1.0, 99.2.0, 99.4.0, 99.5.0"],
    });
  });

  it("is not one that the table has: its refusal says more", () => {
    expect(refuseMissing(request({ ocaml: newest("ocaml") }), () => [], [])).toBeUndefined();
  });
});

it("the newest release of the repositories counts if it is newer than the table’s", () => {
  expect(newestBeyondTable("ocaml", there({ ocaml: ["99.9.0", "99.10.0", "99.11.0~beta1", "5.3.99"] }))).toBe(
    "99.10.0",
  );
  expect(newestBeyondTable("ocaml", there({ ocaml: ["5.3.99"] }))).toBeUndefined();
});
