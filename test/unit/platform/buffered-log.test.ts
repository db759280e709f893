import { expect, test } from "vitest";
import { bufferedLog } from "../../../src/platform/buffered-log.js";
import { createLog } from "../../../src/platform/runner/console-log.js";

const terminal = () => {
  const written: string[] = [];
  return {
    written,
    log: createLog({ gitHub: false, write: (text) => written.push(text), colour: false, verbose: true }),
  };
};

test("what two tell at the same time stays apart", () => {
  const { written, log } = terminal();
  const one = bufferedLog(log);
  const other = bufferedLog(log);
  one.log.fact("a", "first");
  other.log.line("b");
  one.log.untrusted(["::error::quoted"]);
  one.log.warning("careful");
  expect(written).toEqual([]);
  other.flush();
  one.flush();
  expect(written.join("")).toBe("b\n  a           first\n  | ::error::quoted\nWarning: careful\n");
});

test("nothing is told twice", () => {
  const { written, log } = terminal();
  const { log: buffer, flush } = bufferedLog(log);
  buffer.notice("once");
  flush();
  flush();
  expect(written).toEqual(["Notice: once\n"]);
});

test("the result of a group is not held back", async () => {
  const { log } = terminal();
  expect(await bufferedLog(log).log.group("Boot", () => Promise.resolve(7))).toBe(7);
});

test("a tone is kept until it is told", () => {
  const written: string[] = [];
  const { log, flush } = bufferedLog(
    createLog({ gitHub: false, write: (text) => written.push(text), colour: true, verbose: false }),
  );
  log.line("PASSED", "good");
  flush();
  expect(written).toEqual(["\x1b[32mPASSED\x1b[0m\n"]);
});
