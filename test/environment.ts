const kept = new RegExp(
  `^(${[
    "PATH|HOME|TMPDIR|NODE_ENV|VITEST_.*|FUZZ_.*|PROMISES_REPORT|ACT",
    "https?_proxy|no_proxy|all_proxy|GOPROXY|PIP_.*",
    "NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|SSL_CERT_DIR|CURL_CA_BUNDLE|GIT_SSL_CAINFO|REQUESTS_CA_BUNDLE",
  ].join("|")})$`,
  "i",
);

/**
 * Tests get the same variables from a person, a plain shell and a runner, whose GITHUB_*, RUNNER_* and XDG_* would
 * change what the code under test does, and lead it to the files of the real job. Kept are the places of programs and
 * files, the way to the network, and what the tests themselves take. Call it in a configuration of Vitest: its workers
 * inherit the rest.
 *
 * @returns facts about the outside, for `provide`.
 */
export function startFromPlainEnvironment(): { readonly isCi: boolean; readonly isHostedRunner: boolean } {
  const { CI, RUNNER_ENVIRONMENT } = process.env;
  for (const name of Object.keys(process.env)) if (!kept.test(name)) Reflect.deleteProperty(process.env, name);
  return { isCi: CI === "true", isHostedRunner: RUNNER_ENVIRONMENT === "github-hosted" };
}

declare module "vitest" {
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type -- as Vitest's documentation does it
  export interface ProvidedContext extends ReturnType<typeof startFromPlainEnvironment> {}
}
