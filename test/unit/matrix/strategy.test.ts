import { describe, expect, it } from "vitest";
import { planMatrix } from "../../../src/matrix/plan-matrix.js";
import { type GroupJob, type LegJob, strategyMatrix } from "../../../src/matrix/strategy.js";
import { asked, dune, exampleTargets, mirage } from "./fixtures.js";

const place = { directory: ".", "config-file": "" };
const plain = { ocaml: "5.5.0", variant: "", ...place, "configure-args": "", "runs-on": "ubuntu-24.04" };
const example: readonly LegJob[] = [
  {
    ...plain,
    name: "hvt x86_64",
    target: "hvt",
    arch: "x86_64",
    "artifact-name": "unikernel-www-hvt-x86_64",
    boots: "kvm or emulation",
  },
  {
    ...plain,
    name: "hvt aarch64",
    target: "hvt",
    arch: "aarch64",
    "artifact-name": "unikernel-www-hvt-aarch64",
    "runs-on": "ubuntu-24.04-arm",
    boots: "kvm or emulation",
  },
  {
    ...plain,
    name: "spt x86_64",
    target: "spt",
    arch: "x86_64",
    "artifact-name": "unikernel-www-spt-x86_64",
    boots: "native",
  },
  {
    ...plain,
    name: "spt aarch64",
    target: "spt",
    arch: "aarch64",
    "artifact-name": "unikernel-www-spt-aarch64",
    "runs-on": "ubuntu-24.04-arm",
    boots: "native",
  },
  {
    ...plain,
    name: "unikraft-qemu x86_64 (OCaml 5.4.1)",
    target: "unikraft-qemu",
    arch: "x86_64",
    ocaml: "5.4.1",
    "artifact-name": "unikernel-www-ocaml=5.4.1-unikraft-qemu-x86_64",
    boots: "kvm or emulation",
  },
  {
    ...plain,
    name: "unikraft-qemu aarch64 (OCaml 5.4.1)",
    target: "unikraft-qemu",
    arch: "aarch64",
    ocaml: "5.4.1",
    "artifact-name": "unikernel-www-ocaml=5.4.1-unikraft-qemu-aarch64",
    boots: "emulated",
  },
  {
    ...plain,
    name: "virtio x86_64 (monitoring)",
    target: "virtio",
    arch: "x86_64",
    variant: "monitoring",
    "configure-args": "--enable-monitoring",
    "artifact-name": "unikernel-www-monitoring-virtio-x86_64",
    boots: "kvm or emulation",
  },
];

describe("the matrix of a list", () => {
  it("of the documentation’s example", () => {
    expect(strategyMatrix(planMatrix({ ...asked, targets: exampleTargets }, mirage), "none")).toEqual({
      include: example,
    });
  });

  it("has a list of labels if a runner has several", () => {
    const request = { ...asked, targets: "hvt arm64", runsOn: { aarch64: ["self-hosted", "arm64"] } };
    expect(strategyMatrix(planMatrix(request, dune), "none").include[0]?.["runs-on"]).toEqual(["self-hosted", "arm64"]);
  });
});

describe("a matrix by toolchain", () => {
  const groups = (list: string, project = dune) =>
    strategyMatrix(planMatrix({ ...asked, targets: list }, project), "toolchain").include as readonly GroupJob[];
  const legsOf = ({ legs }: GroupJob) => (JSON.parse(legs) as LegJob[]).map(({ name }) => name);

  it("has one job for all legs of a toolchain, with their own keys", () => {
    const [solo5, arm, unikraft, unikraftArm, ...others] = groups(exampleTargets, mirage);
    expect(others).toEqual([]);
    expect({ ...solo5, legs: JSON.parse(solo5?.legs ?? "") as unknown }).toEqual({
      name: "solo5 x86_64 (OCaml 5.5.0)",
      target: "hvt",
      arch: "x86_64",
      ocaml: "5.5.0",
      ...place,
      "runs-on": "ubuntu-24.04",
      legs: [example[0], example[2], example[6]],
    });
    expect([arm, unikraft, unikraftArm].map((group) => group?.name)).toEqual([
      "solo5 aarch64 (OCaml 5.5.0)",
      "unikraft x86_64 (OCaml 5.4.1)",
      "unikraft aarch64 on x86_64 (OCaml 5.4.1)",
    ]);
  });

  it("separates versions, architectures and runners", () => {
    const list =
      "unikraft-qemu arm64\nunikraft-firecracker arm64\nunikraft-qemu arm64 ocaml=5.4.1\n" +
      "unikraft-qemu arm64 variant=native runner=arm64\nunikraft-qemu x86_64";
    const all = groups(list);
    expect(all.map(legsOf)).toEqual([
      ["unikraft-qemu aarch64", "unikraft-firecracker aarch64"],
      ["unikraft-qemu aarch64 (OCaml 5.4.1)"],
      ["unikraft-qemu aarch64 (native)"],
      ["unikraft-qemu x86_64"],
    ]);
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  });

  it("joins legs that name the same versions differently", () => {
    expect(groups("hvt x86_64\nspt x86_64 ocaml=5.5.x").map(legsOf)).toEqual([
      ["hvt x86_64", "spt x86_64 (OCaml 5.5.0)"],
    ]);
  });

  it("joins legs that bring their own toolchain by backend, architecture and runner", () => {
    const list = "hvt x86_64\nspt x86_64\nhvt arm64\nspt arm64 runner=arm64\nunikraft-qemu x86_64";
    expect(groups(list.replace(/$/gm, " ocaml=none")).map(({ name }) => name)).toEqual([
      "solo5 x86_64 (own toolchain)",
      "solo5 aarch64 on x86_64 (own toolchain)",
      "solo5 aarch64 (own toolchain)",
      "unikraft x86_64 (own toolchain)",
    ]);
  });
});
