import { basename, resolve } from "node:path";
import { performance } from "node:perf_hooks";
import { writeBootFiles } from "../../artifact/boot-files.js";
import { recordBoot } from "../../artifact/image-record.js";
import { forgetRecord, readRecord, readToolchain, saveRecord } from "../../artifact/records.js";
import { overallVerdict } from "../../artifact/verdicts.js";
import { type BootRequest, checkedRequest, replacedByHelp } from "../../boot/boot-request.js";
import { bootImage, bootSeveral } from "../../boot/boot.js";
import type { BootReport } from "../../boot/report.js";
import { describeImage, targetOf } from "../../image/check.js";
import { readImage } from "../../image/recognise.js";
import type { Context } from "../../platform/host.js";
import { Problem } from "../../platform/problem.js";
import { searchPath } from "../../platform/process/programs.js";
import { sweepLeftovers } from "../../platform/process/build-programs.js";
import type { ToolchainCache } from "../../platform/runner/actions-cache.js";
import { cacheService } from "../../platform/runner/cache-service.js";
import { describeBuilt } from "../../project/images.js";
import { bootFailure, skippedWarning, tellVerdict } from "../../summary/boot-story.js";
import { defaultTarget, targets } from "../../targets/targets.js";
import { cachePolicyOf } from "../../toolchain/cache-policy.js";
import { type InputDefinition, camelCase } from "../definition.js";
import { type InputName, type Inputs, inputs as rows, inputsMarked } from "../interface.js";
import type { PartFunction } from "../main.js";

/** Boots the image, once or for each scenario, and judges it. Returns false if a verdict is `failed`. */
export const boot: PartFunction = async (context, inputs, runner) => {
  const { log, host } = context;
  if (inputs.image === undefined) {
    throw new Problem("input image is empty", {
      do: "set it to the path of the image, such as the output `image` of build",
    });
  }
  const imagePath = resolve(host.folders.workspace, inputs.image);
  await forgetRecord(context, imagePath, "boot");
  // Stays if the boot cannot start; otherwise the verdict replaces it.
  runner.setOutput("verdict", "failed");
  const scenarios =
    inputs.scenarios === undefined ? undefined : await (await ofScenarios()).readScenarios(context, inputs);
  const { reports, subject } = await log.group("Boot", async () => {
    const image = await readImage(imagePath);
    log.fact("image", describeImage(image));
    const record = await readRecord(context, imagePath, "build");
    const target = targets[inputs.target ?? record?.target ?? targetOf(image) ?? defaultTarget];
    const architecture = inputs.arch ?? record?.architecture ?? image.architecture;
    // For an image built elsewhere: Solo5's tenders come with a toolchain.
    const toolchain = record?.toolchain ?? (await readToolchain(context, target.backend, architecture));
    const path = searchPath(toolchain?.toolchain.environment.path ?? [], host.environment);
    const helperVmCache = await cacheOfHelperVms(context, inputs.cache);
    const about = { imagePath, image, target, architecture, searchPath: path, ...(helperVmCache && { helperVmCache }) };
    const request = (asked: Inputs, scenario?: string): BootRequest => ({
      ...asked,
      ...about,
      net: asked.net.value,
      block: asked.block.value,
      ...(scenario === undefined ? {} : { scenario }),
    });
    const [first, ...others] = (scenarios ?? [{ inputs, name: undefined }]).map((one) => request(one.inputs, one.name));
    if (first === undefined) throw new Error("a list of scenarios is never empty");
    for (const one of [first, ...others]) {
      await naming(one, () => Promise.resolve(checkedRequest(one)));
      const replaced = replacedByHelp(one);
      const scenario = one.scenario === undefined ? "" : `scenario ${one.scenario}: `;
      if (replaced.length > 0) log.notice(`${scenario}\`check: help\` does not use ${replaced.join(", ")}`);
    }
    await sweepLeftovers(context);
    // Before the boots: the verdict is about these bytes.
    const built = await describeBuilt(imagePath, target);
    const start = performance.now();
    const boot = (one: BootRequest) => async (own: Context) => {
      if (one.scenario !== undefined) own.log.line(`  ${one.scenario}:`);
      const report = await naming(one, () => bootImage(own, one, Math.round(performance.now() - start)));
      tell(own, report);
      return report;
    };
    const reports = await bootSeveral(context, [boot(first), ...others.map(boot)], host.cores);
    return { reports, subject: { image: built, target: target.name, architecture } };
  });
  const [first, ...others] = reports;
  const boots = [recordBoot(first), ...others.map(recordBoot)] as const;
  await saveRecord(context, subject.image, "boot", boots);
  const files = await writeBootFiles(context, subject, boots);
  const overall = overallVerdict(boots, basename(imagePath));
  runner.setOutput("verdict", overall.verdict);
  runner.setOutput("verdict-reason", overall.reason);
  runner.setOutput("accelerator", overall.verdict === "skipped" ? "" : (overall.accelerator ?? ""));
  runner.setOutput("boot-ms", String(overall.bootMs ?? ""));
  runner.setOutput("ready-ms", String(overall.readyMs ?? ""));
  runner.setOutput("console-log", overall.consoleLog ?? "");
  runner.setOutput("junit", files.junit);
  runner.setOutput("boot-json", files.json);
  for (const [index, report] of reports.entries()) {
    const asked = scenarios?.[index]?.inputs ?? inputs;
    const skipped = skippedWarning(report);
    if (report.verdict.verdict === "failed") log.error(bootFailure(report, bootOptions(asked)).toString());
    if (skipped !== undefined) log.warning(skipped);
  }
  return overall.verdict !== "failed";
};

/** Loaded on demand: the YAML parser is a fifth of this action. */
const ofScenarios = () => import("../scenarios.js");

/** Adds the name of the scenario to errors. */
async function naming<T>({ scenario }: BootRequest, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw scenario === undefined ? error : (await ofScenarios()).ofScenario({ name: scenario }, error);
  }
}

/** Restores helper VMs from the actions cache, and saves them, as far as the input `cache` allows. */
async function cacheOfHelperVms({ host, log }: Context, choice: Inputs["cache"]): Promise<ToolchainCache | undefined> {
  const { restore, save } = cachePolicyOf(host, choice);
  const cache = restore ? await cacheService(host, log) : undefined;
  return cache === undefined || save ? cache : { ...cache, save: () => Promise.resolve(false) };
}

function tell({ log }: Context, report: BootReport): void {
  if (report.consoleLog !== undefined) {
    log.fact("console", report.consoleLog);
    log.untrusted(report.consoleEnd);
  }
  for (const { text, said } of report.probes ?? []) log.fact("probe", `${text}: ${said}`);
  tellVerdict(log, report);
}

/** The options that repeat this boot by hand. */
function bootOptions(asked: Inputs): string[] {
  const repeating: readonly InputName[] = [...inputsMarked("repeat"), ...inputsMarked("scenario")];
  return repeating.flatMap((name) => {
    const { parse }: InputDefinition<unknown> = rows[name];
    const text = parse.write(asked[camelCase(name) as keyof Inputs]);
    return text === "" ? [] : [`--${name}`, text];
  });
}
