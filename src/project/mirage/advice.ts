import type { Advice } from "../plans/request.js";

/** A flag that `mirage configure` did not know, as cmdliner 1 and 2 say it: `unknown option '--dhcp'`, `unknown option --dhcp.` */
const unknown = (flag: string) => new RegExp(`unknown option '?(--${flag})\\b(?!-)`);

/**
 * What helps when `mirage configure` fails: flags that one version has and another has not, by mirage's CHANGES.md from
 * 4.7 to 4.11. mirage itself can only guess: for `--dhcp` it proposes `--utcp`.
 */
export const configureAdvice: readonly Advice[] = [
  {
    when: unknown("(?:[a-z0-9-]+-)?no-dhcp"),
    say: "mirage has `--no-dhcp` from 4.11.0 on. Before that it is `--dhcp=false`, which up to 4.10.4 is the default",
  },
  {
    when: unknown("(?:[a-z0-9-]+-)?dhcp"),
    say: "mirage 4.11.0 took `--dhcp` away: DHCP is on by default since 4.10.5. Leave `--dhcp=true` out; instead of `--dhcp=false` write `--no-dhcp` (`--management-no-dhcp` for a group)",
  },
  {
    when: unknown("(?:[a-z0-9-]+-)?utcp"),
    say: "mirage has `--utcp` from 4.11.0 on: raise the bound in config.ml’s first line or `mirage-version`",
  },
  {
    when: unknown("(?:[a-z0-9-]+-)?(?:name|ipv[46](?:-gateway|-only)?|logs|dns[-_]servers|backtrace)"),
    say: "that is an argument of the unikernel, given when it boots: move it from `configure-args` to `args`. `--name` is there from mirage 4.10.0 on; 4.11.0 writes `--dns-servers` and its like with dashes",
  },
  {
    when: /Version mismatch: required is mirage/,
    say: "leave `mirage-version` out: `auto` takes the newest version within the bounds of config.ml’s first line and of the project’s opam files",
  },
];
