import { quote } from "../platform/process/process.js";
import type { Inputs } from "./interface.js";

/** The options that make a boot by hand the same boot. */
export function bootOptions(inputs: Inputs): string[] {
  const {
    arch,
    args,
    block,
    boot,
    accelerator,
    check,
    expect,
    expectExit,
    forbid,
    memory,
    net,
    probe,
    settle,
    target,
    timeout,
    until,
  } = inputs;
  const sources = (patterns: readonly RegExp[]) => patterns.map(({ source }) => source).join("\n");
  const options = {
    target,
    arch,
    args: args.map(quote).join(" "),
    boot,
    accelerator,
    check,
    memory,
    timeout,
    until,
    settle,
  };
  const all = {
    ...options,
    expect: sources(expect),
    forbid: sources(forbid),
    "expect-exit": expectExit,
    net: net.text,
    block: block.text,
    probe: probe.map(({ text }) => text).join("\n"),
  };
  return Object.entries(all).flatMap(([name, value]) =>
    value === undefined || value === "" ? [] : [`--${name}`, String(value)],
  );
}
