/**
 * What the runner hands to a JavaScript action and to no `run:` step: tokens and addresses of its services, among them
 * that of the cache, and our own inputs and command files, by which a program could write our outputs.
 * https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#environment-files
 */
const oursAlone =
  /* promise: variables-of-ours-alone */ /^(ACTIONS_.*|INPUT_.*|GITHUB_(OUTPUT|ENV|PATH|STATE|STEP_SUMMARY))$/;

/**
 * The environment for programs that are not ours: the caller's, without what the runner gave to us alone. A
 * `GITHUB_TOKEN` is kept: only the workflow's author can have set it.
 */
export function environmentForOthers(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && !oursAlone.test(entry[0]),
    ),
  );
}
