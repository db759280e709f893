import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { type ArchiveEntry, archiveFormat } from "../../../../src/toolchain/archive/manifest.js";
import { toolchainKey } from "../../../../src/toolchain/key.js";
import { borrowSwitch, planRestoration } from "../../../../src/toolchain/store/borrow.js";
import { isInstalled, writeInstalled } from "../../../../src/toolchain/store/installed.js";
import { fakeContext, toolchainFor } from "../../project/fixtures.js";

test("packages and pins that came go; a package that is another version now cannot be brought back", () => {
  const before = { packages: ["dune.3.20.0", "solo5.0.12.1", "a.1"], pins: ["dune"] };
  const after = { packages: ["dune.3.20.0", "solo5.0.10.0", "www.~dev", "fmt.0.11.0"], pins: ["dune", "www"] };
  expect(planRestoration(before, after)).toEqual({
    remove: ["www", "fmt"],
    unpin: ["www"],
    lost: ["solo5.0.12.1", "a.1"],
  });
});

describe("a borrowed switch", () => {
  let path: string;
  let key: string;
  let installed: string[];
  let pins: string[];
  let log: ReturnType<typeof fakeContext>;

  const run = (args: readonly string[]) => {
    const words = args.filter((word) => !word.startsWith("-"));
    if (args[0] === "remove")
      installed = installed.filter((name) => !words.slice(1).includes(name.split(".")[0] ?? ""));
    if (args[0] === "pin" && args[1] === "remove") pins = pins.filter((name) => !words.slice(2).includes(name));
    const stdout = (args[0] === "list" ? installed : args[1] === "list" ? pins : []).join("\n");
    return Promise.resolve({ argv: args, exitCode: 0, stdout, stderr: "" });
  };

  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), "borrowed-"));
    const { spec, environment } = toolchainFor("x86_64", "solo5");
    key = toolchainKey(spec);
    await mkdir(join(path, "opam/toolchain/.opam-switch"), { recursive: true });
    await writeFile(join(path, "opam/toolchain/ocamlopt"), "compiler");
    await writeFile(join(path, "opam/toolchain/.opam-switch/switch-state"), "as it is now");
    const sha256 = createHash("sha256").update("compiler").digest("hex");
    // opam rewrites its notes about a switch whenever it looks at it: that is no change.
    const entries = ["ocamlopt", ".opam-switch/switch-state"].map((name): ArchiveEntry => ({
      kind: "file",
      path: `opam/toolchain/${name}`,
      executable: false,
      bytes: 8,
      sha256,
    }));
    await writeInstalled(path, path, "built", { format: archiveFormat, key, spec, environment, entries });
    installed = ["dune.3.20.0", "solo5.0.12.1"];
    pins = [];
    log = fakeContext(path, () => Promise.resolve(undefined));
  });

  test("is not there for others meanwhile, and is what it was afterwards", async () => {
    const value = await borrowSwitch(log, { key, path }, run, async () => {
      expect(await isInstalled({ key, path })).toBe(false);
      expect(existsSync(`${path}.lock`)).toBe(true);
      installed.push("www.~dev", "fmt.0.11.0");
      pins.push("www");
      return "image";
    });
    expect(value).toBe("image");
    expect([installed, pins]).toEqual([["dune.3.20.0", "solo5.0.12.1"], []]);
    expect(await isInstalled({ key, path })).toBe(true);
    expect(existsSync(`${path}.lock`)).toBe(false);
  });

  test("is what it was also after a build that failed", async () => {
    const failing = borrowSwitch(log, { key, path }, run, () => {
      installed.push("fmt.0.11.0");
      return Promise.reject(new Error("does not build"));
    });
    await expect(failing).rejects.toThrow("does not build");
    expect(installed).toEqual(["dune.3.20.0", "solo5.0.12.1"]);
    expect(await isInstalled({ key, path })).toBe(true);
  });

  test.each([
    [
      "a package of the toolchain was exchanged",
      () => void (installed = ["dune.3.20.0", "solo5.0.10.0"]),
      "solo5.0.12.1",
    ],
    [
      "a file of the toolchain was written",
      () => writeFile(join(path, "opam/toolchain/ocamlopt"), "other"),
      "opam/toolchain/ocamlopt",
    ],
  ])("is not used again where %s", async (_, change, told) => {
    await borrowSwitch(log, { key, path }, run, async () => change());
    expect(await isInstalled({ key, path })).toBe(false);
    expect(log.logged.join("\n")).toContain(
      `the build has changed the toolchain, which the next set-up makes again: ${told}`,
    );
  });
});
