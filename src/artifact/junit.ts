import Builder from "fast-xml-builder";
import { frameText } from "../boot/crash/frames.js";
import { seconds, visible } from "../platform/log.js";
import { spreadOf } from "../platform/statistics.js";
import type { BootRecord, BuildInfo } from "./schema.js";

/** The most characters of a console in a test case; a single line of a guest can have thousands. */
const mostOfOutput = 64 * 1024;
/** The same in a failure, which viewers show in lists and comments. */
const mostOfFailure = 8 * 1024;

const builder = new Builder({
  attributeNamePrefix: "@",
  ignoreAttributes: false,
  suppressEmptyNode: true,
  suppressBooleanAttributes: false,
  // promise: junit-is-escaped
  format: true,
});

/** The images of a build, with their boots. */
export interface ReportedImages extends Pick<BuildInfo, "target" | "architecture"> {
  readonly images: readonly { readonly unikernel: string; readonly boots: readonly ReportedBoot[] }[];
}

export interface ReportedBoot extends BootRecord {
  /** The last lines of the console. */
  readonly consoleEnd: readonly string[];
}

/**
 * The boots as a JUnit XML file: a suite for each image, a case for each scenario. JUnit XML has no standard; this is
 * the common subset that https://github.com/testmoapp/junitxml describes.
 *
 * Viewers know a case by its class and name, so the unikernel precedes the scenario where several unikernels share a
 * class.
 */
export function junit(...builds: readonly ReportedImages[]): string {
  const named = builds.flatMap(({ images, target, architecture }) =>
    images.map((image) => ({ ...image, target, architecture, className: `${target}.${architecture}` })),
  );
  const suites = named.map(({ unikernel, boots, target, architecture, className }) => {
    const isAlone = named.every((other) => other.className !== className || other.unikernel === unikernel);
    const nameOf = ({ scenario }: ReportedBoot) =>
      scenario === null ? unikernel : isAlone ? scenario : `${unikernel}: ${scenario}`;
    return {
      "@name": xmlText(`${unikernel} ${target} ${architecture}`),
      ...counts(boots),
      testcase: boots.map((boot) => testCase(className, nameOf(boot), boot)),
    };
  });
  const all = named.flatMap(({ boots }) => boots);
  return builder.build({
    "?xml": { "@version": "1.0", "@encoding": "UTF-8" },
    testsuites: { "@name": "unikernel-ci", ...counts(all), testsuite: suites },
  });
}

function counts(boots: readonly ReportedBoot[]): Record<string, string> {
  const of = (kind: ReportedBoot["verdict"]) => String(boots.filter(({ verdict }) => verdict === kind).length);
  return {
    "@tests": String(boots.length),
    "@failures": of("failed"),
    "@errors": "0",
    "@skipped": of("skipped"),
    "@time": inSeconds(boots.reduce((sum, boot) => sum + msOf(boot), 0)),
  };
}

function testCase(className: string, name: string, boot: ReportedBoot): Record<string, unknown> {
  const { verdict, reason, summary, console, consoleEnd } = boot;
  const output = [
    /* promise: junit-output-has-a-limit */ ...tail(consoleEnd, mostOfOutput),
    ...(console === null ? [] : [`(whole console: ${console})`]),
  ];
  return {
    "@classname": className,
    "@name": xmlText(name),
    "@time": inSeconds(msOf(boot)),
    ...propertiesOf(boot),
    ...(verdict === "failed"
      ? {
          failure: {
            "@type": reason,
            "@message": xmlText(summary),
            "#text": lines(failureText(boot)),
          },
        }
      : {}),
    ...(verdict === "skipped" ? { skipped: { "@message": xmlText(`${reason}: ${summary}`) } } : {}),
    ...(output.length === 0 ? {} : { "system-out": lines(output) }),
  };
}

/** Of a repeated boot: how often it passed, and how its times spread, in milliseconds. */
function propertiesOf({ repeats }: ReportedBoot): Record<string, unknown> {
  if (repeats === null) return {};
  const { passed, failed, skipped, bootMs, readyMs } = repeats;
  const times = Object.entries({ "boot-ms": spreadOf(bootMs), "ready-ms": spreadOf(readyMs) });
  const facts = [
    ...Object.entries({ boots: passed + failed + skipped, passed, failed, skipped }),
    ...times.flatMap(([name, spread]) => Object.entries({ ...spread }).map(([which, ms]) => [`${name}-${which}`, ms])),
  ];
  return { properties: { property: facts.map(([name, value]) => ({ "@name": name, "@value": String(value) })) } };
}

function failureText({ summary, evidence, remedy, crash, consoleEnd }: ReportedBoot): string[] {
  return [
    summary,
    ...(crash ?? []).map((frame) => `at ${frameText(frame)}`),
    ...(evidence === undefined ? [] : [`evidence, ${seconds(evidence.atMs)} after start: ${evidence.line}`]),
    ...(remedy === undefined ? [] : [`do: ${remedy}`]),
    ...(consoleEnd.length === 0
      ? []
      : ["", "End of the console:", /* promise: junit-failure-has-a-limit */ ...tail(consoleEnd, mostOfFailure)]),
  ];
}

function msOf({ span, attempts }: ReportedBoot): number {
  return span?.ms ?? attempts.reduce((sum, { verdict }) => sum + verdict.atMs, 0);
}

function inSeconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

/** As many of the last lines as fit. When the last line alone is too long, its end. */
function tail(texts: readonly string[], mostCharacters: number): string[] {
  const kept: string[] = [];
  let room = mostCharacters;
  for (const text of texts.toReversed()) {
    if (text.length > room && kept.length > 0) break;
    kept.unshift(text.length > room ? `…${text.slice(-room)}` : text);
    room -= text.length;
  }
  return kept;
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => xmlText(text.replace(/(?<!\r)\r+$/, ""))).join("\n");
}

/**
 * One line that XML can hold: control characters, and all else that XML 1.0 forbids even as a numeric reference, are
 * written out: https://www.w3.org/TR/xml/#charsets
 */
function xmlText(text: string): string {
  return /* promise: junit-text-is-visible */ visible(text).replace(
    /* promise: junit-characters-are-xml */ /[\p{Cs}\ufffe\uffff]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16)}`,
  );
}
