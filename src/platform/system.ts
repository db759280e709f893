import { readFile } from "node:fs/promises";
import { Problem } from "./problem.js";
import { type Processes, succeed } from "./process/process.js";

/** The distribution and its release (`ubuntu 24.04`), whose libraries our binaries are linked against. */
export async function readHostSystem(file = "/etc/os-release"): Promise<string> {
  try {
    return hostSystemOf(await readFile(file, "utf8"));
  } catch (error) {
    throw new Problem(`cannot read the name of this Linux from ${file}`, {}, { cause: error });
  }
}

/** @param osRelease text in the form of os-release(5). A rolling distribution has no version. */
export function hostSystemOf(osRelease: string): string {
  const field = (name: string) => new RegExp(`^${name}=["']?([^"'\\n]*)`, "m").exec(osRelease)?.[1];
  return [field("ID") ?? "linux", field("VERSION_ID") ?? "rolling"].join(" ");
}

/** A C compiler with its full version: `aarch64-linux-gnu-gcc 12.2.0`. */
export async function readCompilerVersion(processes: Processes, compiler: string): Promise<string> {
  const outcome = await processes.run([compiler, "-dumpfullversion", "-dumpversion"]);
  return `${compiler} ${succeed(outcome, `reading the version of ${compiler}`).stdout.trim()}`;
}
