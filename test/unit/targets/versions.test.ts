import { describe, expect, it, test } from "vitest";
import type { VersionRequest } from "../../../src/targets/combinations.js";
import {
  type Component,
  type Versions,
  accepts,
  components,
  constraintOf,
  constraintOfRange,
} from "../../../src/targets/constraint.js";
import type { TargetName } from "../../../src/targets/targets.js";
import { versionReasons } from "../../../src/targets/version-reasons.js";
import { resolveVersions } from "../../../src/targets/versions.js";

/** `mirage: ""`: any. Absent: without mirage. */
type Asked = { readonly target: TargetName } & Partial<Record<Component, string>>;
const hvt: Asked = { target: "hvt" };
const qemu: Asked = { target: "unikraft-qemu" };

function requestOf({ target, ...asked }: Asked): VersionRequest {
  const constraints = components.flatMap((component) => {
    const text = asked[component] ?? "";
    return text === "" ? [] : (constraintOfRange(component, text, `input ${component}-version`) ?? []);
  });
  return { target, hasMirage: asked.mirage !== undefined, constraints };
}

function versionsOf(asked: Asked): unknown {
  const resolution = resolveVersions(requestOf(asked));
  return resolution.kind === "versions" ? resolution.versions : resolution;
}

function refusalOf(asked: Asked): unknown {
  const resolution = resolveVersions(requestOf(asked));
  return resolution.kind === "refusal" ? resolution.refusal : resolution;
}

const solo5Pairs = "4.12.1 to 4.14.x (0.8.5), 5.2.1 (1.0.1), 5.3.0 and 5.4.0 (1.2.0), 5.4.1 (1.3.3), 5.5.0 (1.3.4)";

describe("the versions that are chosen", () => {
  it("are the newest of everything without a constraint", () => {
    expect(versionsOf({ ...hvt, mirage: "" })).toEqual({
      ocaml: "5.5.0",
      "ocaml-solo5": "1.3.4",
      solo5: "0.12.1",
      mirage: "4.11.2",
    });
    expect(versionsOf({ ...qemu, mirage: "" })).toEqual({
      ocaml: "5.5.0",
      "ocaml-unikraft": "1.2.0",
      mirage: "4.11.2",
    });
  });

  it("take the newest release of a range", () => {
    expect(versionsOf({ ...hvt, ocaml: "4.14.x" })).toMatchObject({ ocaml: "4.14.4", "ocaml-solo5": "0.8.5" });
    expect(versionsOf({ ...hvt, ocaml: "5.4.x" })).toMatchObject({ ocaml: "5.4.1", "ocaml-solo5": "1.3.3" });
    expect(versionsOf({ ...hvt, ocaml: "5.x" })).toMatchObject({ ocaml: "5.5.0" });
    expect(versionsOf({ ...hvt, ocaml: ">=5.3 <5.5" })).toMatchObject({ ocaml: "5.4.1" });
  });

  it("skip releases of a range that no cross compiler accepts", () => {
    expect(versionsOf({ ...hvt, ocaml: "5.2.x" })).toMatchObject({ ocaml: "5.2.1", "ocaml-solo5": "1.0.1" });
  });

  it("give an old mirage the solo5 that it accepts", () => {
    const mirage = ">=4.9.0 <4.10.0";
    expect(versionsOf({ ...hvt, mirage, ocaml: "5.4.1" })).toEqual({
      ocaml: "5.4.1",
      "ocaml-solo5": "1.3.3",
      solo5: "0.9.3",
      mirage: "4.9.0",
    });
    expect(versionsOf({ ...hvt, mirage: "4.11.0" })).toMatchObject({ solo5: "0.10.1" });
  });

  it("allow OCaml 5.5.0 with mirage 4.9: neither its sources nor opam forbid it", () => {
    expect(versionsOf({ ...hvt, ocaml: "5.5.0", mirage: "4.9.0" })).toEqual({
      ocaml: "5.5.0",
      "ocaml-solo5": "1.3.4",
      solo5: "0.9.3",
      mirage: "4.9.0",
    });
  });

  it("step back from the newest OCaml when an older cross compiler is asked for", () => {
    expect(versionsOf({ ...hvt, "ocaml-solo5": "1.2.0" })).toMatchObject({ ocaml: "5.4.0", "ocaml-solo5": "1.2.0" });
  });

  it("are only OCaml and mirage for the host", () => {
    expect(versionsOf({ ...hvt, target: "unix", mirage: "" })).toEqual({
      ocaml: "5.5.0",
      mirage: "4.11.2",
    });
  });
});

test("a prerelease of OCaml is asked for exactly, and has the package ocaml of its release", () => {
  const exact = constraintOfRange("ocaml", "5.6.0~beta1", "input ocaml-version");
  const accepted = ["5.6.0~beta1", "5.6.0~beta2", "5.6.0"].map((ocaml) => exact && accepts(exact, { ocaml }));
  expect(accepted).toEqual([true, false, false]);
  const ofFile = constraintOf({ kind: "compare", package: "ocaml", relation: ">=", version: "5.6.0" }, "www.opam");
  expect(["5.6.0~beta1", "5.5.0"].map((ocaml) => accepts(ofFile, { ocaml }))).toEqual([true, false]);
});

describe("the reason of a version", () => {
  const reasonsOf = (asked: Asked) => {
    const request = requestOf(asked);
    const resolution = resolveVersions(request);
    if (resolution.kind === "refusal") throw new Error(resolution.refusal.what);
    return versionReasons(request, resolution.versions).map(({ component, version, reason }) =>
      [component, version, reason].join(" "),
    );
  };

  it("is the newest, the constraint that refuses a newer one, or the version that needs it", () => {
    expect(reasonsOf({ ...hvt, mirage: "" })).toEqual([
      "ocaml 5.5.0 the newest",
      "solo5 0.12.1 the newest",
      "ocaml-solo5 1.3.4 the newest",
      "mirage 4.11.2 the newest",
    ]);
    expect(reasonsOf({ ...hvt, ocaml: "5.4.1", mirage: "<4.11.0" })).toEqual([
      "ocaml 5.4.1 input ocaml-version asks 5.4.1",
      "solo5 0.10.1 the newest for mirage 4.10.6",
      "ocaml-solo5 1.3.3 the newest for ocaml 5.4.1",
      "mirage 4.10.6 input mirage-version asks <4.11.0",
    ]);
    expect(reasonsOf({ ...hvt, ocaml: "5.5.0" })[0]).toBe("ocaml 5.5.0 input ocaml-version asks 5.5.0");
    expect(reasonsOf({ ...hvt, "ocaml-solo5": "1.2.0" })[0]).toBe("ocaml 5.4.0 the newest for ocaml-solo5 1.2.0");
  });

  it("is what the repositories have, where newer releases lack a package", () => {
    const request = { ...requestOf(hvt), lacking: ({ ocaml }: Versions) => (ocaml === "5.5.0" ? ["a"] : []) };
    const resolution = resolveVersions(request);
    if (resolution.kind === "refusal") throw new Error(resolution.refusal.what);
    expect(versionReasons(request, resolution.versions)[0]?.version).toBe("5.4.1");
  });
});

describe("a refusal", () => {
  it("names every conflict, and offers versions that work with all other constraints", () => {
    expect(refusalOf({ ...hvt, ocaml: "5.2.0", mirage: "<4.6.0" })).toEqual({
      what: "input mirage-version: no release matches <4.6.0",
      because: "OCaml 5.2.0 cannot build for hvt: no ocaml-solo5 accepts it",
      accepted: ["ocaml 5.5.0, ocaml-solo5 1.3.4, mirage 4.11.2, solo5 0.12.1, among others"],
      remedy: "leave out `mirage-version`; leave out `ocaml-version`",
    });
    expect(refusalOf({ ...hvt, mirage: "<4.6.0", ocaml: "4.14.x", solo5: "0.9.x" })).toMatchObject({
      accepted: ["the nearest: mirage 4.9.0, 4.10.1, 4.10.2"],
      remedy: "set `mirage-version: 4.9.0`, or leave it out for the newest",
    });
  });

  it("lists the pairs that work when no ocaml-solo5 accepts the OCaml", () => {
    expect(refusalOf({ ...hvt, ocaml: "5.2.0" })).toEqual({
      what: "OCaml 5.2.0 cannot build for hvt: no ocaml-solo5 accepts it",
      accepted: [solo5Pairs],
      remedy: "set `ocaml-version: 5.2.1`, or leave it out for the newest",
    });
  });

  it("lists the pairs that work when no ocaml-unikraft accepts the OCaml", () => {
    expect(refusalOf({ ...qemu, ocaml: "4.14.x" })).toEqual({
      what: "OCaml 4.14.x cannot build for unikraft-qemu: no ocaml-unikraft accepts it",
      accepted: ["5.3.0 to 5.5.x (1.2.0)"],
      remedy: "set `ocaml-version: 5.5.0`, or leave it out for the newest",
    });
  });

  it("names mirage when only mirage does not accept the OCaml", () => {
    expect(refusalOf({ ...hvt, ocaml: "4.12.1", mirage: "" })).toMatchObject({
      what: "OCaml 4.12.1 cannot build for hvt: no mirage accepts it",
    });
  });

  it("names the two that conflict, with the versions that work with each", () => {
    expect(refusalOf({ ...hvt, solo5: "0.12.1", mirage: "4.9.0" })).toEqual({
      what: "solo5 0.12.1 and mirage 4.9.0 cannot build for hvt together",
      accepted: ["solo5 0.9.1, 0.9.2, 0.9.3 (with mirage 4.9.0)", "mirage 4.11.1, 4.11.2 (with solo5 0.12.1)"],
      remedy: "set `solo5-version: 0.9.3`, or set `mirage-version: 4.11.1`",
    });
    expect(refusalOf({ ...hvt, ocaml: "5.4.1", "ocaml-solo5": "1.3.4" })).toMatchObject({
      what: "OCaml 5.4.1 and ocaml-solo5 1.3.4 cannot build for hvt together",
      accepted: ["OCaml 5.5.0 (with ocaml-solo5 1.3.4)", "ocaml-solo5 1.2.1, 1.2.2, 1.3.2, 1.3.3 (with OCaml 5.4.1)"],
    });
  });

  it("does not name a constraint that causes no conflict", () => {
    const request = { ...hvt, ocaml: "5.2.0", solo5: "0.12.1", mirage: "4.11.2" };
    expect(refusalOf(request)).toMatchObject({ what: "OCaml 5.2.0 cannot build for hvt: no ocaml-solo5 accepts it" });
  });

  it("names a mirage whose solo5 is in no repository any more, or that does not support the backend", () => {
    const accepted = "mirage 4.9.0, 4.10.1, 4.10.2, 4.10.3, 4.10.4, 4.10.5, 4.10.6, 4.11.0, 4.11.1, 4.11.2";
    expect(refusalOf({ ...hvt, mirage: "4.7.0" })).toMatchObject({
      what: "mirage 4.7.0 cannot build for hvt",
      accepted: [accepted],
    });
    expect(refusalOf({ ...qemu, mirage: "4.9.0" })).toMatchObject({
      what: "mirage 4.9.0 cannot build for unikraft-qemu",
      accepted: [accepted.replace("4.9.0, ", "")],
    });
  });

  it("names an input whose version was never released", () => {
    expect(refusalOf({ ...hvt, ocaml: "5.9.0" })).toMatchObject({
      what: "input ocaml-version: no release matches 5.9.0",
      because: "the table of versions is from the opam repository of 2026-08-22",
      remedy: "set `ocaml-version: 5.5.0`, or leave it out for the newest",
    });
    expect(refusalOf({ ...hvt, "ocaml-solo5": "1.3.0" })).toMatchObject({
      what: "input ocaml-solo5-version: no release matches 1.3.0",
    });
  });
});
