import { basename } from "node:path";
import { Problem } from "../../platform/problem.js";
import { quote } from "../../platform/process/process.js";
import { otherArchitecture } from "./refusal.js";
import type { Vmm } from "./vmm.js";

/** A unikernel that runs as a host process: the image itself is the program. */
export const hostProcess: Vmm = {
  program: "process",
  words: "as a process, on a machine of its architecture",
  isProcess: true,
  accelerators: (architecture, machine) => (architecture === machine ? ["native"] : []),
  whyNot: (asked, _, machine) =>
    asked.architecture === machine.architecture ? undefined : otherArchitecture(asked, machine),
  command: (_, { imagePath, args }) => ({ argv: [imagePath, ...args], channels: 0 }),
  missing: (program) =>
    new Problem(`${basename(program)} is not executable`, {
      because: "artifacts and downloads drop the executable permission",
      do: `chmod +x ${quote(program)}`,
    }),
};
