/**
 * What time it is for a server, in milliseconds since 1970: its times are by its own clock, and ours may have been set.
 *
 * @param headers of its answer, names in lower case: https://www.rfc-editor.org/rfc/rfc9110#field.date
 * @returns our own time where it does not say.
 */
export function serverNowMs(headers: Readonly<Record<string, string | readonly string[] | undefined>>): number {
  const told = Date.parse(String(headers["date"]));
  return Number.isNaN(told) ? Date.now() : told;
}
