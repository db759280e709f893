// A crash's source line, by the real addr2line and gdb, and an image in real QEMU.
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readInputs } from "../../src/actions/interface.js";
import { bootImage } from "../../src/boot/boot.js";
import { readImage } from "../../src/image/recognise.js";
import { processes } from "../../src/platform/process/process.js";
import { targets } from "../../src/targets/targets.js";
import { collectingLog } from "../collecting-log.js";
import { hostIn } from "./set-up.js";
import { shownWhenFailed } from "./shown-when-failed.js";

let folder: string;
let project: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "unikernel-ci-crash-"));
  project = join(folder, "project");
  cpSync(resolve(import.meta.dirname, "../../examples/bare/src"), join(project, "src"), { recursive: true });
  cpSync(resolve(import.meta.dirname, "../../examples/bare/Makefile"), join(project, "Makefile"));
  const make = (...variables: string[]) =>
    execFileSync("make", ["--silent", "-C", project, "ARCH=x86_64", "ABI=virtio", ...variables]);
  make("STRIP=", "OUT=whole");
  make("OUT=stripped");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Without KVM, which numbers nothing in another way, but is not everywhere. */
const crash = (args: string, build: "whole" | "stripped", debugFile?: string) =>
  crashOf("virtio", join(project, build, "bare.virtio"), args, debugFile);

async function crashOf(target: "virtio" | "unix", imagePath: string, args: string, debugFile?: string) {
  const image = await readImage(imagePath);
  const inputs = readInputs(
    (name) => ({ "install-system-packages": "false", accelerator: "tcg", args })[name as string],
  );
  const host = hostIn(folder);
  const context = {
    host: { ...host, folders: { ...host.folders, workspace: folder } },
    log: collectingLog([]),
    processes,
  };
  const report = await bootImage(context, {
    ...inputs,
    net: inputs.net.value,
    block: inputs.block.value,
    imagePath,
    image,
    debugFile,
    target: targets[target],
    architecture: image.architecture,
    searchPath: process.env["PATH"] ?? "",
  });
  return shownWhenFailed(report);
}

it("the line of a trap is that of its address", async () => {
  const { verdict, crash: found } = await crash("trap", "whole");
  expect(verdict.reason).toBe("trap");
  expect(verdict.summary).toMatch(
    /^the processor trapped \(page fault\) in write_to_unmapped_page \(project\/src\/behaviours\.c:\d+\)$/,
  );
  expect(found?.frames.map(({ function: name }) => name)).toEqual(["write_to_unmapped_page", "trap"]);
});

it("the debug information can be that of the image before it was stripped", async () => {
  expect((await crash("trap", "stripped")).crash).toBeUndefined();
  const { crash: found } = await crash("trap", "stripped", join(project, "whole/bare.virtio"));
  expect(found?.own).toMatchObject({ function: "write_to_unmapped_page", file: "project/src/behaviours.c" });
});

// gdb reads only the machine's own architecture.
it.skipIf(process.arch !== "x64")("an abort, which has no address, is run again under gdb", async () => {
  const { verdict, crash: found } = await crash("abort", "whole");
  expect(verdict.reason).toBe("abort");
  expect(found?.frames.map(({ function: name }) => name)).toEqual(
    expect.arrayContaining(["solo5_abort", "abort_now", "bare_main"]),
  );
  expect(found?.own?.file).toBe("project/src/solo5.c");
});

it("an end that is no crash has no place", async () => {
  const { verdict, crash: found } = await crash("exit 3", "whole");
  expect(verdict.reason).toBe("exit-status");
  expect(found).toBeUndefined();
});

it("an exception is run again with backtraces", async () => {
  // Prints what OCaml's runtime prints, under the same condition.
  writeFileSync(
    join(project, "main.c"),
    `#include <stdio.h>
     #include <stdlib.h>
     int main(void)
     {
       const char *parameters = getenv("OCAMLRUNPARAM");
       fputs("Fatal error: exception Not_found\\n", stderr);
       if (parameters != NULL && parameters[0] == 'b')
         fputs("Raised at Dune__exe__Main.port in file \\"src/main.c\\", line 3, characters 2-5\\n", stderr);
       return 2;
     }`,
  );
  execFileSync("cc", ["-o", join(project, "program"), join(project, "main.c")]);
  const { verdict, crash: found } = await crashOf("unix", join(project, "program"), "");
  expect(verdict).toMatchObject({ reason: "exception" });
  expect(verdict.summary).toBe("uncaught exception in Main.port (project/src/main.c:3)");
  expect(found?.frames).toEqual([{ function: "Main.port", source: { file: "project/src/main.c", line: 3 } }]);
});
