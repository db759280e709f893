import { rmSync } from "node:fs";
import { beforeEach, describe, expect, it } from "vitest";
import { checkout, failedJob, newMachine } from "./job.js";

// Real make and gcc, whose paths are relative to their working directories.

let machine: string;
beforeEach(() => {
  machine = newMachine();
  return () => rmSync(machine, { recursive: true });
});

/** The annotations of a build that fails in `project`. */
async function annotationsOf(command: string, files: Readonly<Record<string, string>>): Promise<string[]> {
  const log: string[] = [];
  checkout(machine, files);
  const problem = await failedJob(
    machine,
    { target: "spt", "ocaml-version": "none", directory: "project", "build-command": command },
    log,
  );
  expect(problem.message).toMatch(/^build-command failed with status \d+ after /);
  return log.filter((line) => /^(error|warning) at /.test(line));
}

const broken = "int fine(void) { return 1; }\nint broken(void) { return nobody; }\n";

describe("an error of gcc is shown at its line", () => {
  it("in the folder that make is in", async () => {
    const files = {
      "project/Makefile": "all:\n\t$(MAKE) -C stubs\n",
      "project/stubs/Makefile": "all:\n\tgcc -c broken.c\n",
      "project/stubs/broken.c": broken,
    };
    expect(await annotationsOf("make", files)).toEqual([
      expect.stringMatching(/^error at project\/stubs\/broken\.c:2: .nobody. undeclared/),
    ]);
  });

  it("in pulled sources, whose warnings are not shown", async () => {
    const files = {
      "project/duniverse/lib/broken.c": broken,
      "project/duniverse/lib/unused.c": "static int unused;\n",
      "project/unused.c": "static int unused;\n",
    };
    const shown = await annotationsOf(
      'for file in unused.c duniverse/lib/unused.c duniverse/lib/broken.c; do gcc -Wall -c "$file"; done',
      files,
    );
    expect(shown).toEqual([
      expect.stringMatching(/^warning at project\/unused\.c:1: .unused. defined but not used/),
      expect.stringMatching(/^error at project\/duniverse\/lib\/broken\.c:2: /),
    ]);
  });

  it("unless the file is outside the repository", async () => {
    const file = `${machine}/elsewhere/x.c`;
    const command = `mkdir -p ${machine}/elsewhere && echo 'int x = nobody;' > ${file} && gcc -c ${file}`;
    expect(await annotationsOf(command, { "project/README.md": "" })).toEqual([]);
  });
});

const calls = "int nowhere(void);\n\nint main(void) { return nowhere(); }\n";

describe("an error of ld is shown", () => {
  it("at the line of the call, with debug information", async () => {
    const files = { "project/sub/Makefile": "all:\n\tgcc -g -o main main.c\n", "project/sub/main.c": calls };
    expect(await annotationsOf("make -C sub", files)).toEqual([
      expect.stringMatching(/^error at project\/sub\/main\.c:3: undefined reference to .nowhere'$/),
    ]);
  });

  it("at the file, without", async () => {
    const command = "gcc -g0 -c -o sub/main.o sub/main.c && gcc -o main sub/main.o";
    expect(await annotationsOf(command, { "project/sub/main.c": calls })).toEqual([
      expect.stringMatching(/^error at project\/sub\/main\.c:undefined: undefined reference to .nowhere'$/),
    ]);
  });

  it("without a place, for a library that is missing", async () => {
    const fine = { "project/main.c": "int main(void) { return 0; }\n" };
    expect(await annotationsOf("gcc -o main main.c -lnosuch", fine)).toEqual([
      expect.stringMatching(/^error at undefined:undefined: cannot find -lnosuch/),
    ]);
  });
});
