import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Context } from "../../../../src/platform/host.js";
import {
  aptConfiguration,
  dependenciesIn,
  foreignSources,
  openDebArchive,
} from "../../../../src/platform/packages/deb-archive.js";
import { Problem } from "../../../../src/platform/problem.js";
import { processes } from "../../../../src/platform/process/process.js";
import { findProgram } from "../../../../src/platform/process/programs.js";
import { skipNote } from "../../../skip-note.js";

describe("the dependencies of a package", () => {
  it("are listed without versions, with the first of alternatives", () => {
    const record = [
      "Package: linux-image-6.8.0-45-generic",
      "Depends: kmod, linux-base (>= 4.5ubuntu1~16.04.1), linux-modules-6.8.0-45-generic, " +
        "initramfs-tools (>= 0.1) | dracut",
      "Recommends: grub-pc | grub-efi-amd64",
    ].join("\n");
    expect(dependenciesIn(record)).toEqual(["kmod", "linux-base", "linux-modules-6.8.0-45-generic", "initramfs-tools"]);
  });

  it("may be empty", () => expect(dependenciesIn("Package: busybox-static\n")).toEqual([]));
});

describe("sources for another architecture", () => {
  const ubuntu = 'NAME="Ubuntu"\nVERSION_ID="24.04"\nVERSION_CODENAME=noble\nID=ubuntu\nID_LIKE=debian\n';

  it("are Ubuntu’s other server, with its updates, and only by its own key", () => {
    const server = (url: string) =>
      ["noble", "noble-updates", "noble-security"]
        .map(
          (suite) => `deb [signed-by=/usr/share/keyrings/ubuntu-archive-keyring.gpg] ${url} ${suite} main universe\n`,
        )
        .join("");
    expect(foreignSources(ubuntu, "arm64")).toBe(server("http://ports.ubuntu.com/ubuntu-ports"));
    expect(foreignSources(ubuntu, "amd64")).toBe(server("http://archive.ubuntu.com/ubuntu"));
  });

  it("are the machine’s own on Debian, whose servers have all", () => {
    expect(foreignSources("ID=debian\nVERSION_CODENAME=bookworm\n", "arm64")).toBeUndefined();
  });
});

const noApt = findProgram("apt-config", process.env["PATH"]) === undefined ? "no apt-config" : undefined;
let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "unikernel-ci-archive-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(noApt !== undefined)(
  `apt’s configuration, as apt reads it after the system’s${skipNote(noApt)}`,
  () => {
    const dump = (ownSources: boolean): string => {
      const file = join(folder, "apt.conf");
      writeFileSync(file, aptConfiguration(folder, "arm64", ownSources));
      return execFileSync("apt-config", ["-c", file, "dump"], { encoding: "utf8" });
    };

    it("has its own state, one architecture and no hooks", () => {
      const text = dump(false);
      expect(text).toContain(`Dir::State "${folder}/state";`);
      expect(text).toContain(`Dir::State::status "${folder}/status";`);
      expect(text).toContain(`Dir::Cache "${folder}/cache";`);
      expect(text.match(/^APT::Architectures:: .*$/gm)).toEqual(['APT::Architectures:: "arm64";']);
      expect(text).not.toMatch(/^APT::Update::(Pre|Post)-Invoke\S* "[^"]/m);
      expect(text).not.toMatch(/^Acquire::IndexTargets::deb::(?!Packages)\S+::MetaKey/m);
    });

    it("reads the system’s sources, or only its own", () => {
      expect(dump(false)).not.toContain(`Dir::Etc::sourcelist "${folder}`);
      expect(dump(true)).toContain(`Dir::Etc::sourcelist "${folder}/sources.list";`);
      expect(dump(true)).toContain('Dir::Etc::sourceparts "/dev/null";');
    });
  },
);

describe("an archive", () => {
  /** A machine whose apt is a script of the test. */
  function machineWith(scripts: Readonly<Record<string, string>>): Context {
    const bin = join(folder, "bin");
    mkdirSync(bin);
    for (const [name, text] of Object.entries(scripts))
      writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    const run: typeof processes.run = ([program, ...args], options) =>
      processes.run([join(bin, program), ...args], options);
    return { host: { architecture: "x86_64", environment: { PATH: bin } }, processes: { run } } as unknown as Context;
  }
  const work = () => {
    const path = join(folder, "work");
    mkdirSync(path);
    return path;
  };

  it("needs apt", async () => {
    await expect(openDebArchive(machineWith({}), "x86_64", work())).rejects.toThrow(
      new Problem("packages for x86_64 need apt-get, which is not installed", {
        accepted: "Debian, Ubuntu and distributions based on them",
      }),
    );
  });

  it("unpacks the downloaded packages, even if a third-party source failed", async () => {
    const context = machineWith({
      "apt-get": 'case "$*" in *update) echo "E: no such server" >&2; exit 100 ;; *) : >one.deb ;; esac',
      "dpkg-deb": 'echo "$2" | /usr/bin/tr / "\\n" | /usr/bin/tail -n 1 >"$3/unpacked"',
    });
    const archive = await openDebArchive(context, "x86_64", work());
    await archive.unpack(["one"], join(folder, "root"));
    expect(readFileSync(join(folder, "root/unpacked"), "utf8")).toBe("one.deb\n");
  });

  it("names the packages that could not be downloaded, with apt’s reasons", async () => {
    const context = machineWith({
      "apt-get":
        'case "$*" in *update) echo "E: no such server" >&2 ;; ' +
        '*) echo "E: Unable to locate package one" >&2 ;; esac; exit 100',
      "dpkg-deb": "exit 1",
    });
    const archive = await openDebArchive(context, "x86_64", work());
    const error: unknown = await archive.unpack(["one"], join(folder, "root")).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      message: "one for amd64 could not be downloaded",
      facts: { evidence: ["E: no such server", "E: Unable to locate package one"] },
    });
  });
});
