// `npm run attack`: attacks our own promises. `--minutes 25` for all kinds together, 1.2 by default; `--seed 7` repeats
// a run; `--only pairs` for one kind; `--times 1` for one attack, with exactly the seed that a failure names.
// `--generated` leaves out kills and pairs, whose moments no seed repeats: a push must not fail by chance.
import { spawn } from "node:child_process";
import { parseArgs } from "node:util";
import { root } from "../documentation.js";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "1.2" },
    seed: { type: "string", default: String(Date.now() % 0x7fff_0000) },
    only: { type: "string", default: "" },
    generated: { type: "boolean", default: false },
    times: { type: "string" },
  },
});
const numberOf = (name: string, text: string) => {
  const value = Number(text);
  if (text.trim() !== "" && value >= 0 && Number.isFinite(value)) return value;
  throw new Error(`--${name}: ${JSON.stringify(text)} is not a number`);
};
const minutes = numberOf("minutes", values.minutes);
const asked = {
  minutes,
  seed: numberOf("seed", values.seed),
  only: values.only,
  generated: values.generated,
  ...(values.times === undefined ? {} : { times: numberOf("times", values.times) }),
};
console.log(`attacking for ${minutes} min from seed ${asked.seed}`);

const vitest = spawn(
  process.execPath,
  ["node_modules/vitest/vitest.mjs", "run", "--config", "test/attack/vitest.config.ts"],
  { cwd: root, env: { ...process.env, ATTACK: JSON.stringify(asked) }, stdio: "inherit", detached: true },
);
const end = () => vitest.pid !== undefined && process.kill(-vitest.pid, "SIGKILL");
// What waits for ever, such as for a pipe, is a finding too. The last attack of each kind may need minutes more.
const hangs = setTimeout(
  () => {
    console.error(`an attack hangs: see the last lines above, and repeat it with --seed ${asked.seed}`);
    end();
  },
  (minutes * 2 + 15) * 60_000,
);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, end);
vitest.once("exit", (status) => {
  clearTimeout(hangs);
  process.exitCode = status ?? 1;
});
