import { InputError } from "../../platform/problem.js";
import { type DnsProbe, type HttpProbe, type Probe, type TcpProbe, dnsTypes } from "./probe.js";

const forms = {
  tcp: "tcp://:PORT",
  http: "http://:PORT/PATH [status=NUMBER] [body=/REGEX/]",
  https: "https://:PORT/PATH [status=NUMBER] [body=/REGEX/] [insecure]",
  "udp-dns": "udp-dns://:PORT name=NAME [type=TYPE]",
  ping: "ping",
} as const;
type Scheme = keyof typeof forms;

/** Reads one line of the input `probe`. @throws InputError */
export function parseProbe(line: string): Probe {
  const text = line.trim();
  if (text.toLowerCase() === "ping") return { kind: "ping", text };
  const [, given = "", place = "", rest = ""] = /^([a-z-]+):\/\/(\S*)(\s.*)?$/isu.exec(text) ?? [];
  const scheme = given.toLowerCase();
  switch (scheme) {
    case "tcp":
      return parseTcp(new ProbeText(text, scheme, rest), place);
    case "http":
    case "https":
      return parseHttp(new ProbeText(text, scheme, rest), place);
    case "udp-dns":
      return parseDns(new ProbeText(text, scheme, rest), place);
    default:
      throw new InputError(text, Object.values(forms).join("; "));
  }
}

function parseTcp(words: ProbeText, place: string): TcpProbe {
  const { port } = words.place(place, /^$/);
  words.takeAll();
  return { kind: "tcp", text: words.text, port };
}

function parseHttp(words: ProbeText, place: string): HttpProbe {
  // Fragments are never sent, and other characters must be percent-encoded: RFC 3986, appendix A.
  const { port, path } = words.place(place, /^(?:\/[!"$-~]*)?$/);
  const status = words.take("status", /^[2-5]\d\d$/, "a number from 200 to 599");
  const body = words.takePattern("body");
  const insecure = words.scheme === "https" && words.takeFlag("insecure");
  words.takeAll();
  return {
    kind: "http",
    text: words.text,
    secure: words.scheme === "https",
    insecure,
    port,
    path: path === "" ? "/" : path,
    status: status === undefined ? undefined : Number(status),
    body,
  };
}

function parseDns(words: ProbeText, place: string): DnsProbe {
  const { port } = words.place(place, /^$/);
  const name = words.take("name", /^(?=.{1,253}\.?$)[\w-]{1,63}(?:\.[\w-]{1,63})*\.?$/, "a name such as example.org");
  const typeText = words.take("type", /^\w+$/, dnsTypes.join(", ")) ?? "A";
  const type = dnsTypes.find((candidate) => candidate === typeText.toUpperCase());
  if (name === undefined) throw words.error(forms["udp-dns"]);
  if (type === undefined) throw words.error(`type= one of ${dnsTypes.join(", ")}`);
  words.takeAll();
  return { kind: "dns", text: words.text, port, name, type };
}

interface Option {
  readonly value?: string | undefined;
  readonly pattern?: string | undefined;
  readonly flags?: string | undefined;
}

/** `name`, `name=value` or `name=/pattern/flags`, up to whitespace; a slash in a pattern is written `\/`. */
const option = /\s*(?<name>[a-z]+)(?:=(?:\/(?<pattern>(?:\\.|[^/\\])+)\/(?<flags>[a-z]*)|(?<value>\S+)))?(?=\s|$)/iuy;

class ProbeText {
  private readonly options = new Map<string, Option>();

  constructor(
    readonly text: string,
    readonly scheme: Scheme,
    rest: string,
  ) {
    const left = rest.trimEnd();
    option.lastIndex = 0;
    for (let end = 0; end < left.length; end = option.lastIndex) {
      const groups = option.exec(left)?.groups;
      const name = groups?.["name"]?.toLowerCase();
      if (name === undefined || this.options.has(name)) throw this.error(forms[scheme]);
      this.options.set(name, { value: groups?.["value"], pattern: groups?.["pattern"], flags: groups?.["flags"] });
    }
  }

  error(accepted: string): InputError {
    return new InputError(this.text, accepted);
  }

  /** @param place the text after the two slashes. */
  place(place: string, path: RegExp): { readonly port: number; readonly path: string } {
    const [, host = "", portText = "", pathText = ""] = /^([^:/]*)(?::(\d+))?(.*)/su.exec(place) ?? [];
    if (host !== "") throw this.error(`${forms[this.scheme]} (without a host: probes go to the unikernel)`);
    const port = Number(portText);
    if (!(port >= 1 && port <= 65_535) || !path.test(pathText)) throw this.error(forms[this.scheme]);
    return { port, path: pathText };
  }

  take(name: string, form: RegExp, accepted: string): string | undefined {
    const found = this.options.get(name);
    this.options.delete(name);
    if (found !== undefined && !form.test(found.value ?? "")) throw this.error(`${name}= ${accepted}`);
    return found?.value;
  }

  takeFlag(name: string): boolean {
    const found = this.options.get(name);
    this.options.delete(name);
    if (found !== undefined && (found.value ?? found.pattern) !== undefined)
      throw this.error(`\`${name}\` without a value`);
    return found !== undefined;
  }

  takePattern(name: string): RegExp | undefined {
    const found = this.options.get(name);
    this.options.delete(name);
    if (found === undefined) return undefined;
    const { pattern, flags = "" } = found;
    if (pattern === undefined || !/^[ims]*$/.test(flags)) {
      throw this.error(`${name}=/REGEX/, with \`\\/\` for a slash in it, and the flags i, m and s`);
    }
    try {
      return new RegExp(pattern, `${flags}u`);
    } catch (error) {
      throw this.error(`${name}= a regular expression (${error instanceof Error ? error.message : String(error)})`);
    }
  }

  /** Refuses options that were not taken. */
  takeAll(): void {
    if (this.options.size > 0) throw this.error(forms[this.scheme]);
  }
}
