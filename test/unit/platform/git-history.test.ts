import { describe, expect, test } from "vitest";
import { completeHistory, pinsLocalRepository } from "../../../src/platform/git-history.js";
import type { Context } from "../../../src/platform/host.js";
import { collectingLog } from "../../collecting-log.js";

/** A context whose git answers `shallow`, and fetches with `status`. */
function fakeGit(shallow: string, status = 0) {
  const commands: string[] = [];
  const lines: string[] = [];
  const context: Pick<Context, "log" | "processes"> = {
    log: collectingLog(lines),
    processes: {
      run: (argv) => {
        commands.push(argv.join(" "));
        const isFetch = argv.includes("fetch");
        return Promise.resolve({
          argv,
          exitCode: isFetch ? status : 0,
          stdout: isFetch ? "" : shallow,
          stderr: isFetch ? "fatal: no access\n" : "",
        });
      },
    },
  };
  return { commands, lines, context };
}

test.each([
  ['package "x" ~pin:"git+file:///work#HEAD"', true],
  ['pin: "git+https://example.org/x"', false],
])("%s: %s", (text, isLocal) => {
  expect(pinsLocalRepository(text)).toBe(isLocal);
});

describe("the history of a pinned repository", () => {
  test("is left alone when it is complete, or outside of a repository", async () => {
    for (const answer of ["false\n", ""]) {
      const { commands, context } = fakeGit(answer);
      await completeHistory(context, "/work", {});
      expect(commands).toEqual(["git -C /work rev-parse --is-shallow-repository"]);
    }
  });

  test("is fetched when it is shallow, with a notice", async () => {
    const { commands, lines, context } = fakeGit("true\n");
    await completeHistory(context, "/work", {});
    expect(commands[1]).toBe("git -C /work fetch --unshallow --quiet");
    expect(lines.join("\n")).toContain("`fetch-depth: 0`");
  });

  test("is a problem that says what to change, when it cannot be fetched", async () => {
    const { context } = fakeGit("true\n", 128);
    await expect(completeHistory(context, "/work", {})).rejects.toMatchObject({
      facts: { evidence: ["fatal: no access"], do: expect.stringContaining("with `fetch-depth: 0`") as unknown },
    });
  });
});
