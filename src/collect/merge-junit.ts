import { Problem } from "../platform/problem.js";
import type { CollectedLeg } from "./overview.js";

/**
 * Merges the JUnit files of all legs, which `publish` wrote (artifact/junit.ts): copies their suites, and sums their
 * counts.
 *
 * @returns undefined when no leg was booted.
 * @throws Problem when a file has another format.
 */
export function mergedJunit(legs: readonly CollectedLeg[]): string | undefined {
  const files = legs.flatMap(({ name, junit }) => (junit === undefined ? [] : [parts(junit, `${name}/junit.xml`)]));
  if (files.length === 0) return undefined;
  const count = (name: string) => String(sum(files.map(({ attributes }) => attribute(attributes, name))));
  const time = sum(files.map(({ attributes }) => attribute(attributes, "time"))).toFixed(3);
  const counts =
    `tests="${count("tests")}" failures="${count("failures")}" errors="${count("errors")}" ` +
    `skipped="${count("skipped")}"`;
  const suites = files.map(({ content }) => content).join("\n");
  return (
    `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="unikernel-ci" ${counts} ` +
    `time="${time}">\n${suites}\n</testsuites>\n`
  );
}

interface Parts {
  readonly attributes: string;
  /** The suites, with their indentation. */
  readonly content: string;
}

function parts(xml: string, shown: string): Parts {
  const [, attributes, content] =
    /^<\?xml[^>]*\?>\s*<testsuites\b([^>]*[^>/])>\n?(.*?)\s*<\/testsuites>\s*$/s.exec(xml) ?? [];
  if (attributes === undefined || content === undefined) {
    throw new Problem(`${shown} was not written by unikernel-ci`, { do: "find out what changed it" });
  }
  return { attributes, content };
}

function attribute(attributes: string, name: string): number {
  return Number(new RegExp(` ${name}="([\\d.]+)"`).exec(attributes)?.[1] ?? 0);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
