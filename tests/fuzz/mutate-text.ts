/** Changes JSON and CSV where they are structured. */
import { HOSTILE_DOUBLES, hostileText } from './hostile-values.js';
import { damage } from './mutate-trace.js';
import type { Random } from './random.js';

/** What a mutation adds at most, characters: what a few kilobytes can do is what matters. */
const MOST_ADDED = 1 << 20;

/** How often something of this length is repeated. */
export const timesOf = (length: number, random: Random): number =>
  Math.min(random.of([1, 100, 5_000]), Math.floor(MOST_ADDED / (length + 1)));

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export function mutateJson(base: string, random: Random): Uint8Array {
  let text = base;
  for (let i = random.below(5); i >= 0; i--) {
    // Parsed each time: what was repeated must not grow in all of its places at once.
    const box = { root: JSON.parse(text) as Json };
    mutateValue(box, random);
    // JSON has no NaN: what a writer without care makes of it.
    text = JSON.stringify(box.root) ?? 'null';
  }
  const bytes = Buffer.from(text);
  return random.chance(0.1) ? damage(bytes, random) : bytes;
}

/** Goes down a random way, and changes what is at its end. */
function mutateValue(box: { root: Json }, random: Random): void {
  let holder: Record<string, Json> = box;
  let key = 'root';
  for (;;) {
    const value = holder[key];
    if (typeof value !== 'object' || value === null || random.chance(0.08)) break;
    const keys = Object.keys(value);
    if (keys.length === 0) break;
    holder = value as Record<string, Json>;
    key = random.of(keys);
  }
  const value = holder[key];
  if (random.chance(0.1)) delete holder[key];
  else if (Array.isArray(value) && value.length > 0 && random.chance(0.5)) {
    const times = timesOf(JSON.stringify(value[0])?.length ?? 0, random);
    for (let i = 0; i < times; i++) value.push(value[0] as Json);
  } else holder[key] = anyJson(random);
}

function anyJson(random: Random): Json {
  const kind = random.below(7);
  if (kind === 0) return null;
  if (kind === 1) return random.chance(0.5);
  if (kind === 2) return random.of([0, -1, 1.5, 2 ** 53, 1e308, -1e308, 5e-324]);
  if (kind === 3) return [];
  if (kind === 4) return {};
  if (kind === 5) return JSON.parse(`${'['.repeat(500)}${']'.repeat(500)}`) as Json;
  return hostileText(random);
}

export function mutateCsv(base: string, random: Random): Uint8Array {
  const lines = base.split('\n').map((line) => line.split(','));
  for (let i = random.below(6); i >= 0; i--) {
    const cells = random.of(lines);
    const at = random.below(cells.length);
    const kind = random.below(6);
    if (kind < 3) cells[at] = hostileText(random);
    else if (kind === 3) cells[at] = String(random.of(HOSTILE_DOUBLES));
    else if (kind === 4) cells.splice(at, 1);
    else for (let n = timesOf(cells.join().length, random); n > 0; n--) lines.push([...cells]);
  }
  const bytes = Buffer.from(lines.map((cells) => cells.join(',')).join('\n'));
  return random.chance(0.1) ? damage(bytes, random) : bytes;
}
