/** A kind of file that no unikernel build uses. */
export interface SlimRule {
  readonly name: string;
  readonly reason: string;
  readonly covers: RegExp;
}

/** Of the switch, or of the cross compiler in `lib/ocaml-solo5`. */
const bin = String.raw`(?:^|/)bin/`;

/**
 * The files left out of a toolchain's archive unless a file that stays needs them (slim-plan.ts); the first rule that
 * matches counts. Paths are relative to the toolchain's folder.
 *
 * These must stay: the host's compiler-libs (for every ppx); the cross ones, in bytecode too (findlib does not find
 * them otherwise, and an upstream example links them); both ocamlmklib (dune builds foreign stubs with them); both
 * `ocaml` (it runs build scripts of packages and dune files in OCaml syntax); opam's records of packages and
 * repositories (for `opam install` on top).
 */
export const slimRules: readonly SlimRule[] = [
  {
    name: "opam’s own leftovers",
    reason: "sources, downloads, logs and caches of a finished build; opam recreates its caches",
    covers: new RegExp(
      String.raw`^opam/(?:download-cache|log|repo/state-[^/]*\.cache|` +
        String.raw`toolchain/\.opam-switch/(?:sources|build|backup|packages/cache))(?:$|/)`,
    ),
  },
  {
    name: "OCaml’s sources",
    reason: "ocaml-src is only needed to build the cross compiler",
    covers: /(?:^|\/)lib\/ocaml-src(?:$|\/)/,
  },
  {
    name: "annotations",
    reason: "typed trees for editors and documentation; compilers do not read them",
    covers: /\.(?:cmt|cmti|annot)$/,
  },
  {
    name: "documentation",
    reason: "builds do not read it",
    covers: /^opam\/toolchain\/(?:lib\/[^/]+\/)?(?:man|doc|share\/(?:doc|man|emacs|vim))(?:$|\/)/,
  },
  {
    name: "compilers in bytecode",
    reason: "the native compilers are used instead",
    covers: new RegExp(String.raw`${bin}[^/]+\.byte$`),
  },
  {
    name: "runtimes for debugging",
    reason: "linked only by -runtime-variant d or i, which no target uses",
    covers: /(?:^|\/)(?:lib(?:asm|caml)run[di](?:_pic)?\.a|(?:target_)?camlheader[di]|bin\/ocamlrun[di])$/,
  },
  {
    name: "tools for people at a terminal",
    reason: "debugger, documentation, profiler",
    covers: new RegExp(
      String.raw`(?:${bin}(?:ocamldebug|ocamldoc(?:\.opt)?|ocamlprof|ocamlcp|ocamloptp|ocamlcmt)|` +
        String.raw`(?:^|/)lib/(?:ocaml/(?:expunge|ocamldoc/.*)|ocamldoc/META))$`,
    ),
  },
];

/** The rule that covers a path, if any. */
export function slimRuleOf(path: string): SlimRule | undefined {
  return slimRules.find(({ covers }) => covers.test(path));
}
