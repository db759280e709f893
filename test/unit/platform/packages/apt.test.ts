import { describe, expect, it } from "vitest";
import { type Context, inspectHost } from "../../../../src/platform/host.js";
import { ensureSystemPackages, heldLock } from "../../../../src/platform/packages/apt.js";
import { Problem } from "../../../../src/platform/problem.js";
import type { Outcome } from "../../../../src/platform/process/process.js";

interface Machine {
  readonly isRoot: boolean;
  readonly hasSudo: boolean;
  readonly installed: readonly string[];
  /** apt-get installs nothing before an update. */
  readonly isFresh?: boolean;
  readonly proxies?: Readonly<Record<string, string>>;
  /** apt-get never works. */
  readonly isOffline?: boolean;
}

/** A command without the folders of its programs, which differ. */
const plain = (argv: readonly string[]) => argv.join(" ").replaceAll(/\/\S*\/(?=(sudo|true|env|apt-get)( |$))/g, "");
const path = "/usr/sbin:/usr/bin:/sbin:/bin";

/** A Debian machine, and the commands that it ran. */
function machineOf({ isRoot, hasSudo, installed, isFresh = false, proxies = {}, isOffline = false }: Machine): {
  context: Context;
  ran: string[];
} {
  const ran: string[] = [];
  let isUpdated = !isFresh;
  const answer = (argv: readonly string[]): Partial<Outcome> => {
    const command = plain(argv);
    if (argv[0] === "dpkg-query")
      return { exitCode: 1, stdout: installed.map((name) => `${name} installed\n`).join("") };
    if (command === "sudo -n true") return { exitCode: hasSudo ? 0 : 1 };
    if (argv.includes("update")) isUpdated = true;
    return { exitCode: isOffline || (argv.includes("install") && !isUpdated) ? 100 : 0 };
  };
  const context = {
    host: {
      ...inspectHost("linux", "x64", { PATH: process.env["PATH"], ...proxies }),
      isRoot,
      systemFolders: path.split(":"),
    },
    log: { fact: () => undefined, notice: () => undefined },
    processes: {
      run: (argv: readonly string[]) => {
        ran.push(plain(argv));
        return Promise.resolve({ argv, exitCode: 0, stdout: "", stderr: "", ...answer(argv) });
      },
    },
  };
  return { context: context as unknown as Context, ran };
}

const root: Machine = { isRoot: true, hasSudo: false, installed: ["gcc"] };
const changes = (ran: readonly string[]) => ran.filter((command) => command.includes("apt-get"));
const aptGet = `env DEBIAN_FRONTEND=noninteractive LC_ALL=C PATH=${path} apt-get -q -o Acquire::Retries=3`;
const install = `${aptGet} install --yes --no-install-recommends`;

describe("system packages", () => {
  it("that are there are left alone", async () => {
    const { context, ran } = machineOf({ ...root, installed: ["gcc", "make"] });
    await ensureSystemPackages(context, ["gcc", "make"], { install: true });
    expect(changes(ran)).toEqual([]);
  });

  it("that are missing are installed by root, without an unnecessary update", async () => {
    const { context, ran } = machineOf(root);
    await ensureSystemPackages(context, ["gcc", "m4", "git", "m4"], { install: true });
    expect(changes(ran)).toEqual([`${install} m4 git`]);
  });

  it("are looked up again when the lists are too old", async () => {
    const { context, ran } = machineOf({ ...root, isFresh: true });
    await ensureSystemPackages(context, ["m4"], { install: true });
    expect(changes(ran)).toEqual([`${install} m4`, `${aptGet} update`, `${install} m4`]);
  });

  it("are fetched through the proxies of the caller, whose addresses no failure shows", async () => {
    const proxies = {
      http_proxy: "http://me:secret@p",
      HTTPS_PROXY: "http://p",
      no_proxy: "localhost",
      ftp_proxy: "http://q",
    };
    const { context, ran } = machineOf({ ...root, proxies, isOffline: true });
    const problem: unknown = await ensureSystemPackages(context, ["m4"], { install: true }).catch(
      (error: unknown) => error,
    );
    const settings = "http_proxy=http://me:secret@p no_proxy=localhost HTTPS_PROXY=http://p";
    expect(changes(ran)[0]).toBe(install.replace(" apt-get", () => ` ${settings} apt-get`) + " m4");
    expect(plain(String(problem).split(" "))).toContain(`${aptGet} update`);
    expect(String(problem)).not.toContain("secret");
  });

  it.each([
    ["installing is not allowed", { ...root, hasSudo: true }, false, "`install-system-packages` is false"],
    [
      "this user cannot become root",
      { ...root, isRoot: false },
      true,
      "this user is not root and has no sudo without a password",
    ],
  ])("are listed with the command to install them when %s", async (_, machine, mayInstall, because) => {
    const { context, ran } = machineOf(machine);
    const problem: unknown = await ensureSystemPackages(context, ["gcc", "m4"], { install: mayInstall }).catch(
      (error: unknown) => error,
    );
    expect(problem).toEqual(new Problem("system packages are missing: m4", { because, do: "sudo apt-get install m4" }));
    expect(changes(ran)).toEqual([]);
  });
});

describe("on a person's machine, system packages", () => {
  const asking = async (answer: boolean | undefined) => {
    const { context, ran } = machineOf(root);
    const questions: string[] = [];
    const approval = (command: string) => {
      questions.push(command);
      return Promise.resolve(answer);
    };
    const problem: unknown = await ensureSystemPackages({ ...context, approval }, ["gcc", "m4"], {
      install: true,
    }).catch((error: unknown) => error);
    return { problem, questions, changes: changes(ran) };
  };

  it("are installed when the person agrees to the command", async () => {
    const { problem, questions, changes: commands } = await asking(true);
    expect(problem).toBeUndefined();
    expect(questions).toEqual(["sudo apt-get install m4"]);
    expect(commands).toEqual([`${install} m4`]);
  });

  it.each([
    [false, "installing them was declined"],
    [undefined, "nothing is installed without asking, and nobody can be asked here"],
  ])("are not installed when the answer is %s", async (answer, because) => {
    const { problem, changes: commands } = await asking(answer);
    const remedy = ["sudo apt-get install m4", "or let unikernel-ci install them: `--install-system-packages true`"];
    expect(problem).toEqual(new Problem("system packages are missing: m4", { because, do: remedy }));
    expect(commands).toEqual([]);
  });
});

// Messages of apt 2.6, dpkg 1.21 and apt 1.6.
it.each([
  [
    "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 4711 (unattended-upgr)\nN: Be aware",
    "/var/lib/dpkg/lock-frontend",
    "process 4711 (unattended-upgr)",
  ],
  [
    "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 12 (apt-get)",
    "/var/lib/apt/lists/lock",
    "process 12 (apt-get)",
  ],
  [
    "E: Could not get lock /var/lib/dpkg/lock - open (11: Resource temporarily unavailable)",
    "/var/lib/dpkg/lock",
    "another program",
  ],
  [
    "E: Could not get lock /var/cache/apt/archives/lock\nE: Unable to lock",
    "/var/cache/apt/archives/lock",
    "another program",
  ],
  [
    "dpkg: error: dpkg frontend lock was locked by another process with pid 99\nNote: removing",
    "the lock of dpkg",
    "process 99",
  ],
])("a lock that another program holds is recognised in %j", (stderr, lock, holder) => {
  expect(heldLock(stderr)).toEqual({ lock, holder });
});

it("another failure is not taken for a lock", () => {
  expect(
    heldLock(
      "E: Unable to locate package lock\n" +
        "E: Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission denied)",
    ),
  ).toBeUndefined();
});
