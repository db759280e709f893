import fc from "fast-check";
import { SaxesParser } from "saxes";
import { expect } from "vitest";
import { mergedJunit, overviewOf } from "../../../src/collect/overview.js";
import { collectLines, collectSummary } from "../../../src/collect/table.js";
import { Problem } from "../../../src/platform/problem.js";
import { createLog } from "../../../src/platform/runner/console-log.js";
import { parseBuildInfo } from "../../../src/artifact/build-info.js";
import { junit } from "../../../src/artifact/junit.js";
import { block, code, prose, table } from "../../../src/summary/markup.js";
import { obeyed } from "../../actions-runner.js";
import { legOf } from "../../unit/collect/fixtures.js";
import { bootOf, bootedImage, failedBoot, passed } from "../../unit/artifact/fixtures.js";
import { jsonText, textOf, textUpTo } from "../inputs.js";
import { orRefused, quickly, target } from "../target.js";

const commands = [
  "::",
  "##[",
  "]",
  "set-env",
  "add-mask",
  "error",
  "stop-commands",
  "endgroup",
  "group",
  " name=",
  "::stop-commands::x",
  "::x::",
  "%0A",
  "%0D",
  "%25",
  "\n",
  "\r",
  "\0",
  "\u001b[2J",
  "\u2028",
  "\u0085",
  " ",
  "\t",
  "\u00a0",
  "\ufeff",
];
const markup = [
  "<",
  ">",
  "&",
  '"',
  "'",
  "|",
  "\n",
  "\r",
  "`",
  "```",
  "<!--",
  "-->",
  "</code></pre>",
  "<script>",
  "@everyone",
  "#1",
  "[x](javascript:y)",
  "![",
  "**",
  "\\",
  "&lt;",
  "\0",
  "\ufffe",
  "\ud800",
  "]]>",
  "<details>",
  "x",
];
const given = legOf({ verdict: failedBoot("/w/www.hvt", "/w/console.log").verdict });

export const reportTargets = [
  target("the log: nothing that others say is a command", fc.array(textOf(...commands), { maxLength: 6 }), (texts) => {
    let written = "";
    const log = createLog({ gitHub: true, write: (text) => (written += text), colour: false, verbose: false });
    log.untrusted(texts);
    texts.forEach((text) => log.line(text));
    texts.forEach((text) => log.fact(text, text));
    expect(quickly(() => obeyed(written))).toEqual([]);
    written = "";
    texts.forEach((text) => log.error(text));
    expect(obeyed(written)).toHaveLength(texts.length);
  }),
  target("the summary: texts stay texts, cells stay cells", textOf(...markup), (text) => {
    for (const cell of quickly(() => [code(text), prose(text)])) {
      expect(cell.replace(/<\/?code>/g, "")).not.toMatch(/[<>|`@\n\r*[\]\\]/);
      expect(table([cell, cell], []).split("\n")[0]?.split("|")).toHaveLength(4);
    }
    expect(quickly(() => block([text, text])).replace(/^<pre><code>|<\/code><\/pre>$/g, "")).not.toMatch(/[<>]/);
  }),
  // The parser is slow, and each text is there eight times.
  target(
    "JUnit: well-formed, whatever was said",
    fc.tuple(textUpTo(2_000, ...markup), textUpTo(2_000, ...markup)),
    ([one, other]) => {
      const verdict = {
        ...failedBoot("/w/www.hvt", "/w/c").verdict,
        summary: one,
        evidence: { line: other, atMs: 1 },
        remedy: one,
      };
      const boots = [
        bootOf(passed, { consoleEnd: [one] }),
        bootOf(verdict, { scenario: other, consoleEnd: [other, one] }),
      ];
      const image = { path: `/w/${other}`, name: one, bytes: 5, sha256: "ab" };
      const booted = bootedImage(image, ...boots);
      const images = [{ ...booted, boots: booted.boots.map((boot) => ({ ...boot, console: other })) }];
      const parser = new SaxesParser();
      parser.on("error", (error) => {
        throw error;
      });
      quickly(() => parser.write(junit({ target: "hvt", architecture: "x86_64", images })).close());
    },
  ),
  target(
    "collect: an artifact that was accepted is shown",
    fc.tuple(jsonText(given.info), textUpTo(2_000, ...markup)),
    async ([text, console]) => {
      const info = quickly(() => orRefused(() => parseBuildInfo(text, "the fuzzer"), Problem));
      if (info === undefined) return;
      const legs = [{ ...given, info, consoleEnds: new Map([["console.log", console]]) }, given];
      const overview = quickly(() => overviewOf(legs, [given], []));
      quickly(() => collectSummary(overview, []));
      quickly(() => collectLines(overview));
      const parser = new SaxesParser();
      parser.on("error", (error) => {
        throw error;
      });
      const junit = await mergedJunit(legs);
      quickly(() => parser.write(junit ?? "<none/>").close());
    },
  ),
];
