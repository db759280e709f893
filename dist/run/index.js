// The action `run`. The command line has all its code, so scripts/bundle.mjs makes this file load that bundle: the four
// parts are not in dist/ once more.
process.argv.push("action");
await import("../cli/index.js");
export {};
