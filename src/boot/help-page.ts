/** An argument of a unikernel: `--remote=REMOTE`, or `KEY` for one without a name. */
export interface Argument {
  readonly name: string;
  /** The first sentence of its help; empty when there is none. */
  readonly doc: string;
}

export interface Arguments {
  readonly required: readonly Argument[];
  /** The others that the unikernel's authors added. */
  readonly optional: readonly Argument[];
}

/** cmdliner 1.0 to 2.0, which reads the arguments of every mirage unikernel. */
const complaint = /\brequired (?:argument|option)s? /;

/** The arguments that a line calls missing. */
function missingIn(line: string): readonly string[] {
  const found = complaint.exec(line);
  const rest = found === null ? "" : line.slice(found.index + found[0].length);
  const end = rest.search(/ (?:is|are) missing/);
  return end === -1 ? [] : rest.slice(0, end).split(/,? (?:and )?/);
}

/** mirage's status for arguments that it cannot read: `argument_error` of lib_runtime/functoria. */
const argumentError = 64;

/** Whether a guest ended because of its arguments. */
export function lacksArguments(exitStatus: number | undefined, console: readonly string[]): boolean {
  return exitStatus === argumentError || console.some((line) => missingIn(line).length > 0);
}

/**
 * The arguments of a unikernel.
 *
 * @param console of the boot that failed: its complaint and its `Usage:` line count where the help has less.
 * @param help the output of `--help=plain`, as cmdliner formats it; older versions do not mark required arguments.
 */
export function readArguments(console: readonly string[], help: readonly string[]): Arguments {
  const sections = sectionsOf(help);
  const items = [...sections].flatMap(([title, lines]) => (ofRuntime.test(title) ? [] : itemsOf(lines)));
  const usage = console.flatMap((line) => /^Usage: (.*)$/.exec(line)?.[1] ?? []);
  const asked = [
    ...items.filter(({ isRequired }) => isRequired).map(({ name }) => name),
    ...[(sections.get("SYNOPSIS") ?? []).join(" "), ...usage.slice(0, 1)].flatMap(wordsOutsideBrackets),
    ...console.flatMap(missingIn),
  ].map(bareName);
  const named = items.map(({ name, doc }) => ({ name, doc }));
  const unknown = asked.filter((one) => !named.some(({ name }) => bareName(name) === one));
  return {
    required: limited([
      ...named.filter(({ name }) => asked.includes(bareName(name))),
      ...[...new Set(unknown)].map((name) => ({ name, doc: "" })),
    ]),
    optional: limited(named.filter(({ name }) => !asked.includes(bareName(name)))),
  };
}

/** The arguments of mirage's own parts, which every unikernel has, and the page's other sections. */
const ofRuntime = /^(?:NAME|SYNOPSIS|DESCRIPTION|LOG AND|OCAML RUNTIME|COMMON|EXIT|ENVIRONMENT|BUGS|AUTHORS|SEE ALSO)/;

/** The guest wrote these words. */
const most = 12;
const limited = (found: readonly Argument[]): readonly Argument[] =>
  found.filter(({ name }) => /^[-\w=<>.…/]{1,60}$/.test(name)).slice(0, most);

function sectionsOf(help: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const sections = new Map<string, string[]>();
  let open: string[] | undefined;
  for (const line of help) {
    if (/^[A-Z][A-Z ]*$/.test(line)) sections.set(line, (open = []));
    // The line of an exit follows the page.
    else if (/^ {7}/.test(line)) open?.push(line.slice(7));
    else open = undefined;
  }
  return sections;
}

/** `-r REMOTE, --remote=REMOTE (required)`, and its text in deeper lines. */
function itemsOf(lines: readonly string[]): readonly (Argument & { readonly isRequired: boolean })[] {
  return lines.flatMap((line, index) => {
    if (line.startsWith(" ")) return [];
    const [spellings = "", ...marks] = line.split(" (");
    const rest = lines.slice(index + 1, index + 5);
    const end = rest.findIndex((next) => !next.startsWith("    "));
    const text = rest.slice(0, end === -1 ? undefined : end).map((next) => next.trim());
    return [
      {
        name: spellings.split(", ").at(-1) ?? "",
        doc:
          text
            .join(" ")
            .split(/[.;](?: |$)/)[0]
            ?.slice(0, 80) ?? "",
        isRequired: marks.some((mark) => mark.startsWith("required")),
      },
    ];
  });
}

/** The required words of a synopsis: `hello [--port=PORT] --remote=REMOTE [OPTION]… KEY`. */
function wordsOutsideBrackets(synopsis: string): readonly string[] {
  let depth = 0;
  let outside = "";
  for (const letter of synopsis) {
    if (letter === "[") depth++;
    else if (letter === "]") depth--;
    else if (depth === 0) outside += letter;
  }
  const [, ...words] = outside.trim().split(/\s+/);
  return words.filter((word) => /\w/.test(word));
}

/** `--remote` of `--remote=REMOTE`, `FILE` of `FILE…`. */
const bareName = (name: string): string => (name.split(/[=…]/, 1)[0] ?? "").replace(/\.{3}$/, "");

/**
 * The remedy for a unikernel that lacks arguments.
 *
 * @param canCheckHelp whether the target reports the status by which `check: help` knows a help.
 * @returns undefined when nothing is known of its arguments.
 */
export function argumentRemedy({ required, optional }: Arguments, canCheckHelp: boolean): string | undefined {
  const help = canCheckHelp ? "; or set `check: help` to check only that it starts" : "";
  if (required.length > 0) return `set \`args\`: the image requires ${required.map(shown).join(", ")}${help}`;
  return optional.length === 0
    ? undefined
    : `correct \`args\`: the image accepts ${optional.map(shown).join(", ")}${help}`;
}

const shown = ({ name, doc }: Argument): string => (doc === "" ? name : `${name} (${doc})`);
