import { describe, expect, it } from "vitest";
import { approvals, terminalQuestions } from "../../../../src/platform/runner/terminal.js";
import type { Log } from "../../../../src/platform/log.js";

const answering = (...answers: readonly string[]) => {
  const asked: string[] = [];
  const approve = approvals((question) => {
    asked.push(question);
    return Promise.resolve(answers[asked.length - 1] ?? "");
  });
  return { asked, approve };
};

describe("a command that changes the machine", () => {
  it.each([
    ["y", true],
    ["YES", true],
    ["", false],
    ["n", false],
    ["yesterday", false],
  ])("is approved by %j: %s", async (answer, isApproved) => {
    expect(await answering(answer).approve("sudo true")).toBe(isApproved);
  });

  it("is asked about once, and one after the other", async () => {
    const { asked, approve } = answering("y", "n");
    expect(await Promise.all([approve("a"), approve("b"), approve("a")])).toEqual([true, false, true]);
    expect(asked).toEqual(["Run `a`? [y/N]", "Run `b`? [y/N]"]);
  });

  it("is neither approved nor declined when nobody can be asked", async () => {
    expect(await approvals(undefined)("sudo true")).toBeUndefined();
  });
});

it("nobody is asked in a CI", () => {
  expect(terminalQuestions({} as Log, { CI: "true" })).toBeUndefined();
});
