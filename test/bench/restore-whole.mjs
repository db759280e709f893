// node restore-whole.mjs KEY PATH: what a step of actions/cache does on a hit.
import { restoreCache } from "@actions/cache";

const [, , key = "", path = ""] = process.argv;
if ((await restoreCache([path], key)) !== key) throw new Error(`${key} was not restored`);
