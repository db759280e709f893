import type { Advice } from "../plans/request.js";

/**
 * How cmdliner 1 and 2 report a flag that `mirage configure` lacks: `unknown option '--dhcp'`, `unknown option --dhcp.`
 */
const unknown = (flag: string) => new RegExp(`unknown option '?(--${flag})\\b(?!-)`);

/**
 * Advice for a failed `mirage configure`: flags that only some versions have, from mirage's CHANGES.md for 4.7 to 4.11.
 * mirage's own suggestions are guesses: for `--dhcp` it suggests `--utcp`.
 */
export const configureAdvice: readonly Advice[] = [
  {
    when: unknown("(?:[a-z0-9-]+-)?no-dhcp"),
    say: "`--no-dhcp` needs mirage 4.11.0 or newer. Before that it is `--dhcp=false`, the default up to 4.10.4",
  },
  {
    when: unknown("(?:[a-z0-9-]+-)?dhcp"),
    say:
      "mirage 4.11.0 removed `--dhcp`: DHCP is on by default since 4.10.5. Remove `--dhcp=true`; " +
      "instead of `--dhcp=false` write `--no-dhcp` (`--management-no-dhcp` for a group)",
  },
  {
    when: unknown("(?:[a-z0-9-]+-)?utcp"),
    say: "`--utcp` needs mirage 4.11.0 or newer: raise `mirage-version`, or the constraint in config.ml’s first line",
  },
  {
    when: unknown("(?:[a-z0-9-]+-)?(?:name|ipv[46](?:-gateway|-only)?|logs|dns[-_]servers|backtrace)"),
    say:
      "that is a boot argument of the unikernel: move it from `configure-args` to `args`. " +
      "`--name` needs mirage 4.10.0; since 4.11.0, `--dns-servers` and similar arguments are written with dashes",
  },
  {
    when: /Version mismatch: required is mirage/,
    say:
      "remove `mirage-version`: `auto` selects the newest version that config.ml’s first line and the project’s " +
      "opam files allow",
  },
];
