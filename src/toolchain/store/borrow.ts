import { withLock } from "../../platform/files/lock.js";
import type { Context } from "../../platform/host.js";
import { messageOf } from "../../platform/problem.js";
import { succeed } from "../../platform/process/process.js";
import type { Toolchain } from "../toolchain.js";
import { hideInstalled, readInstalled, readInstalledEntries, showInstalled } from "./installed.js";
import { changedEntries } from "./verify.js";

/** What a switch has: `NAME.VERSION`, and the names of pinned packages. */
export interface SwitchContent {
  readonly packages: readonly string[];
  readonly pins: readonly string[];
}

/** How a switch becomes again what it was, and what of it does not. */
export interface Restoration {
  /** Names of packages to remove. */
  readonly remove: readonly string[];
  /** Names of pins to drop. */
  readonly unpin: readonly string[];
  /** Packages that are another version now, or none: no removal undoes that. */
  readonly lost: readonly string[];
}

/** What has to be done so that a switch has what it had before. */
export function planRestoration(before: SwitchContent, after: SwitchContent): Restoration {
  const had = new Set(before.packages.map(nameOf));
  return {
    remove: after.packages.map(nameOf).filter((name) => !had.has(name)),
    unpin: after.pins.filter((name) => !before.pins.includes(name)),
    lost: before.packages.filter((name) => !after.packages.includes(name)),
  };
}

/** opam's names of packages have no dot; versions may have. */
const nameOf = (name: string): string => name.slice(0, name.indexOf("."));

/**
 * Lets a build install into the switch of a toolchain, and makes the switch afterwards what it was: the tool cache of a machine
 * that is kept serves other projects, which must find the toolchain of its key and not what this build made of it.
 *
 * Meanwhile the toolchain is not there for others, who wait for the lock that a set-up takes; and it stays away when it
 * cannot be made what it was, or when this process is killed: the next set-up then makes it again.
 *
 * @param run opam, with these words, in the toolchain's environment.
 * @param body must keep what it needs of the switch elsewhere.
 */
export async function borrowSwitch<Value>(
  { log }: Context,
  { key, path }: Pick<Toolchain, "key" | "path">,
  run: (args: readonly string[]) => ReturnType<Context["processes"]["run"]>,
  body: () => Promise<Value>,
): Promise<Value> {
  const opam = async (...args: string[]) => succeed(await run(args), `opam ${args[0] ?? ""}`).stdout;
  return withLock(
    `${path}.lock`,
    (holder) => log.line(`  waiting for ${holder}, which uses the same toolchain`),
    async () => {
      if ((await readInstalled(path))?.key !== key) return body();
      const before = await contentOf(opam);
      await hideInstalled(path);
      try {
        return await body();
      } finally {
        const changed = await restore(opam, before, path).catch((error: unknown) => [messageOf(error)]);
        if (changed.length === 0) {
          await showInstalled(path);
          log.fact("switch", "what was installed into it is removed");
        } else {
          log.notice(
            `the build has changed the toolchain, which the next set-up makes again: ${changed.slice(0, 5).join(", ")}`,
          );
        }
      }
    },
  );
}

type Opam = (...args: string[]) => Promise<string>;

async function contentOf(opam: Opam): Promise<SwitchContent> {
  const words = (text: string) => text.split(/\s+/).filter((word) => word !== "");
  return {
    packages: words(await opam("list", "--installed", "--short", "--columns=package", "--color=never")),
    pins: words(await opam("pin", "list", "--short", "--color=never")),
  };
}

/** @returns what is not as it was. */
async function restore(opam: Opam, before: SwitchContent, path: string): Promise<readonly string[]> {
  const { remove, unpin, lost } = planRestoration(before, await contentOf(opam));
  if (lost.length > 0) return lost;
  if (remove.length > 0) await opam("remove", "--yes", ...remove);
  if (unpin.length > 0) await opam("pin", "remove", "--no-action", "--yes", ...unpin);
  const left = planRestoration(before, await contentOf(opam));
  const entries = (await readInstalledEntries(path)) ?? [];
  const changed = await changedEntries(path, entries);
  return [...left.remove, ...left.unpin, ...left.lost, ...changed];
}
