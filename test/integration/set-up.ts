import { readInputs, withTarget, type InputName } from "../../src/actions/interface.js";
import { type Context, type Host, inspectHost } from "../../src/platform/host.js";
import { processes } from "../../src/platform/process/process.js";
import type { Requirement } from "../../src/toolchain/requirements.js";
import { type ToolchainSetUp, setUpToolchain } from "../../src/toolchain/setup.js";
import { collectingLog } from "../collecting-log.js";

export type GivenInputs = Readonly<Partial<Record<InputName, string>>>;

/** What a set-up did, beside its result. */
export interface Story {
  readonly lines: string[];
  /** The program of every process that was started. */
  readonly programs: string[];
}

/** A machine whose tool cache and state are in `folder`, otherwise this one, outside of any Actions run. */
export function hostIn(folder: string): Host {
  const kept = ["PATH", "HOME", "LANG", "TMPDIR"].map((name) => [name, process.env[name]] as const);
  const environment = Object.fromEntries(kept.filter(([, value]) => value !== undefined));
  const host = inspectHost("linux", process.arch, {
    ...environment,
    RUNNER_TOOL_CACHE: `${folder}/tools`,
    XDG_STATE_HOME: `${folder}/state`,
    GITHUB_WORKSPACE: folder,
  });
  // Two packages at a time, wherever the test runs.
  return { ...host, cores: 2 };
}

/** Sets up a real toolchain, and keeps what the log said and which programs ran. */
export async function setUp(
  folder: string,
  given: GivenInputs,
  story: Story = { lines: [], programs: [] },
  requirements: readonly Requirement[] = [],
): Promise<ToolchainSetUp | undefined> {
  const context: Context = {
    host: hostIn(folder),
    log: collectingLog(story.lines),
    processes: {
      run: (argv, options) => {
        story.programs.push(argv[0]);
        return processes.run(argv, options);
      },
    },
  };
  return setUpToolchain(context, withTarget(readInputs((name) => given[name])), {
    buildSystem: "command",
    description: "a command",
    requirements,
  });
}

// For tests that end a set-up from outside: `node --import tsx set-up.ts FOLDER INPUTS-AS-JSON`, one log line a line.
const [, script, folder, inputs] = process.argv;
if (script?.endsWith("/set-up.ts") === true && folder !== undefined && inputs !== undefined) {
  const lines: string[] = [];
  lines.push = (...news) => {
    for (const line of news) console.log(line);
    return 0;
  };
  await setUp(folder, JSON.parse(inputs) as GivenInputs, { lines, programs: [] });
}
