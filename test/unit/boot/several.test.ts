import { expect, test } from "vitest";
import type { BootReport } from "../../../src/boot/report.js";
import { bootSeveral } from "../../../src/boot/several.js";
import type { Context } from "../../../src/platform/host.js";

const told = () => {
  const lines: string[] = [];
  return { lines, context: { log: { line: (text: string) => lines.push(text) } } as unknown as Context };
};
const report = (scenario: string) => ({ scenario }) as BootReport;

/** Boots that tell when they begin and end, and end when they are let. */
function boots(names: readonly [string, ...string[]]) {
  const endings: Record<string, () => void> = {};
  const running = new Set<string>();
  const boot =
    (name: string) =>
    async ({ log }: Context) => {
      log.line(`${name} begins`);
      running.add(name);
      await new Promise<void>((resolve) => (endings[name] = resolve));
      running.delete(name);
      log.line(`${name} ends`);
      if (name.startsWith("bad")) throw new Error(name);
      return report(name);
    };
  const [first, ...others] = names;
  const list = [boot(first), ...others.map(boot)] as const;
  const end = async (name: string) => {
    endings[name]?.();
    await new Promise(setImmediate);
  };
  return { list, end, running };
}

test("no more than the limit run at a time, and the reports come in order", async () => {
  const { context, lines } = told();
  const { list, end, running } = boots(["a", "b", "c"]);
  const done = bootSeveral(context, list, 2);
  expect([...running]).toEqual(["a", "b"]);
  await end("b");
  expect([...running]).toEqual(["a", "c"]);
  expect(lines).toEqual(["b begins", "b ends"]);
  await end("c");
  await end("a");
  expect(await done).toEqual([report("a"), report("b"), report("c")]);
  expect(lines).toEqual(["b begins", "b ends", "c begins", "c ends", "a begins", "a ends"]);
});

test("one alone tells its story as it goes", async () => {
  const { context, lines } = told();
  const { list, end } = boots(["a"]);
  const done = bootSeveral(context, list, 4);
  expect(lines).toEqual(["a begins"]);
  await end("a");
  await done;
});

test("what one throws is thrown when the others have ended", async () => {
  const { context } = told();
  const { list, end, running } = boots(["bad", "b"]);
  const thrown = expect(bootSeveral(context, list, 2)).rejects.toThrow("bad");
  await end("bad");
  expect([...running]).toEqual(["b"]);
  await end("b");
  await thrown;
});
