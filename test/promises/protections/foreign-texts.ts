import type { ProtectionTable } from '../protection.js'

// What guests print, and what users and images have in them.

export const foreignTexts: ProtectionTable = {
  'a long line is cut at the same places, at once or in pieces': [['src/boot/lines.ts', '.flatMap(cut)', '']],
  'a pattern that comes to no end is an error, and the monitor is ended': [['src/boot/judge-in-time.ts', 'withinTime(limitMs, look)', 'look()']],
  'arguments reach it as they are, never through a shell': [['src/platform/process.ts', "stdio: ['ignore', 'pipe', 'pipe'],", "stdio: ['ignore', 'pipe', 'pipe'], shell: true,"]],
  'aliases (*x) are not taken': [['src/actions/scenarios.ts', 'visit(document, {', 'void ({']],
  'over and over is refused, and ends nothing': [['src/actions/scenarios.ts', 'if (isNested(text))', 'if (false)']],
  '128 kB of %j are read at once': [
    ['src/toolchain/opam-file.ts', '=== quote) return match.index\n  return text.length', '=== quote) return match.index\n  return start'],
  ],
  'programs of others get neither the runner’s tokens nor our inputs and command files': [
    ['src/platform/guarded-environment.ts', 'ACTIONS_.*|', ''],
    ['src/platform/guarded-environment.ts', 'INPUT_.*|', ''],
    ['src/platform/guarded-environment.ts', '|GITHUB_(OUTPUT|ENV|PATH|STATE|STEP_SUMMARY)', ''],
  ],
  'thousands of damaged files are refused or recognised within seconds': [
    ['src/image/bytes.ts', '!(offset >= 0 && length >= 0 && offset + length <= this.length)', 'false'],
  ],
}
