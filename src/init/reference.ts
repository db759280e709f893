/** The name of the repository. The account that hosts it is not known here. */
const repository = "unikernel-ci";

/** Placeholders in sources, templates and documentation, which `init` or a release fills in. */
const placeholders = { owner: "OWNER", commit: "<commit>" } as const;

/** The copy of the action that a workflow uses. An undefined field stays a placeholder. */
export interface ActionReference {
  readonly owner: string | undefined;
  /** A full commit. */
  readonly commit: string | undefined;
  /** The repository's name, if the copy has another one. */
  readonly name?: string;
}

/** Fills in the placeholders of a template. */
export function withReference(
  template: string,
  { owner = placeholders.owner, commit = placeholders.commit, name = repository }: ActionReference,
): string {
  return template
    .replaceAll(`${placeholders.owner}/${repository}`, `${owner}/${name}`)
    .replaceAll(placeholders.commit, commit);
}

/** The placeholders that stay in a template. */
export function placeholdersLeft({ owner, commit }: ActionReference): string[] {
  return [...(owner === undefined ? [placeholders.owner] : []), ...(commit === undefined ? [placeholders.commit] : [])];
}

/** For the log: `OWNER/unikernel-ci@<commit>`. */
export function shownReference(reference: ActionReference): string {
  return withReference(`${placeholders.owner}/${repository}@${placeholders.commit}`, reference);
}

/**
 * The part of the action that a step uses: a name such as `setup`, empty for the root action, undefined for other
 * actions. The account is the placeholder or a real one.
 */
export function partUsed(uses: string): string | undefined {
  const used = new RegExp(`(?:^|/)[\\w-]+/${repository}(?:/([\\w-]+))?@`).exec(uses);
  return used === null ? undefined : (used[1] ?? "");
}

/** The account in the URL of a remote; undefined unless it is a repository of this name on GitHub. */
export function ownerOfRemote(address: string): string | undefined {
  return new RegExp(`github\\.com[/:]([\\w-]+)/${repository}(?:\\.git)?/?$`).exec(address.trim())?.[1];
}
