import { didYouMean } from "../platform/closest.js";
import { longestWords, splitWords } from "../platform/words.js";
import { type Architecture, architectureOf, architectureWords } from "../targets/architecture.js";
import { constraintOfRange } from "../targets/constraint.js";
import { type TargetName, targetNames } from "../targets/targets.js";
import { variantAdvice } from "../toolchain/opam/options.js";

/** One target for one architecture, as a line of the list gives it. */
export interface Entry {
  /** Line number in the list, from 1. */
  readonly line: number;
  readonly target: TargetName;
  readonly architecture: Architecture;
  /** A version, a range, or `none`. Undefined: that of the whole matrix. */
  readonly ocaml: string | undefined;
  readonly variant: string | undefined;
  /** Arguments of `mirage configure`, in one string; {@link configureWords} splits it. */
  readonly configureArgs: string | undefined;
  /** Architecture of the machine that builds it. Undefined: chosen among those that can. */
  readonly runner: Architecture | undefined;
  /** The project's folder. Undefined: that of the whole matrix. */
  readonly directory: string | undefined;
  /** mirage's configuration, relative to the project's folder. Undefined: that of the whole matrix. */
  readonly configFile: string | undefined;
}

/** An error in a line, or in one leg of it. */
export interface Fault {
  readonly line: number;
  /** The leg's name, if the error is not in the whole line. */
  readonly leg?: string;
  readonly what: string;
  readonly accepted: readonly string[];
}

export interface TargetList {
  /** In the order of the lines, and of the architectures in them. */
  readonly entries: readonly Entry[];
  readonly faults: readonly Fault[];
}

const optionNames = ["ocaml", "variant", "configure-args", "runner", "directory", "config-file"] as const;
type OptionName = (typeof optionNames)[number];

/**
 * Parses the list of targets. Each line has a target, its architectures and options, quoted as in a shell (nothing is
 * expanded). A `#` at the start of a word starts a comment.
 *
 *     hvt     x86_64 aarch64
 *     virtio  x86_64           variant=monitoring configure-args="--enable-monitoring"   # not yet on arm64
 *     hvt     x86_64           directory=servers/www
 *
 * A line with an error gives no entries.
 */
export function parseTargets(text: string): TargetList {
  const lines = text.split(/\r?\n/).map((content, index) => readLine(content, index + 1));
  return { entries: lines.flatMap(({ entries }) => entries), faults: lines.flatMap(({ faults }) => faults) };
}

/** The words of `configure-args`. */
export function configureWords({ configureArgs }: Pick<Entry, "configureArgs">): readonly string[] {
  const words = splitWords(configureArgs ?? "");
  return typeof words === "string" ? [] : words;
}

function readLine(content: string, line: number): TargetList {
  const words = splitWords(withoutComment(content));
  const wrong = (what: string, accepted: string): TargetList => ({
    entries: [],
    faults: [{ line, what, accepted: [accepted] }],
  });
  if (words === "too long") return wrong("the line is too long", `up to ${longestWords} characters per line`);
  if (words === "not closed")
    return wrong("a quote is not closed, or nothing follows a backslash", "words quoted as in a shell");
  const [name, ...rest] = words;
  if (name === undefined) return { entries: [], faults: [] };
  const target = targetNames.find((candidate) => candidate === name.toLowerCase());
  if (target === undefined)
    return wrong(`${JSON.stringify(name)} is not a target${didYouMean(name, targetNames)}`, targetNames.join(", "));

  const { architectures, options, mistakes } = readWords(rest);
  if (mistakes.length > 0) return { entries: [], faults: mistakes.map((mistake) => ({ line, ...mistake })) };
  if (architectures.length === 0) return wrong(`${target} has no architecture`, architecturesAccepted);
  const given = {
    ocaml: options.get("ocaml"),
    variant: options.get("variant"),
    configureArgs: options.get("configure-args"),
    runner: architectureOf(options.get("runner") ?? ""),
    directory: options.get("directory"),
    configFile: options.get("config-file"),
  };
  return { entries: architectures.map((architecture) => ({ line, target, architecture, ...given })), faults: [] };
}

interface Words {
  readonly architectures: readonly Architecture[];
  readonly options: ReadonlyMap<OptionName, string>;
  readonly mistakes: readonly Omit<Fault, "line">[];
}

function readWords(words: readonly string[]): Words {
  const architectures: Architecture[] = [];
  const options = new Map<OptionName, string>();
  const mistakes: Omit<Fault, "line">[] = [];
  const mistake = (what: string, ...accepted: string[]) => void mistakes.push({ what, accepted });
  for (const word of words) {
    const architecture = architectureOf(word);
    const option = optionNames.find((name) => word.toLowerCase().startsWith(`${name}=`));
    if (architecture !== undefined) architectures.push(architecture);
    else if (option === undefined) {
      mistake(
        `${JSON.stringify(word)} is neither an architecture nor an option${meantBy(word)}`,
        architecturesAccepted,
        optionsAccepted,
      );
    } else if (options.has(option)) mistake(`${option} is given twice`);
    else {
      const value = word.slice(option.length + 1);
      const { accepts, accepted } = valuesOf[option];
      const instead = option === "ocaml" ? variantAdvice(value) : undefined;
      if (instead !== undefined || !accepts(value))
        mistake(`${option}: ${JSON.stringify(value)} is not accepted`, instead ?? accepted);
      options.set(option, option === "ocaml" ? value.toLowerCase() : value);
    }
  }
  return { architectures, options, mistakes };
}

/** An option is mistyped in front of its `=`. */
const meantBy = (word: string): string => {
  const [name = "", ...value] = word.split("=");
  return value.length === 0
    ? didYouMean(word, [...architectureWords, ...optionNames.map((option) => `${option}=…`)])
    : didYouMean(name, optionNames);
};

const architecturesAccepted = architectureWords.join(", ");
const optionsAccepted = optionNames.map((name) => `${name}=…`).join(", ");

const valuesOf: Readonly<
  Record<OptionName, { readonly accepts: (value: string) => boolean; readonly accepted: string }>
> = {
  ocaml: {
    accepts: (value) =>
      value.toLowerCase() === "none" || (value !== "" && constraintOfRange("ocaml", value, "") !== undefined),
    accepted: "a version or a range such as 5.4.1 or 4.14.x, or none",
  },
  // It becomes part of the artifact's name.
  variant: {
    accepts: (value) => /^[A-Za-z0-9][\w.-]{0,39}$/.test(value),
    accepted: "up to 40 letters, digits, `-`, `_` and `.`, starting with a letter or digit",
  },
  "configure-args": {
    accepts: (value) => configureWords({ configureArgs: value }).length > 0,
    accepted: 'arguments of `mirage configure`, several in quotes: "--dhcp --tls=false"',
  },
  runner: { accepts: (value) => architectureOf(value) !== undefined, accepted: architectureWords.join(", ") },
  directory: { accepts: isPath, accepted: "a folder, relative to the workspace: servers/www" },
  "config-file": { accepts: isPath, accepted: "a file, relative to the project’s folder: mirage/config.ml" },
};

/** The detection of the project refuses a path that leads out. */
function isPath(value: string): boolean {
  return value !== "" && !/\p{Cc}/u.test(value);
}

/** Whether a line says where its project is. */
export function hasPlace({ directory, configFile }: Entry): boolean {
  return directory !== undefined || configFile !== undefined;
}

/** Only an unquoted, unescaped `#` at the start of a word starts a comment. */
function withoutComment(line: string): string {
  return line.replace(/('[^']*'|"(?:\\.|[^"\\])*"|\\.)|(?<!\S)#.*/g, (_, word?: string) => word ?? "");
}
