import type { MatrixRequest } from "../../../src/matrix/plan-matrix.js";
import type { Project } from "../../../src/project/project.js";
import { projectIn } from "../project/fixtures.js";

export const mirage: Project = projectIn("/work/www", "mirage");
export const dune: Project = projectIn("/work/www", "dune");

/** The defaults of all inputs but the list. */
export const asked: MatrixRequest = {
  targets: "",
  onUnsupported: "fail",
  runsOn: {},
  maxLegs: 100,
  unikernel: undefined,
  directory: ".",
  configFile: undefined,
  lock: "auto",
  ocamlVersion: undefined,
  mirageVersion: "auto",
  solo5Version: undefined,
  ocamlSolo5Version: undefined,
  ocamlUnikraftVersion: undefined,
};

/** The list of the documentation. */
export const exampleTargets = `
hvt        x86_64 aarch64
spt        x86_64 aarch64
unikraft-qemu x86_64 arm64   ocaml=5.4.1
virtio     x86_64            variant=monitoring  configure-args="--enable-monitoring"
`;
