import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { beginSource } from "../../../src/artifact/source.js";
import type { Context } from "../../../src/platform/host.js";
import { processes } from "../../../src/platform/process/process.js";
import { newContext } from "./fixtures.js";

let context: Context;
let folder: string;

function git(...args: string[]): string {
  const person = ["-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false"];
  return execFileSync("git", ["-C", folder, ...person, ...args], { encoding: "utf8" }).trim();
}
const begin = () => beginSource(context, folder);
const changes = async () => (await begin()).facts?.changes;
const write = (name: string, text = name) => writeFileSync(join(folder, name), text);

beforeEach(() => {
  const { host, ...others } = newContext();
  context = { ...others, processes, host: { ...host, environment: { PATH: process.env["PATH"] } } };
  folder = join(host.folders.workspace, "checkout");
  mkdirSync(folder);
  git("init", "--quiet");
  write("config.ml");
  write(".gitignore", "_build/\n");
  git("add", "--all");
  git("commit", "--quiet", "--message=One");
});

describe("the source of a build", () => {
  it("is the commit that is checked out, whatever the workflow ran for", async () => {
    const environment = { ...context.host.environment, GITHUB_SHA: "f".repeat(40), GIT_DIR: "/nowhere" };
    context = { ...context, host: { ...context.host, environment } };
    expect((await begin()).facts).toEqual({ commit: git("rev-parse", "HEAD"), changes: [] });
  });

  it("has a change that comes before the names of thousands of other files", async () => {
    write("config.ml", "changed");
    // More than 4 MiB of names: a buffer for people would keep their end.
    for (let number = 0; number < 18_000; number++) write(String(number).padEnd(250, "x"), "");
    expect((await changes())?.[0]).toBe("config.ml");
  });

  it("has the files that differ from it, but not those that git ignores, nor our own artifacts", async () => {
    write("config.ml", "changed");
    write("a b\nc");
    mkdirSync(join(folder, "keys"));
    write("keys/private");
    for (const name of ["_build", "_artifacts"]) {
      mkdirSync(join(folder, name));
      write(`${name}/x`);
    }
    expect(await changes()).toEqual(["config.ml", "a b\nc", "keys/"]);
    git("add", "config.ml");
    rmSync(join(folder, ".gitignore"));
    expect(await changes()).toEqual([".gitignore", "config.ml", "_build/", "a b\nc", "keys/"]);
  });

  it("has no change that an earlier build left, but each that was there before", async () => {
    write("before");
    const { built } = await begin();
    write("product");
    await built();
    write("between");
    expect(await changes()).toEqual(["before", "between"]);
    write("config.ml", "changed");
    expect(await changes()).toEqual(["config.ml", "before", "between"]);
  });

  it("is unknown without a commit", async () => {
    rmSync(join(folder, ".git"), { recursive: true });
    expect((await begin()).facts).toBeUndefined();
    git("init", "--quiet");
    expect((await begin()).facts).toBeUndefined();
  });
});
