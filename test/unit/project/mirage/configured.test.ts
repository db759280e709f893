import { expect, test } from "vitest";
import { configureAdvice } from "../../../../src/project/mirage/configured.js";

const adviceOn = (line: string) => configureAdvice.find(({ when }) => when.test(line))?.say;

// The output of mirage 4.11.1 (cmdliner 2) and of older versions (cmdliner 1).
test.each([
  ["mirage: unknown option --dhcp. Did you mean --utcp?", "instead of `--dhcp=false` write `--no-dhcp`"],
  ["mirage: unknown option '--dhcp', did you mean '--no-dhcp'?", "instead of `--dhcp=false` write `--no-dhcp`"],
  ["mirage: unknown option --management-dhcp", "`--management-no-dhcp` for a group"],
  ["mirage: unknown option '--no-dhcp'.", "Before that it is `--dhcp=false`"],
  ["mirage: unknown option --management-no-dhcp", "Before that it is `--dhcp=false`"],
  ["mirage: unknown option '--utcp'.", "needs mirage 4.11.0"],
  ["mirage: unknown option --name", "move it from `configure-args` to `args`"],
  ["mirage: unknown option --ipv4-gateway", "move it from `configure-args` to `args`"],
  ["mirage: unknown option --dns_servers. Did you mean --dns-servers?", "with dashes"],
  ["Version mismatch: required is mirage >= 4.12.0, but 4.11.1 is installed.", "remove `mirage-version`"],
])("%s", (line, said) => {
  expect(adviceOn(line)).toContain(said);
});

test("there is no advice on a flag that no version has", () => {
  expect(adviceOn("mirage: unknown option --enable-monitoring")).toBeUndefined();
  expect(adviceOn("mirage: unknown option --name-of-things")).toBeUndefined();
});
