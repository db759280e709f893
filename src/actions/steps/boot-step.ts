import { isAbsolute, relative, resolve } from "node:path";
import { performance } from "node:perf_hooks";
import { type BootSubject, writeBootFiles } from "../../artifact/boot-files.js";
import { recordBoot } from "../../artifact/image-record.js";
import { forgetRecord, saveRecord } from "../../artifact/records.js";
import { decisiveBoot } from "../../artifact/verdicts.js";
import { checkRepeated, checkedRequest, replacedByHelp, writesShared } from "../../boot/boot-request.js";
import { bootSeveral, notAsked } from "../../boot/boot.js";
import { bootRepeatedly } from "../../boot/repeat/repeated.js";
import type { BootReport } from "../../boot/report.js";
import type { Context } from "../../platform/host.js";
import { WrongUse } from "../../platform/problem.js";
import { sweepLeftovers } from "../../platform/process/build-programs.js";
import { quote } from "../../platform/process/process.js";
import type { ToolchainCache } from "../../platform/runner/actions-cache.js";
import { cacheService } from "../../platform/runner/cache-service.js";
import { withOwnNames } from "../../project/images.js";
import { bootFailure, skippedWarning, tellVerdict } from "../../summary/boot-story.js";
import { tellRepeats } from "../../summary/repeats.js";
import { cachePolicyOf } from "../../toolchain/cache-policy.js";
import { type InputDefinition, camelCase, parseInput } from "../definition.js";
import { type InputName, type Inputs, inputs as rows, inputsMarked } from "../interface.js";
import type { PartFunction } from "../main.js";
import { imagePaths } from "../parsers.js";
import { type PlannedBoot, type Subject, checkLeftOut, naming, plannedBoots, readSubject } from "./planned-boots.js";

/** Boots the images, each once or for each scenario, and judges them. Returns false if a verdict is `failed`. */
export const boot: PartFunction = async (context, inputs, runner) => {
  const { log, host } = context;
  const paths = [...new Set(imagePaths(inputs.image).map((path) => resolve(host.folders.workspace, path)))];
  if (paths.length === 0) {
    throw new WrongUse("input image is empty", {
      do: "set it to the path of the image, such as the output `image` of build",
    });
  }
  for (const path of paths) await forgetRecord(context, path, "boot");
  // Stays if a boot cannot start; otherwise the verdict replaces it.
  runner.setOutput("verdict", "failed");
  // Loaded on demand: the YAML parser is a fifth of this action.
  const scenarios =
    inputs.scenarios === undefined ? undefined : await (await import("../scenarios.js")).readScenarios(context, inputs);
  const { subjects, booted } = await log.group("Boot", async () => {
    const subjects: Subject[] = [];
    for (const path of paths) subjects.push(await readSubject(context, inputs, paths, path));
    await checkLeftOut(context, subjects, inputs);
    const helperVmCache = await cacheOfHelperVms(context, inputs.cache);
    const planned = plannedBoots(context, subjects, inputs, scenarios, helperVmCache);
    for (const one of planned.filter(({ isAsked }) => isAsked)) {
      await naming(one, () => checkedRequest(one.request));
      await naming(one, () => checkRepeated(one.request, one.asked.repeat));
      const replaced = replacedByHelp(one.request);
      const where = one.inErrors === "" ? "" : `${one.inErrors}: `;
      if (replaced.length > 0) log.notice(`${where}\`check: help\` does not use ${replaced.join(", ")}`);
    }
    await sweepLeftovers(context);
    const start = performance.now();
    const boot = (one: PlannedBoot) => async (own: Context) => {
      const { name, request, isAsked } = one;
      if (name !== "") own.log.line(`  ${name}:`);
      try {
        const report = isAsked
          ? await naming(one, () =>
              bootRepeatedly(own, request, one.asked.repeat, Math.round(performance.now() - start)),
            )
          : notAsked(request, "every scenario names other images");
        tell(own, report, name);
        return { ...one, report };
      } catch (error) {
        return { ...one, error };
      }
    };
    // Guests that write to the same disk at the same time would damage it. A repeated boot has all cores by itself.
    const isAlone =
      writesShared(planned.map(({ request }) => request)) || planned.some(({ asked }) => asked.repeat > 1);
    const limit = isAlone ? 1 : host.cores;
    return { subjects, booted: await bootSeveral(context, planned.map(boot), limit) };
  });
  const images = withOwnNames(subjects.map(({ built }) => built));
  const errors: unknown[] = [];
  const judged = subjects.flatMap((subject, index) => {
    const own = booted.filter((one) => one.subject === subject);
    const error = own.find((one) => "error" in one);
    if (error !== undefined) errors.push(error.error);
    if (error !== undefined) return [];
    const boots = nonEmpty(
      own.flatMap((one) => ("report" in one ? [{ ...recordBoot(one.report), again: againCommand(context, one) }] : [])),
    );
    const image = images[index] ?? subject.built;
    return [{ image, target: subject.target.name, architecture: subject.architecture, boots }];
  });
  for (const { image, boots } of judged) await saveRecord(context, image, "boot", boots);
  for (const one of booted) if ("report" in one) annotate(context, one, one.report);
  // The other images keep their verdicts.
  for (const error of errors.slice(1)) log.error(String(error));
  if (errors.length > 0) throw errors[0];
  const files = await writeBootFiles(context, nonEmpty(judged));
  const decisive = decisiveBoot(nonEmpty(judged.flatMap(({ boots }) => boots)));
  runner.setOutput("verdict", decisive.verdict);
  runner.setOutput("verdict-reason", decisive.reason);
  runner.setOutput("accelerator", decisive.verdict === "skipped" ? "" : (decisive.accelerator ?? ""));
  runner.setOutput("boot-ms", String(decisive.bootMs ?? ""));
  runner.setOutput("ready-ms", String(decisive.readyMs ?? ""));
  runner.setOutput("console-log", decisive.consoleLog ?? "");
  runner.setOutput("verdicts", JSON.stringify(judged.map(verdictOf)));
  runner.setOutput("junit", files.junit);
  runner.setOutput("boot-json", files.json);
  return decisive.verdict !== "failed";
};

/** Logs a boot's failure as an error, and a skip as a warning or a notice. */
function annotate(context: Context, planned: PlannedBoot, report: BootReport): void {
  const { log } = context;
  const { subject, isAsked } = planned;
  const skipped = skippedWarning(report, subject.name);
  const own = report.crash?.own;
  const failure = bootFailure(report, againCommand(context, planned), subject.name);
  if (own !== undefined) log.annotate("error", { ...own, endLine: own.line }, failure.message);
  if (report.verdict.verdict === "failed") log.error(failure.toString());
  else if (skipped !== undefined) log.warning(skipped);
  else if (!isAsked) log.notice(`${subject.name} was not booted: ${report.verdict.summary}`);
}

/** An image's entry in the output `verdicts`. */
function verdictOf({ image, boots }: BootSubject): object {
  const { verdict, reason } = decisiveBoot(nonEmpty(boots));
  return { image: image.path, verdict, reason };
}

function nonEmpty<Item>([first, ...others]: readonly Item[]): [Item, ...Item[]] {
  if (first === undefined) throw new Error("a step boots at least one image, at least once");
  return [first, ...others];
}

/** Restores helper VMs from the actions cache, and saves them, as far as the input `cache` allows. */
async function cacheOfHelperVms({ host, log }: Context, choice: Inputs["cache"]): Promise<ToolchainCache | undefined> {
  const { restore, save } = cachePolicyOf(host, choice);
  const cache = restore ? await cacheService(host, log) : undefined;
  return cache === undefined || save ? cache : { ...cache, save: () => Promise.resolve(false) };
}

function tell({ log }: Context, report: BootReport, name: string): void {
  if (report.consoleLog !== undefined) {
    log.fact("console", report.consoleLog);
  }
  for (const { text, said } of report.probes ?? []) log.fact("probe", `${text}: ${said}`);
  tellRepeats(log, report);
  tellVerdict(log, report, name);
}

/** The command that repeats a boot from the workspace's folder, with the options that differ from their defaults. */
function againCommand({ host }: Context, { asked, subject }: PlannedBoot): string {
  const repeating: readonly InputName[] = [...inputsMarked("repeat"), ...inputsMarked("scenario")];
  const options = repeating.flatMap((name) => {
    const definition: InputDefinition<unknown> = rows[name];
    const text = definition.parse.write(asked[camelCase(name) as keyof Inputs]);
    return ["", definition.parse.write(parseInput(definition, undefined))].includes(text) ? [] : [`--${name}`, text];
  });
  const inside = relative(host.folders.workspace, subject.built.path);
  const path = isAbsolute(inside) || /^\.\.(?:\/|$)/.test(inside) ? subject.built.path : inside;
  return ["unikernel-ci", "boot", path, ...options].map(quote).join(" ");
}
