/**
 * Variables that the runner gives to a JavaScript action but not to a `run:` step: tokens and addresses of its
 * services, such as the cache; and our own inputs and command files, which a program could use to write our outputs.
 * https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#environment-files
 */
const oursAlone =
  /* promise: variables-of-ours-alone */ /^(ACTIONS_.*|INPUT_.*|GITHUB_(OUTPUT|ENV|PATH|STATE|STEP_SUMMARY))$/;

/**
 * The environment for other programs: ours, without the variables that the runner gave to us alone. Keeps a
 * `GITHUB_TOKEN`: only the workflow's author can have set it.
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
