import { stringify } from "yaml";
import { gitLabInputs } from "../src/actions/init-files.js";
import { inputs } from "../src/actions/interface.js";

/** The job's name and its machine. */
const own = {
  name: { description: "The job’s name, with target and architecture.", default: "unikernel" },
  stage: { description: "The stage of the job.", default: "test" },
  container: {
    description: "Debian or Ubuntu with Node.js 20 or newer, git and gcc; the job runs as root.",
    default: "node:24-trixie",
  },
};

const yaml = (value: unknown): string => stringify(value, { lineWidth: 0, singleQuote: true });
const indented = (text: string, by: string): string =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => `${by}${line}`)
    .join("\n");
const variableOf = (name: string): string => `UNIKERNEL_${name.toUpperCase().replaceAll("-", "_")}`;

/** templates/gitlab/unikernel.yml: a component with every input that its job can use. */
export function gitLabComponent(): string {
  const ofAction = gitLabInputs.map((name) => {
    const { description, default: byDefault } = inputs[name];
    return [name, { description, default: name === "target" ? "hvt" : byDefault }] as const;
  });
  const spec = yaml(Object.fromEntries([...ofAction, ...Object.entries(own)]));
  const variables = gitLabInputs.map(
    (name) => `    ${variableOf(name)}: { value: '$[[ inputs.${name} ]]', expand: false }`,
  );
  const options = gitLabInputs.map((name) => `        --${name} "$${variableOf(name)}"`);
  return `# A GitLab CI component that runs the command line of unikernel-ci: builds the unikernel for one target, boots
# it, and keeps the image with its console as an artifact.
spec:
  inputs:
${indented(spec, "    ")}
---
$[[ inputs.name ]] $[[ inputs.target ]] $[[ inputs.arch ]]:
  stage: $[[ inputs.stage ]]
  image: $[[ inputs.container ]]
  timeout: 1 hour
  variables:
    UNIKERNEL_CI_REPOSITORY: https://github.com/OWNER/unikernel-ci
    UNIKERNEL_CI_COMMIT: <commit>
    # The shell gets values as variables, never as part of its script; \`expand: false\` keeps a \`$\` in them.
${variables.join("\n")}
  cache:
    # A toolchain works only at the path where it was built, which is the same in every job.
    key: unikernel-ci-$[[ inputs.target ]]-$[[ inputs.arch ]]-$[[ inputs.ocaml-version ]]
    paths: [.cache/unikernel-ci/]
  script:
    - |
      export XDG_CACHE_HOME="$CI_PROJECT_DIR/.cache"
      tool="$CI_PROJECT_DIR/.cache/unikernel-ci-tool"
      rm -rf "$tool"
      git init --quiet "$tool"
      git -C "$tool" fetch --quiet --depth 1 "$UNIKERNEL_CI_REPOSITORY" "$UNIKERNEL_CI_COMMIT"
      git -C "$tool" checkout --quiet FETCH_HEAD
      node "$tool/dist/cli/index.js" run \\
${options.join(" \\\n")}
  artifacts:
    when: always # keeps the console of a failed boot
    paths: [_artifacts/]
    reports:
      junit: _artifacts/*/junit.xml
`;
}
