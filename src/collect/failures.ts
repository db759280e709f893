import { consoleLines } from "../artifact/artifact.js";
import { frameText } from "../boot/crash/frames.js";
import type { BootRecord } from "../artifact/schema.js";
import { block, code, prose } from "../summary/markup.js";
import { consoleDifference } from "./console-difference.js";
import type { ComparedImage, Overview } from "./overview.js";

/** A section of Markdown for each failed boot: its evidence, and how its console differs from the last good one. */
export function failureSections({ rows }: Overview): string[] {
  return rows.flatMap((row) =>
    row.image.boots.filter(({ verdict }) => verdict === "failed").map((boot) => failureSection(row, boot)),
  );
}

function failureSection(row: ComparedImage, boot: BootRecord): string {
  const { artifact, image } = row;
  const { target, architecture } = artifact.info;
  const scenario = boot.scenario === null ? "" : ` scenario ${code(boot.scenario)}`;
  const difference = differenceOf(row, boot);
  return [
    `#### ${code(image.unikernel)}${scenario} (${target} ${architecture}) failed: ${prose(boot.summary)}`,
    ...(boot.crash === null ? [] : ["Calls:", block(boot.crash.map(frameText))]),
    ...(boot.evidence === undefined ? [] : ["Evidence:", block([boot.evidence.line])]),
    ...(difference.length === 0
      ? []
      : [
          "Its console, compared with that of the last good run (without times and addresses):",
          block(difference, 200),
        ]),
  ].join("\n\n");
}

function differenceOf({ artifact, former }: ComparedImage, boot: BootRecord): readonly string[] {
  const good = former?.image.boots.find(({ scenario, verdict }) => scenario === boot.scenario && verdict === "passed");
  if (former === undefined || good === undefined) return [];
  return consoleDifference(consoleLines(artifact, boot.console), consoleLines(former.artifact, good.console));
}
