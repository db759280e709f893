import type { Target } from '../target/target.js'

/**
 * The dune-workspace that builds a project for `target`, when its own does not.
 *
 * The context is named as the backend's libraries expect it (mirage-solo5 tests for `solo5`), which `dune build -x` cannot
 * do. No link option is set here: it would reach the project's code generators too, which dune also links in this context.
 *
 * @param own the text of the project's dune-workspace; undefined when it has none.
 * @param toolchain findlib's name of the cross compiler.
 * @returns undefined when the project's own workspace (or dune's default) has the context.
 */
export function duneWorkspaceFor(own: string | undefined, target: Target, toolchain: string): string | undefined {
  const stanzas = (own ?? '').replace(/;[^\n]*/g, '')
  if (target.duneContext === 'default' || new RegExp(`\\(name\\s+"?${target.duneContext}"?\\s*\\)`).test(stanzas)) return undefined
  const hasContexts = /\(context\b/.test(stanzas)
  return [
    own ?? '(lang dune 3.0)',
    ...(hasContexts ? [] : ['(context default)']),
    '(context',
    ' (default',
    `  (name ${target.duneContext})`,
    `  (toolchain ${toolchain})`,
    '  (host default)',
    '  (disable_dynamically_linked_foreign_archives true)))',
    '',
  ].join('\n')
}
