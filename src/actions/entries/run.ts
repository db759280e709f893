// The action `run`. The command line has all its code, and scripts/bundle.mjs makes this file load that bundle: dist/ has
// the four parts once less.
process.argv.push("action");
await import("./cli.js");
