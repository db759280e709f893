// The action `run`. The command line has all its code, so scripts/bundle.mjs makes this file load that bundle: dist/ does
// not have the four parts once more.
process.argv.push("action");
await import("./cli.js");
