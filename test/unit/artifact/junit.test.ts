import { randomBytes } from "node:crypto";
import { SaxesParser } from "saxes";
import { describe, expect, it } from "vitest";
import { type ReportedImages, junit } from "../../../src/artifact/junit.js";
import type { JobImage } from "../../../src/artifact/schema.js";
import { Lines } from "../../../src/boot/judge/lines.js";
import type { Verdict } from "../../../src/boot/judge/verdict.js";
import type { BootReport } from "../../../src/boot/report.js";
import { processorMs } from "../../processor-time.js";
import { bootOf, bootedImage, failedBoot, passed } from "./fixtures.js";

const skipped: Verdict = { verdict: "skipped", reason: "accelerator", summary: "no KVM", atMs: 0 };

function imageOf(...reports: BootReport[]): JobImage {
  const image = { path: "/w/www.hvt", name: "www", bytes: 5, sha256: "ab".repeat(32) };
  return bootedImage(image, ...reports);
}

const junitOf = (...images: JobImage[]) => junit({ target: "hvt", architecture: "x86_64", images });

interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  text: string;
}

/** All elements of a document; the parser accepts only well-formed XML. */
function parse(xml: string): Element[] {
  const elements: Element[] = [];
  const open: Element[] = [];
  const parser = new SaxesParser();
  parser.on("error", ({ message }) => expect.fail(message));
  parser.on("opentag", ({ name, attributes }) => {
    const element = { name, attributes, text: "" };
    elements.push(element);
    open.push(element);
  });
  parser.on("text", (text) => {
    const element = open.at(-1);
    if (element !== undefined) element.text += text;
  });
  parser.on("closetag", () => void open.pop());
  parser.write(xml).close();
  return elements;
}

const one = (xml: string, name: string) => {
  const found = parse(xml).filter((element) => element.name === name);
  expect(found, name).toHaveLength(1);
  return found[0];
};

describe("the JUnit file", () => {
  it("has a suite for each image and a case for each scenario", () => {
    const http = bootOf(passed, { scenario: "http", span: { startMs: 0, ms: 1900 } });
    const help = { ...failedBoot("/w/www.hvt", "/c"), scenario: "help" };
    const xen = bootOf(skipped, { scenario: "xen", attempts: [] });
    const elements = parse(junitOf(imageOf(http, help, xen), { ...imageOf(bootOf(passed)), unikernel: "other" }));
    const attributesOf = (name: string) =>
      elements.filter((element) => element.name === name).map(({ attributes }) => attributes);
    expect(attributesOf("testsuites")).toEqual([
      { name: "unikernel-ci", tests: "4", failures: "1", errors: "0", skipped: "1", time: "5.525" },
    ]);
    expect(attributesOf("testsuite")).toEqual([
      { name: "www hvt x86_64", tests: "3", failures: "1", errors: "0", skipped: "1", time: "2.215" },
      { name: "other hvt x86_64", tests: "1", failures: "0", errors: "0", skipped: "0", time: "3.310" },
    ]);
    expect(attributesOf("testcase")).toEqual([
      { classname: "hvt.x86_64", name: "www: http", time: "1.900" },
      { classname: "hvt.x86_64", name: "www: help", time: "0.315" },
      { classname: "hvt.x86_64", name: "www: xen", time: "0.000" },
      { classname: "hvt.x86_64", name: "other", time: "3.310" },
    ]);
  });

  it("names a case by its scenario alone where no other unikernel has the same class", () => {
    const image = imageOf(bootOf(passed, { scenario: "http" }));
    const build = { target: "hvt", architecture: "x86_64", images: [image] } as const;
    const names = (...others: readonly ReportedImages[]) =>
      parse(junit(build, ...others)).flatMap(({ name, attributes }) =>
        name === "testcase" ? [attributes["name"]] : [],
      );
    expect(names()).toEqual(["http"]);
    expect(names({ ...build, architecture: "aarch64", images: [{ ...image, unikernel: "dns" }] })).toEqual([
      "http",
      "http",
    ]);
    // A variant of the same unikernel, in another leg.
    expect(names(build)).toEqual(["http", "http"]);
    expect(names({ ...build, images: [{ ...image, unikernel: "dns" }] })).toEqual(["www: http", "dns: http"]);
  });

  it("says why a boot failed, with the evidence and the end of its console", () => {
    const xml = junitOf(imageOf(failedBoot("/w/www.hvt", "/c/console.log")));
    const failure = one(xml, "failure");
    expect(failure?.attributes).toEqual({ type: "exception", message: "uncaught exception" });
    expect(failure?.text.split("\n")).toEqual([
      "uncaught exception",
      'evidence, 0.31 s after start: Fatal error: exception Failure("</code></pre><script>")',
      "do: look at `tls/cert.pem`",
      "",
      "End of the console:",
      "hello",
      "</code></pre><img src=x onerror=alert(1)>",
      "| a | b |",
      "@everyone",
    ]);
    expect(one(xml, "system-out")?.text).toBe(
      "hello\n</code></pre><img src=x onerror=alert(1)>\n| a | b |\n@everyone\n(whole console: console.log)",
    );
  });

  it("says why a boot was skipped", () => {
    expect(one(junitOf(imageOf(bootOf(skipped))), "skipped")?.attributes).toEqual({ message: "accelerator: no KVM" });
  });

  it("shows what XML cannot hold", () => {
    const consoleEnd = [
      "\u0000\u0007\u001b[0m",
      "\ud800 \udc00",
      "\ufffe\uffff",
      "]]> <![CDATA[ &#0; &amp; <!--",
      "\u2028",
      "😀 é\r",
    ];
    const xml = junitOf(imageOf(bootOf(passed, { consoleEnd })));
    expect(one(xml, "system-out")?.text.split("\n")).toEqual([
      "\\x00\\x07\\x1b[0m",
      "\\ud800 \\udc00",
      "\\ufffe\\uffff",
      "]]> <![CDATA[ &#0; &amp; <!--",
      "\\u2028",
      "😀 é",
    ]);
  });

  it.each(Array.from({ length: 20 }, (_, index) => index))("is well-formed whatever a guest prints (%d)", () => {
    const bytes = randomBytes(2000);
    // As a console delivers it, and as texts with any UTF-16 code unit and any byte.
    const texts = [
      ...new Lines().add(Buffer.concat([bytes, Buffer.from("\n")])),
      bytes.toString("utf16le"),
      bytes.toString("latin1"),
    ];
    const text = texts.join("");
    const verdict = {
      ...passed,
      verdict: "failed",
      summary: text,
      evidence: { line: text, atMs: 1 },
      remedy: text,
    } as const;
    const xml = junitOf({
      ...imageOf(bootOf(verdict, { scenario: text, consoleEnd: texts, consoleLog: "/c" })),
      unikernel: text,
    });
    expect(one(xml, "failure")?.text, bytes.toString("base64")).toContain("End of the console:");
    // UTF-8 has no lone surrogates: the file must be read back unchanged.
    expect(Buffer.from(xml).toString()).toBe(xml);
  });

  it("is bounded, and keeps the last lines", () => {
    const consoleEnd = Array.from({ length: 30 }, (_, index) => `${index} `.padEnd(16 * 1024, "x"));
    const verdict = { ...passed, verdict: "failed" } as const;
    const xml = junitOf(imageOf(bootOf(verdict, { consoleEnd })));
    expect(xml.length).toBeLessThan(80 * 1024);
    expect(
      one(xml, "system-out")
        ?.text.split("\n")
        .map((line) => line.split(" ")[0]),
    ).toEqual(["26", "27", "28", "29"]);
    expect(one(xml, "failure")?.text.split("\n").at(-1)).toMatch(/^…x{8192}$/);
  });

  it("is valid when nothing was booted", () => {
    expect(one(junitOf(), "testsuites")?.attributes["tests"]).toBe("0");
  });
});

it("takes no longer than its texts are long, also where they are carriage returns", () => {
  const consoleEnd = [`a${"\r".repeat(1_000_000)}b`];
  expect(processorMs(() => junitOf(imageOf(bootOf(passed, { consoleEnd }))))).toBeLessThan(60_000);
});
