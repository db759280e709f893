import { frameText } from "../boot/crash/frames.js";
import { unusualLicenses } from "../artifact/licenses.js";
import type { BootRecord, BuildInfo, ImageRecord, JobBoot, JobImage, ToolchainFacts } from "../artifact/schema.js";
import { howItRan, imageVerdict } from "../artifact/verdicts.js";
import { seconds, size } from "../platform/log.js";
import { capped, emphasized, toolchainCell, block, code, folded, prose, table } from "./markup.js";
import { nearestLine } from "./nearest-line.js";
import { repeatsSection } from "./repeats.js";
import { phasesOf, timeline } from "./timeline.js";

export interface SummaryFacts {
  readonly info: BuildInfo;
  /** The images of `info`, with everything that is known about their boots. */
  readonly images: readonly JobImage[];

  readonly publishMs: number;
  /** URL of docs/verdicts.md; absent when not known. */
  readonly verdictsPage?: string | undefined;
  /** Absent when nothing was uploaded. */
  readonly artifact: { readonly name: string; readonly url?: string } | undefined;
}

/** The Markdown of the job summary: images, scenarios, failures, a timeline, and, folded, licences and versions. */
export function summary(facts: SummaryFacts): string {
  const { info, images, artifact, publishMs, verdictsPage } = facts;
  const explanations = images.flatMap(({ unikernel, boots }) =>
    boots.map((boot) => explanation(info, unikernel, boot, verdictsPage)),
  );
  const sections = [
    imageTable(info),
    scenarioTable(info.images),
    repeatsSection(images),
    ...explanations,
    artifact === undefined ? "" : artifactLine(artifact),
    foldedTimeline(timeline(phasesOf(info, publishMs))),
    licenses(info),
    folded("Versions and hashes", versions(info)),
  ];
  return capped(sections.filter((section) => section !== ""));
}

function imageTable(info: BuildInfo): string {
  const header = ["unikernel", "target", "size", "sha256", "verdict", "how", "boot", "ready", "toolchain"];
  return tellingColumns(
    header,
    info.images.map((image) => [
      code(image.unikernel),
      `${info.target} ${info.architecture}`,
      size(image.bytes),
      code(image.sha256.slice(0, 12)),
      overallCell(image),
      ...(image.boots.length === 1 ? image.boots.flatMap(runCells) : ["", "", ""]),
      toolchainCell(info.toolchain),
    ]),
  );
}

/** Empty for images without scenarios: their rows in the table of images have the same facts. */
function scenarioTable(images: readonly ImageRecord[]): string {
  const rows = images.flatMap(({ unikernel, boots }) =>
    boots
      .filter(({ scenario }) => scenario !== null)
      .map((boot) => [
        images.length === 1 ? "" : code(unikernel),
        code(boot.scenario ?? ""),
        verdictCell(boot),
        `\`${boot.reason}\``,
        ...runCells(boot),
      ]),
  );
  const header = ["unikernel", "scenario", "verdict", "reason", "how", "boot", "ready"];
  return rows.length === 0 ? "" : tellingColumns(header, rows);
}

/** A table without the columns that are empty in every row. */
function tellingColumns(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const telling = (cells: readonly string[]) => cells.filter((_, column) => rows.some((row) => row[column] !== ""));
  return table(telling(header), rows.map(telling));
}

function overallCell(image: ImageRecord): string {
  const overall = imageVerdict(image);
  if (overall === undefined) return "not booted";
  return image.boots.length === 1 ? verdictCell(overall) : emphasized(prose(overall.summary), overall.verdict);
}

function verdictCell({ verdict, summary }: BootRecord): string {
  return emphasized(`${verdict}: ${prose(summary)}`, verdict);
}

function runCells(boot: BootRecord): readonly [how: string, booted: string, ready: string] {
  const [last, ...former] = boot.attempts.toReversed();
  if (last === undefined) return ["", "", ""];
  const failed = former.toReversed().map((attempt) => `${howItRan(attempt)} failed`);
  return [[howItRan(last), ...failed].join(", "), milliseconds(boot.bootMs), milliseconds(boot.readyMs)];
}

function milliseconds(ms: number | undefined): string {
  return ms === undefined ? "" : seconds(ms);
}

const foldedTimeline = (chart: string): string => (chart === "" ? "" : folded("Timeline", chart));

/** A failure with its evidence, a skip with its reason; empty for a boot that passed. */
function explanation(
  { target, architecture }: BuildInfo,
  unikernel: string,
  boot: JobBoot,
  verdictsPage: string | undefined,
): string {
  const { verdict, summary, reason, atMs, evidence, remedy, crash, consoleEnd, again } = boot;
  if (verdict === "passed") return "";
  const scenario = boot.scenario === null ? "" : ` scenario ${code(boot.scenario)}`;
  const when = boot.attempts.length === 0 ? "before it started" : `${seconds(atMs)} after start`;
  const failedProbes = boot.probes.filter(({ holds }) => !holds);
  const lines = consoleEnd.length;
  return [
    `#### ${code(unikernel)}${scenario} (${target} ${architecture}) ${verdict}: ${prose(summary)}`,
    `Reason: ${reasonLink(reason, verdictsPage)}, ${when}.`,
    ...(crash === null ? [] : ["Calls:", block(crash.map(frameText))]),
    ...(evidence === undefined ? [] : ["Evidence:", block([evidence.line])]),
    ...missingLines(boot),
    ...(failedProbes.length === 0
      ? []
      : ["Failed probes:", block(failedProbes.map(({ text, said }) => `${text}: ${said}`))]),
    ...(remedy === undefined ? [] : [`What to do: ${prose(remedy, 1000)}`]),
    ...(lines === 0 ? [] : [`Last ${lines === 1 ? "line" : `${lines} lines`} of the console:`, block(consoleEnd)]),
    ...(again === undefined || verdict === "skipped" ? [] : ["Again, on your machine:", block([again], 2000)]),
  ].join("\n\n");
}

/** The page has an anchor for each reason. */
function reasonLink(reason: string, page: string | undefined): string {
  return page === undefined ? `\`${reason}\`` : `[\`${reason}\`](<${encodeURI(page)}#${reason}>)`;
}

/** The expected lines that never came, each with the line that is most like it. */
function missingLines({ verdict, expected, consoleEnd }: JobBoot): string[] {
  const missing = expected.filter(({ seen }) => !seen);
  if (verdict !== "failed" || missing.length === 0) return [];
  const lines = missing.flatMap(({ pattern }) => {
    const instead = nearestLine(pattern, consoleEnd);
    return [`expected  ${pattern}`, ...(instead === undefined ? [] : [`instead   ${instead}`])];
  });
  return [
    `Expected lines that never came${missing.length < expected.length ? ` (${seenText(expected)})` : ""}:`,
    block(lines),
  ];
}

const seenText = (expected: JobBoot["expected"]): string =>
  `${expected.filter(({ seen }) => seen).length} of ${expected.length} did`;

/** Empty when no licence is unusual. */
function licenses({ packages }: BuildInfo): string {
  const unusual = unusualLicenses(packages ?? []);
  if (unusual.length === 0) return "";
  const rows = unusual.map(({ name, version, license }) => [code(name), code(version), code(license)]);
  return folded(`Licences to review: ${unusual.length}`, table(["package", "version", "licence"], rows));
}

function artifactLine({ name, url }: { readonly name: string; readonly url?: string }): string {
  // The URL comes from the runner's own variables, but a bracket in it would still end the link.
  const link = url === undefined ? code(name) : `[${code(name)}](<${encodeURI(url)}>)`;
  return `Artifact: ${link}`;
}

function versions({ images, toolchain, host }: BuildInfo): string {
  const facts: Fact[] = [
    ...images.map((image): Fact => [`SHA-256 of ${image.file}`, image.sha256]),
    ...(toolchain ? toolchainRows(toolchain) : []),
    ["host", `${host.architecture}, ${host.cores} cores${host.system === null ? "" : `, ${host.system}`}`],
  ];
  if (host.commit !== null) facts.push(["commit", host.commit]);
  return table(
    ["name", "value"],
    facts.map(([name, value]) => [prose(name), code(value)]),
  );
}

type Fact = readonly [name: string, value: string];

function toolchainRows(toolchain: ToolchainFacts): Fact[] {
  return [
    ...Object.entries<string>({ ...toolchain.versions }),
    ["toolchain key", toolchain.key],
    ...toolchain.opamRepositories.map(({ name, url }): Fact => [`opam repository ${name}`, url]),
    ...toolchain.opamPins.map((pin): Fact => [`opam pin ${pin.package}`, pin.url]),
    ["C compiler", toolchain.cCompiler],
  ];
}
