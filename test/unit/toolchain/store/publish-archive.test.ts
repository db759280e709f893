import {
  createReadStream,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { archiveFormat } from "../../../../src/toolchain/archive/manifest.js";
import { packToolchain } from "../../../../src/toolchain/archive/pack.js";
import { paddedPrefix } from "../../../../src/toolchain/archive/prefix.js";
import { unpackToolchain } from "../../../../src/toolchain/archive/unpack.js";
import { toolchainKey } from "../../../../src/toolchain/key.js";
import {
  type InstalledToolchain,
  readInstalledEntries,
  writeInstalled,
} from "../../../../src/toolchain/store/installed.js";
import { publishToolchain } from "../../../../src/toolchain/store/publish-archive.js";
import { changedEntries } from "../../../../src/toolchain/store/verify.js";
import { exampleSpec } from "../examples.js";

const notes = "opam/toolchain/.opam-switch";
const key = toolchainKey(exampleSpec);
let folder: string;
let toolchain: InstalledToolchain;

beforeEach(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "unikernel-ci-publish-")));
  const path = join(folder, "toolchain");
  mkdirSync(join(path, notes, "packages/ocaml.5.4.1"), { recursive: true });
  writeFileSync(join(path, "opam/toolchain/script"), `#!${paddedPrefix(path).toString()}/bin/run\n`);
  writeFileSync(join(path, notes, "environment"), `PATH\t=\t${paddedPrefix(path).toString()}/bin\n`);
  writeFileSync(join(path, notes, "switch-state"), 'installed: ["ocaml.5.4.1"]');
  const environment = { path: [join(path, "bin")], variables: {} };
  const source = { key, spec: exampleSpec, environment, folder: path, prefix: paddedPrefix(path), keeps: () => true };
  const { manifest } = await packToolchain(source, join(folder, "first"), 1);
  await writeInstalled(path, path, "built", { ...manifest, format: archiveFormat, environment });
  toolchain = { key, path, origin: "built", spec: exampleSpec, environment };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const publish = () => publishToolchain(toolchain, join(folder, "mirror"), false, 1);

it("a toolchain in which opam has rewritten its notes is what it was, and is packed with its path in them", async () => {
  const { path } = toolchain;
  writeFileSync(
    join(path, notes, "environment"),
    `PATH\t=\t${path}/bin:${paddedPrefix(path).toString()}/lib:${path}-other\n`,
  );
  writeFileSync(join(path, notes, "switch-state"), 'installed: [\n  "ocaml.5.4.1"\n]\n');
  expect(await changedEntries(path, (await readInstalledEntries(path)) ?? [])).toEqual([]);

  const { url } = await publish();
  const elsewhere = join(folder, "elsewhere");
  mkdirSync(elsewhere);
  await unpackToolchain(createReadStream(join(folder, "mirror", url)), elsewhere, "/opt/toolchain");
  const there = paddedPrefix("/opt/toolchain").toString();
  expect(readFileSync(join(elsewhere, notes, "environment"), "utf8")).toBe(
    `PATH\t=\t${there}/bin:${there}/lib:${path}-other\n`,
  );
  expect(readFileSync(join(elsewhere, notes, "switch-state"), "utf8")).toBe('installed: [\n  "ocaml.5.4.1"\n]\n');
});

it("a note that is gone is a change", async () => {
  rmSync(join(toolchain.path, notes, "switch-state"));
  await expect(publish()).rejects.toThrow("is not what was unpacked there");
});

it.each(["packages/fmt.0.11.0", "overlay/fmt"])("a toolchain with %s on top is not packed", async (name) => {
  mkdirSync(join(toolchain.path, notes, name), { recursive: true });
  await expect(publish()).rejects.toThrow("has packages that were not unpacked with it");
  expect(readdirSync(folder)).not.toContain("mirror");
});
