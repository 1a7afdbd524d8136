/** Ways in which an engine's answer may be wrong, drawn from a seed. */
import type { Socket } from 'node:net';
import { bytesOf, type Change, type FakeAnswer, sendWhole } from './fake-engine.js';

/** mulberry32: [0, 1), the same for the same seed everywhere. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** None is the number of a process: what dit does with one of an engine's is another test's. */
const STRANGE: readonly unknown[] = [
  null,
  [],
  {},
  '',
  true,
  -1,
  0.5,
  1e308,
  2 ** 53,
  'x'.repeat(100_000),
  '\x1b[31mred\x1b]0;title\x07\x00\x9b\u202e',
  '../../etc/passwd',
  '__proto__',
  { constructor: 1, toString: null },
  [[[[[[]]]]]],
];

const STATUSES = [100, 101, 199, 200, 204, 206, 301, 304, 400, 404, 409, 418, 500, 503, 999];

const HEADERS: readonly Readonly<Record<string, string>>[] = [
  { 'Content-Length': '-5' },
  { 'Content-Length': '99999999999999999999' },
  { 'Content-Length': '3' },
  { 'Transfer-Encoding': 'chunked' },
  { 'Transfer-Encoding': 'gzip' },
  { 'Content-Encoding': 'gzip' },
  { 'X-Long': 'x'.repeat(100_000) },
  { 'X-Strange': '\x1b[31m' },
  { Upgrade: 'tcp' },
];

type Random = () => number;
type Maker = (random: Random) => Change;

const pick = <T>(random: Random, from: readonly T[]): T =>
  from[Math.floor(random() * from.length)] as T;

const MAKERS: Readonly<Record<string, Maker>> = {
  status: (random) => changed((answer) => ({ ...answer, status: pick(random, STATUSES) })),
  header: (random) =>
    changed((answer) => ({ ...answer, headers: { ...answer.headers, ...pick(random, HEADERS) } })),
  types: (random) => changed((answer) => withBody(answer, otherTypes(answer.body, random))),
  whole: (random) =>
    changed((answer) => withBody(answer, Buffer.from(JSON.stringify(pick(random, STRANGE))))),
  text: (random) =>
    changed((answer) =>
      withBody(answer, Buffer.from(pick(random, ['', 'no JSON', '<html>\x1b[31m', 'null', '{']))),
    ),
  cutBody: (random) => (answer, socket) => {
    const bytes = bytesOf(answer);
    socket.end(bytes.subarray(0, Math.floor(random() * bytes.length)));
  },
  cutBytes: (random) =>
    changed((answer) =>
      withBody(answer, answer.body.subarray(0, Math.floor(random() * answer.body.length))),
    ),
  flipped: (random) => (answer, socket) => {
    const bytes = Buffer.from(bytesOf(answer));
    for (let i = 0; i < 1 + random() * 8; i++) {
      bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    }
    socket.end(bytes);
  },
  noise: (random) => (_answer, socket) => {
    socket.end(Buffer.from(Array.from({ length: 500 }, () => Math.floor(random() * 256))));
  },
  huge: (random) => (answer, socket) => {
    socket.write(bytesOf({ ...answer, headers: {}, body: Buffer.alloc(0) }));
    const piece = Buffer.alloc(1 << 20, pick(random, ['[', ' ', 'x', '\n']));
    for (let i = 0; i < 24; i++) socket.write(piece);
    socket.end();
  },
  slow: () => (answer, socket) => trickle(bytesOf(answer), socket, 7, 40),
  cutCharacters: () => (answer, socket) => trickle(bytesOf(answer), socket, 1, 0),
  never: () => () => {},
  headOnly: () => (answer, socket) =>
    void socket.write(bytesOf({ ...answer, body: Buffer.alloc(0) })),
  halfAndSilent: (random) => (answer, socket) => {
    const bytes = bytesOf(answer);
    socket.write(bytes.subarray(0, Math.floor(random() * bytes.length)));
  },
  reset: () => (_answer, socket) => void reset(socket),
  closed: () => (_answer, socket) => void socket.end(),
  resetInBody: (random) => (answer, socket) => {
    const bytes = bytesOf(answer);
    socket.write(bytes.subarray(0, Math.floor(random() * bytes.length)), () => reset(socket));
  },
};

export interface Mutation {
  readonly kind: string;
  readonly change: Change;
}

export function mutation(random: Random): Mutation {
  const kind = pick(random, Object.keys(MAKERS));
  return { kind, change: (MAKERS[kind] as Maker)(random) };
}

const changed =
  (change: (answer: FakeAnswer) => FakeAnswer): Change =>
  (answer, socket) =>
    sendWhole(change(answer), socket);

const withBody = (answer: FakeAnswer, body: Buffer): FakeAnswer => ({
  ...answer,
  headers:
    'Content-Length' in answer.headers
      ? { ...answer.headers, 'Content-Length': String(body.length) }
      : answer.headers,
  body,
});

/** A unix socket knows no reset. */
function reset(socket: Socket): void {
  if (socket.remoteAddress === undefined) socket.destroy();
  else socket.resetAndDestroy();
}

function trickle(bytes: Buffer, socket: Socket, size: number, everyMs: number): void {
  let at = 0;
  const next = (): void => {
    if (socket.destroyed) return;
    if (at >= bytes.length) return void socket.end();
    socket.write(bytes.subarray(at, at + size));
    at += size;
    if (everyMs === 0) setImmediate(next);
    else setTimeout(next, everyMs).unref();
  };
  next();
}

/** One to three nodes of the JSON become something else; of lines and frames, some bytes. */
function otherTypes(body: Buffer, random: Random): Buffer {
  const lines = body.toString('utf8').split('\n');
  const index = Math.floor(random() * lines.length);
  let value: unknown;
  try {
    value = JSON.parse(lines[index] ?? '');
  } catch {
    const bytes = Buffer.from(body);
    if (bytes.length > 0) bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    return bytes;
  }
  for (let i = 0; i < 1 + random() * 2; i++) value = replaced(value, random);
  lines[index] = JSON.stringify(value);
  return Buffer.from(lines.join('\n'));
}

function replaced(value: unknown, random: Random): unknown {
  if (typeof value !== 'object' || value === null || random() < 0.15) return pick(random, STRANGE);
  const keys = Object.keys(value);
  if (keys.length === 0) return pick(random, STRANGE);
  const key = pick(random, keys);
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value)
    ? [...value]
    : { ...value };
  (copy as Record<string, unknown>)[key] = replaced(
    (value as Record<string, unknown>)[key],
    random,
  );
  return copy;
}
