/** What a file may hold where a name or a number is expected. */
import type { Random } from './random.js';

const ESC = '\u001b';
export const HOSTILE_TEXTS: readonly string[] = [
  '',
  `${ESC}[2J${ESC}]0;title\u0007${ESC}P`,
  'a\rb\nc\td\u0000e\u007f',
  '\u009b31m\u0085',
  '\u202egnp.\u2066exe\u2069\u200f\u{e0001}',
  '\ud800lone',
  'e\u0301'.repeat(40),
  '","actor":"forged","x":"',
  '{"a":1}\n{"b":2}',
  '</script><script>alert(1)</script>',
  ']]>&lt;![CDATA[',
  '=HYPERLINK("http://x";"y")',
  "'; DROP TABLE runs; --",
  '$(reboot)`reboot`',
  'constructor',
  '__proto__',
  'toString',
  'hasOwnProperty',
  'NaN',
  'Infinity',
  '1.5',
  '-1e999',
  '99999999999999999999',
  '../../../../etc/passwd',
  '/',
  '.',
  '%s%n%x',
  'a'.repeat(300),
  `/${'b/'.repeat(2_500)}`,
  `${'c'.repeat(64)}`,
  `${'0123456789abcdef'.repeat(4)}`,
  'POST /v1.43/containers/create',
  `POST /containers/${'c'.repeat(64)}/start`,
  'runc',
  'create',
  'init',
  '/proc/self/exe',
  '/usr/bin/containerd-shim-runc-v2',
  '-id',
  'runc:[2:INIT]',
  'overlay',
  'pivot_root',
  'clone3',
  'execve',
  'client',
  'dockerd',
  'command',
  'host',
  'api',
  'strace',
  'exit_code',
];

export function hostileText(random: Random): string {
  if (random.chance(0.02))
    return random.of(['x', 'é', '\u0001', '😀']).repeat(1 << (8 + random.below(11)));
  return random.of(HOSTILE_TEXTS);
}

const EXTREMES: readonly bigint[] = [
  0n,
  1n,
  2n,
  3n,
  7n,
  127n,
  255n,
  256n,
  65_535n,
  1n << 31n,
  (1n << 31n) - 1n,
  1n << 32n,
  (1n << 53n) - 1n,
  1n << 53n,
  (1n << 53n) + 1n,
  1n << 63n,
  (1n << 64n) - 1n,
  1n << 69n,
];

export function hostileNumber(random: Random): bigint {
  if (random.chance(0.3)) return BigInt(random.below(64));
  const value = random.of(EXTREMES);
  return random.chance(0.2) && value > 0n ? value - 1n : value;
}

export const HOSTILE_DOUBLES: readonly number[] = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  -1,
  1e308,
  5e-324,
  2 ** 53,
];
