/** The name of the repository; the account that hosts it is nobody's before it is published. */
const repository = "unikernel-ci";

/** What sources, templates and documentation call the account and the commit, until `init` or a release names them. */
const placeholders = { owner: "OWNER", commit: "<commit>" } as const;

/** Which copy of the action a workflow uses; a side that nobody has named stays a placeholder. */
export interface ActionReference {
  readonly owner: string | undefined;
  /** A full commit. */
  readonly commit: string | undefined;
  /** The repository's name, for a copy under another one. */
  readonly name?: string;
}

/** A template that uses the action of this account, at this commit. */
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

/** What the log calls it: `OWNER/unikernel-ci@<commit>`. */
export function shownReference(reference: ActionReference): string {
  return withReference(`${placeholders.owner}/${repository}@${placeholders.commit}`, reference);
}

/**
 * The part of the action that a step uses: a name such as `setup`, or empty for the action as a whole; undefined when it uses
 * something else.
 *
 * @param uses as it stands in a template, before {@link withReference}.
 */
export function partUsed(uses: string): string | undefined {
  const used = new RegExp(`(?:^|/)${placeholders.owner}/${repository}(?:/([\\w-]+))?@`).exec(uses);
  return used === null ? undefined : (used[1] ?? "");
}

/** The account of a clone, by the address of its remote; undefined when that is no repository of ours on GitHub. */
export function ownerOfRemote(address: string): string | undefined {
  return new RegExp(`github\\.com[/:]([\\w-]+)/${repository}(?:\\.git)?/?$`).exec(address.trim())?.[1];
}
