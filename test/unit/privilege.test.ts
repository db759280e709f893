// What is done as root is listed in docs/threat-model.md, and nothing else is.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { root, textOf } from "../documentation.js";

const [, section = ""] = textOf("docs/threat-model.md").split("## What is done as root\n");
const rows = [...(section.split("\n## ")[0] ?? "").matchAll(/^\| `(src\/[\w./-]+)` \| (.*?) \|/gm)].map(
  ([, file = "", commands = ""]) => ({
    file,
    commands: [...commands.matchAll(/`([^`]+)`/g)].map(([, command = ""]) => command),
  }),
);
const sources = (readdirSync(join(root, "src"), { recursive: true }) as string[])
  .filter((name) => name.endsWith(".ts"))
  .map((name) => `src/${name}`);

/** It asks whether there are rights, and uses none. */
const onlyAsks = ["src/actions/doctor.ts", "src/platform/network/interfaces.ts"];

describe("what is done as root", () => {
  it("is done by the files that the documentation lists, and by no other", () => {
    const using = sources.filter(
      (file) => /from ["'][./\w]*\/sudo\.js["']/.test(textOf(file)) && !onlyAsks.includes(file),
    );
    expect(rows.map(({ file }) => file).sort()).toEqual(using.sort());
    for (const file of sources)
      if (file !== "src/platform/process/sudo.ts" && file !== "src/platform/process/process.ts")
        expect(textOf(file), file).not.toMatch(/\[\s*["']sudo["']/);
  });

  it.each(rows.map(({ file, commands }) => [file, commands] as const))(
    "by %s is each of its commands",
    (file, commands) => {
      expect(commands.length).toBeGreaterThan(0);
      const text = textOf(file);
      // Each word that the code has as a word of its own.
      for (const command of commands)
        for (const word of command.split(" ").filter((part) => /^[a-z-]+$/.test(part)))
          expect(text, command).toMatch(new RegExp(`["'\`\\s]${word}["'\`\\s]`));
    },
  );

  it("by KVM’s repair is no command that the documentation lacks", () => {
    const used = [
      ...textOf("src/platform/kvm.ts").matchAll(/^\s*(?:make: |undo: )?\[?(?:\/\*.*?\*\/ )?\[["']([a-z]+)["']/gm),
    ].map(([, program = ""]) => program);
    const listed = rows
      .find(({ file }) => file === "src/platform/kvm.ts")
      ?.commands.map((command) => command.split(" ")[0]);
    expect(used.length).toBeGreaterThan(3);
    for (const program of used) expect(listed).toContain(program);
  });
});
