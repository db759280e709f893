import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readInputs } from "../../../src/actions/interface.js";
import { plan } from "../../../src/actions/plan.js";
import { type PlannedRun, planRun } from "../../../src/actions/steps/planned-run.js";
import type { Context } from "../../../src/platform/host.js";
import type { Toolchain, ToolchainOrigin } from "../../../src/toolchain/toolchain.js";
import { archiveFormat } from "../../../src/toolchain/archive/manifest.js";
import { writeInstalled } from "../../../src/toolchain/store/installed.js";
import { collectingLog } from "../../collecting-log.js";
import { treeHash } from "../../tree-hash.js";
import { newContext } from "../artifact/fixtures.js";

const config = `open Mirage

let main = main "Unikernel.Main" job
let () = register "www" [ main ]
`;

interface Machine {
  /** Programs on PATH. */
  readonly programs?: readonly string[];
  /** Installed Debian packages. */
  readonly packages?: readonly string[];
}

/** A mirage project in a new workspace, on a machine that has these programs. */
function machine({ programs = ["gcc", "dpkg-query"], packages = [] }: Machine = {}): Context {
  const { log, host } = newContext();
  const bin = join(host.folders.temporary, "bin");
  mkdirSync(bin);
  for (const name of programs) writeFileSync(join(bin, name), "", { mode: 0o755 });
  const workspace = join(host.folders.temporary, "work");
  mkdirSync(workspace);
  writeFileSync(join(workspace, "config.ml"), config);
  const answers: Readonly<Record<string, string>> = {
    gcc: "13.2.0\n",
    "dpkg-query": packages.map((name) => `${name} installed\n`).join(""),
  };
  return {
    log,
    processes: {
      run: ([program, ...args]) => {
        const stdout = answers[program];
        if (stdout === undefined) throw new Error(`a plan runs no ${program}`);
        return Promise.resolve({ argv: [program, ...args], exitCode: 0, stdout, stderr: "" });
      },
    },
    host: { ...host, environment: { PATH: bin }, folders: { ...host.folders, workspace } },
  };
}

const planned = (context: Context, given: Readonly<Record<string, string>> = {}): Promise<PlannedRun> =>
  planRun(
    context,
    readInputs((name) => given[name]),
  );

/** Puts the toolchain that a plan speaks of into the tool cache. */
function install(toolchain: Toolchain | undefined, origin: ToolchainOrigin = "built"): void {
  if (toolchain === undefined) throw new Error("the plan has no toolchain");
  const { path, key, spec, environment } = toolchain;
  mkdirSync(path, { recursive: true });
  writeInstalled(path, path, origin, { format: archiveFormat, key, spec, environment, entries: [] });
}

const sources = ({ setup }: PlannedRun) => setup?.toolchains.map(({ from, packages }) => [from, ...packages]);

describe("the toolchain of a plan", () => {
  it("is built, layer by layer, where nothing is at hand; nothing is written", async () => {
    const context = machine();
    const before = treeHash(context.host.folders.temporary);
    const run = await planned(context, {
      "ocaml-version": "5.4.1",
      "mirage-version": "4.11.1",
      "opam-packages": "fmt",
    });
    expect(sources(run)).toEqual([
      ["built", "fmt"],
      ["built", "mirage.4.11.1"],
      ["built", "ocaml-base-compiler.5.4.1", "dune", "ocamlfind", "solo5.0.12.1", "ocaml-solo5.1.3.3"],
    ]);
    expect(treeHash(context.host.folders.temporary)).toBe(before);
  });

  it("is built on the one that is at hand", async () => {
    const context = machine();
    const small = await planned(context, { "ocaml-version": "5.4.1", "mirage-version": "4.11.1" });
    install(small.setup?.toolchain);
    expect(sources(await planned(context, { "ocaml-version": "5.4.1", "mirage-version": "4.11.1" }))).toEqual([
      ["tool-cache"],
    ]);
    const larger = { "ocaml-version": "5.4.1", "mirage-version": "4.11.1", "opam-packages": "fmt" };
    expect(sources(await planned(context, larger))).toEqual([["built", "fmt"], ["tool-cache"]]);
  });

  it("is not one that this run does not trust", async () => {
    const context = machine();
    const first = await planned(context, { "ocaml-version": "5.4.1" });
    install(first.setup?.toolchain, "actions-cache");
    expect(sources(await planned(context, { "ocaml-version": "5.4.1", cache: "false" }))?.[0]?.[0]).toBe("built");
  });

  it("is a published one, with its size", async () => {
    const context = machine();
    const { setup } = await planned(context, { "ocaml-version": "5.4.1" });
    const mirror = join(context.host.folders.temporary, "mirror");
    mkdirSync(mirror);
    const archive = { key: setup?.toolchain?.key, url: "a.tar.zst", sha256: "ab".repeat(32), bytes: 95_500_000 };
    writeFileSync(join(mirror, "toolchains.json"), JSON.stringify({ format: 1, toolchains: [archive] }));
    const run = await planned(context, { "ocaml-version": "5.4.1", mirror: `file://${mirror}` });
    expect(run.setup?.toolchains).toEqual([
      { key: setup?.toolchain?.key, from: "published", bytes: 95_500_000, packages: [] },
    ]);
  });

  it("has no key before its C compiler is installed, and apt would install it", async () => {
    const { setup } = await planned(machine({ programs: ["dpkg-query"], packages: ["libc6-dev"] }));
    expect(setup?.toolchains).toEqual([]);
    expect(setup?.systemPackages).toContain("gcc");
    expect(setup?.systemPackages).not.toContain("libc6-dev");
  });

  it("needs opam where only its solver can decide, and the plan does not install it", async () => {
    await expect(planned(machine(), { "ocaml-version": "6.0.0" })).rejects.toThrow(
      "the versions cannot be planned: opam has to decide them, and a plan installs nothing",
    );
  });
});

describe("the commands of a plan", () => {
  it("are those of the build, with hooks, and with the lock that may decide", async () => {
    const context = machine();
    const { workspace } = context.host.folders;
    mkdirSync(join(workspace, "mirage"));
    writeFileSync(join(workspace, "mirage/www-hvt.opam.locked"), 'depends: ["ocaml" {= "5.4.1"}]');
    const given = { target: "hvt", "post-pull": "patch -p1 < a.patch", "post-build": "ls dist" };
    const { build, publish } = await planned(context, given);
    const quiet = "OPAMYES=1 OPAMCONFIRMLEVEL=unsafe-yes";
    const shell = `${quiet} TARGET=hvt ARCH=x86_64 CONFIGURE_ARGS='' sh -e -c`;
    expect(build.commands.map(({ command }) => command)).toEqual([
      `${quiet} mirage configure -t hvt`,
      `${quiet} make depends`,
      `${shell} 'patch -p1 < a.patch'`,
      `${quiet} make build`,
      `${shell} 'ls dist'`,
    ]);
    expect(build.lockFile).toBe("mirage/www-hvt.opam.locked");
    expect(build.images).toEqual({ folder: join(workspace, "dist"), pattern: "*.hvt" });
    expect(publish.artifact).toBe("unikernel-www-hvt-x86_64");
    expect((await planned(context, { ...given, lock: "ignore" })).build.lockFile).toBeUndefined();
  });

  it("are refused as the run would refuse them", async () => {
    await expect(planned(machine(), { lock: "require" })).rejects.toThrow("input lock: require, but there is no lock");
  });
});

describe("the boots of a plan", () => {
  it("are judged by what was asked", async () => {
    const { boots } = await planned(machine(), {
      target: "virtio",
      scenarios:
        '[{name: web, probe: "http://:80/", repeat: 3}, {name: bad, args: --x, expect-exit: 3, image: www.virtio}]',
    });
    expect(
      boots.map(({ scenario, times, args, images, passes }) => ({ scenario, times, args, images, passes })),
    ).toEqual([
      { scenario: "web", times: 3, args: [], images: undefined, passes: ["answers `http://:80/`"] },
      { scenario: "bad", times: 1, args: ["--x"], images: ["www.virtio"], passes: ["exits with status 3"] },
    ]);
    expect(boots[0]?.ways.at(-1)).toEqual({
      words: "qemu-system-x86_64 by emulation (TCG)",
      needs: "apt would install qemu-system-x86",
    });
  });

  it("that cannot be are refused with the reason", async () => {
    expect((await planned(machine(), { target: "muen" })).boots[0]?.refusal).toContain("muen");
    expect((await planned(machine(), { boot: "skip" })).boots[0]?.refusal).toBe("`boot: skip`");
  });
});

describe("a plan is shown", () => {
  const given: Readonly<Record<string, string>> = {
    target: "spt",
    "ocaml-version": "5.4.1",
    "mirage-version": "4.11.1",
  };
  const inputs = readInputs((name) => given[name]);

  it("in the words of a run", async () => {
    const lines: string[] = [];
    const context = { ...machine({ packages: ["gcc"] }), log: collectingLog(lines) };
    expect(await plan(context, inputs, () => undefined, false)).toBe(true);
    const told = lines.join("\n");
    expect(told).toContain("opam would build mirage.4.11.1");
    expect(told).toMatch(/apt.*would install .*libseccomp-dev/);
    expect(told).toContain("mirage configure -t spt");
    expect(told).toContain("exits with status 0 or runs for 3.0 s without a failure, within 60.0 s");
    expect(told).toContain("unikernel-www-spt-x86_64");
  });

  it("as JSON", async () => {
    let printed = "";
    await plan(machine(), inputs, (text) => (printed += text), true);
    expect(JSON.parse(printed)).toMatchObject({
      target: "spt",
      setup: { versions: { ocaml: "5.4.1", mirage: "4.11.1" }, toolchains: [{ from: "built" }, { from: "built" }] },
      publish: { artifact: "unikernel-www-spt-x86_64" },
    });
  });
});
