// Attacks on our own promises, made by generators: run.ts has the options. Each kind asserts what must hold whatever
// the attack was; its counts show that it was not always refused, nor always let through.
import { describe, expect, inject, it } from "vitest";
import { type Attack, repeat } from "./attack.js";
import { archives } from "./kinds/archives.js";
import { artifacts } from "./kinds/artifacts.js";
import { consoles } from "./kinds/consoles.js";
import { kills } from "./kinds/kills.js";
import { names } from "./kinds/names.js";
import { pairs } from "./kinds/pairs.js";

const { minutes, seed, only, generated, times } = inject("attack");
const byTheClock: readonly Attack[] = [kills, pairs];
const all: readonly Attack[] = [...(generated ? [] : byTheClock), artifacts, archives, names, consoles];
const kinds = all.filter(({ name }) => name.includes(only));
const shares = kinds.reduce((sum, { share }) => sum + share, 0);

describe("an attack by", () => {
  it.each(kinds.map((kind) => [kind.name, kind] as const))("%s breaks no promise", async (name, kind) => {
    const counts = await repeat(kind, { ms: (minutes * 60_000 * kind.share) / shares, seed, times });
    const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
    const outcomes = [...counts].map(([outcome, count]) => `${count} ${outcome}`).sort();
    console.log(`${String(total).padStart(7)} ${name} from seed ${seed}: ${outcomes.join(", ")}`);
    expect(total).toBeGreaterThan(0);
  });
});
