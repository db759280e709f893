import type { Log, Tone } from "./log.js";

/**
 * A log that keeps what it is told, for work that runs beside other work: its lines are told together, when `flush` is
 * called.
 */
export function bufferedLog(log: Log): { readonly log: Log; readonly flush: () => void } {
  const told: (() => void)[] = [];
  const later =
    <Words extends unknown[]>(say: (...words: Words) => void) =>
    (...words: Words) =>
      void told.push(() => say(...words));
  return {
    log: {
      group: (title, body) => {
        told.push(() => log.line(title));
        return body();
      },
      fact: later((label: string, text: string) => log.fact(label, text)),
      line: later((text: string, tone?: Tone) => log.line(text, tone)),
      untrusted: later((lines: readonly string[]) => log.untrusted(lines)),
      notice: later((text: string) => log.notice(text)),
      warning: later((text: string) => log.warning(text)),
      error: later((text: string) => log.error(text)),
      annotate: later((...words: Parameters<Log["annotate"]>) => log.annotate(...words)),
      debug: later((text: string) => log.debug(text)),
    },
    flush: () => {
      for (const say of told.splice(0)) say();
    },
  };
}
