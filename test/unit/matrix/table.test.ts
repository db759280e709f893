import { describe, expect, it } from "vitest";
import { type MatrixRequest, planMatrix } from "../../../src/matrix/plan-matrix.js";
import { matrixLines, matrixSummary, matrixTitle } from "../../../src/matrix/table.js";
import { asked, dune } from "./fixtures.js";

const plan = (targets: string, given: Partial<MatrixRequest> = {}) => planMatrix({ ...asked, targets, ...given }, dune);

describe("the table of a matrix", () => {
  it("shows runner, toolchain and boot of each leg", () => {
    expect(matrixLines(plan("hvt x86_64\nspt aarch64 ocaml=5.4.x\nunix arm64 ocaml=none"))).toEqual([
      "leg                           runner            OCaml  " +
        "toolchain                                                 boots",
      "hvt x86_64                    ubuntu-24.04      5.5.0  " +
        "solo5 x86_64: ocaml-solo5 1.3.4, solo5 0.12.1             kvm or emulation",
      "spt aarch64 (OCaml 5.4.1)     ubuntu-24.04      5.4.1  " +
        "solo5 aarch64 on x86_64: ocaml-solo5 1.3.3, solo5 0.12.1  emulated",
      "unix aarch64 (own toolchain)  ubuntu-24.04-arm  none   " +
        "its own                                                   native",
    ]);
  });

  it("is Markdown in the summary, with the skipped legs", () => {
    const text = matrixSummary(plan("hvt x86_64\nvirtio aarch64", { onUnsupported: "skip" }));
    expect(text).toContain("#### 1 leg, 1 toolchain, 1 skipped\n");
    expect(text).toContain(
      "| <code>hvt x86&#95;64</code> | <code>ubuntu&#45;24&#46;04</code> | <code>5&#46;5&#46;0</code> | " +
        "solo5 x86&#95;64",
    );
    expect(text).toContain("\n- skipped: line 2, virtio aarch64&#58; there is no virtio for aarch64\n");
  });

  it("counts each toolchain once, without those that builds bring", () => {
    expect(matrixTitle(plan("hvt x86_64\nspt x86_64\nunikraft-qemu x86_64\nxen x86_64 ocaml=none"))).toBe(
      "4 legs, 2 toolchains",
    );
  });

  it("lets no text of a user become HTML, a cell of its own or a control code", () => {
    const hostile = "hvt x86_64 configure-args=\"'|</code><img src=x>@all [x](y)'\"";
    const request = { runsOn: { x86_64: ["a|b", "<b>", "\x1b[2J"] } };
    const [, , , cells = ""] = matrixSummary(plan(hostile, request))
      .split("\n")
      .filter((line) => line !== "");
    expect(cells.split("|")).toHaveLength(7);
    expect(cells).not.toMatch(/<img|<b>|@all|\[x\]/);
    expect(matrixLines(plan(hostile, request)).join("\n")).not.toContain("\x1b");
  });
});
