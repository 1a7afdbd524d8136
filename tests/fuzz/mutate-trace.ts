/** Changes a trace file where it is structured: fields, columns, frames; seldom bytes. */
import { FRAME } from '../../src/tracefile/schema.js';
import { HOSTILE_DOUBLES, hostileNumber, hostileText } from './hostile-values.js';
import type { Random } from './random.js';
import { type Content, type Node, parseFile, writeFile } from './wire-tree.js';

/** A mutated file is no larger: what a few kilobytes can do is what matters. */
export const MOST_BYTES = 4 << 20;

const MOST_FRAMES = 10_000;

export function mutateTrace(base: Uint8Array, random: Random): Uint8Array {
  const frames = parseFile(base);
  const count = 1 + random.below(6);
  for (let i = 0; i < count && frames.length < MOST_FRAMES; i++) mutateOnce(frames, random);
  let bytes = writeFile(frames, MOST_BYTES);
  if (bytes.length > MOST_BYTES) bytes = bytes.subarray(0, MOST_BYTES);
  return random.chance(0.06) ? damage(bytes, random) : bytes;
}

type Mutation = (frames: Node[], random: Random) => void;

const MUTATIONS: readonly (readonly [weight: number, mutation: Mutation])[] = [
  [10, changeValue],
  [5, changeColumn],
  [3, referToOneText],
  [2, repeatFrame],
  [2, repeatField],
  [2, dropSomething],
  [2, swapFrames],
  [3, circlePids],
  [2, manyMarks],
  [1, shiftTimes],
];

function mutateOnce(frames: Node[], random: Random): void {
  random.weighted(MUTATIONS)(frames, random);
}

/** All messages of the tree, each with its fields. */
function messagesIn(nodes: Node[]): Node[][] {
  const found: Node[][] = [nodes];
  for (const { content } of nodes) {
    if (content.kind === 'message') found.push(...messagesIn(content.fields));
  }
  return found;
}

const bodyOf = (frame: Node | undefined): Node | undefined =>
  frame?.content.kind === 'message' ? frame.content.fields[0] : undefined;

const framesOf = (frames: Node[], field: number): Node[] =>
  frames.filter((frame) => bodyOf(frame)?.field === field);

/** A frame of a kind that is chosen first: there are a hundred marks for one footer. */
function anyFrame(frames: Node[], random: Random): Node | undefined {
  const field = random.of(Object.values(FRAME));
  const own = framesOf(frames, field);
  return own.length > 0 ? random.of(own) : frames[random.below(frames.length)];
}

function anyMessage(frames: Node[], random: Random): Node[] {
  const frame = anyFrame(frames, random);
  const found = frame === undefined ? [] : messagesIn([frame]).slice(1);
  return found.length > 0 ? random.of(found) : frames;
}

function changeValue(frames: Node[], random: Random): void {
  const fields = anyMessage(frames, random);
  const node = fields[random.below(fields.length)];
  if (node === undefined) return;
  if (random.chance(0.05)) node.field = random.below(20);
  node.content = changed(node.content, random);
}

function changed(content: Content, random: Random): Content {
  switch (content.kind) {
    case 'number':
      return { kind: 'number', value: hostileNumber(random) };
    case 'double':
      return { kind: 'double', value: random.of(HOSTILE_DOUBLES) };
    case 'text':
      return { kind: 'text', value: hostileText(random) };
    case 'packed': {
      const values = [...content.values];
      const at = random.below(Math.max(1, values.length));
      const removed = random.of([0, 1, 1, 1, 3]);
      const added = random.chance(0.8) ? [hostileNumber(random)] : [];
      values.splice(at, removed, ...added);
      return { kind: 'packed', values };
    }
    case 'message':
      return random.chance(0.2) ? { kind: 'message', fields: [] } : content;
    case 'bytes':
      return { kind: 'bytes', value: Buffer.from(hostileText(random)) };
  }
}

/** The columns of a chunk of events, or of one of its kinds. */
function anyColumns(frames: Node[], random: Random): Node[] | undefined {
  const chunks = framesOf(frames, FRAME.events);
  if (chunks.length === 0) return undefined;
  const columns = messagesIn([random.of(chunks)]).slice(2);
  return columns.length === 0 ? undefined : random.of(columns);
}

function changeColumn(frames: Node[], random: Random): void {
  const columns = anyColumns(frames, random)?.filter(({ content }) => content.kind === 'packed');
  if (columns === undefined || columns.length === 0) return;
  const { content } = random.of(columns);
  if (content.kind !== 'packed') return;
  const { values } = content;
  const one = random.chance(0.5)
    ? hostileNumber(random)
    : (values[random.below(values.length)] ?? 0n);
  const share = random.of([1, 0.5, 0.05]);
  for (let i = 0; i < values.length; i++) if (random.chance(share)) values[i] = one;
}

/** A long text in the table, and columns all of whose events refer to it. */
function referToOneText(frames: Node[], random: Random): void {
  const tables = framesOf(frames, FRAME.strings);
  const body = bodyOf(tables[random.below(tables.length)]);
  if (body?.content.kind !== 'message') return;
  const texts = body.content.fields.filter(({ content }) => content.kind === 'text');
  if (texts.length === 0) return;
  const index = random.below(texts.length);
  const text = random.chance(0.3) ? 'y'.repeat(1 << (10 + random.below(11))) : hostileText(random);
  (texts[index] as Node).content = { kind: 'text', value: text };
  for (let i = random.below(3); i >= 0; i--) {
    for (const { content } of anyColumns(frames, random) ?? []) {
      if (content.kind === 'packed' && random.chance(0.3)) content.values.fill(BigInt(index + 1));
    }
  }
}

const timesToRepeat = (random: Random): number => random.of([1, 2, 10, 100, 1_000]);

function repeatFrame(frames: Node[], random: Random): void {
  const frame = anyFrame(frames, random);
  if (frame === undefined) return;
  // Chunks of a file of a few hundred events, fifty times: some ten thousand.
  const most = bodyOf(frame)?.field === FRAME.events ? 50 : 1_000;
  const at = random.below(frames.length);
  frames.splice(at, 0, ...new Array(Math.min(most, timesToRepeat(random))).fill(frame));
}

function repeatField(frames: Node[], random: Random): void {
  const fields = anyMessage(frames, random);
  const node = fields[random.below(fields.length)];
  if (node === undefined || node.content.kind === 'packed' || fields === frames) return;
  fields.splice(random.below(fields.length), 0, ...new Array(timesToRepeat(random)).fill(node));
}

function dropSomething(frames: Node[], random: Random): void {
  const from = random.chance(0.5) ? frames : anyMessage(frames, random);
  from.splice(random.below(from.length), 1 + random.below(3));
}

function swapFrames(frames: Node[], random: Random): void {
  const [a, b] = [random.below(frames.length), random.below(frames.length)];
  const [first, second] = [frames[a], frames[b]];
  if (first === undefined || second === undefined) return;
  frames[a] = second;
  frames[b] = first;
}

/** A few pids for all: parents that are their own children, lives without number. */
function circlePids(frames: Node[], random: Random): void {
  const pool = [0n, 1n, 2n, BigInt(random.below(5_000)), BigInt(random.below(5_000))];
  for (const frame of framesOf(frames, FRAME.events)) {
    for (const columns of messagesIn([frame]).slice(2)) {
      for (const { field, content } of columns) {
        if (content.kind !== 'packed' || field > 6 || !random.chance(0.15)) continue;
        for (let i = 0; i < content.values.length; i++) content.values[i] = random.of(pool);
      }
    }
  }
}

/** Containers by the hundred, or one that was created as often. */
function manyMarks(frames: Node[], random: Random): void {
  const marks = framesOf(frames, FRAME.mark);
  const mark = marks[random.below(marks.length)];
  if (mark === undefined) return;
  const count = random.of([5, 50, 500]);
  for (let i = 0; i < count; i++) {
    const copy = structuredClone(mark);
    const fields = bodyOf(copy)?.content;
    if (fields?.kind === 'message') {
      for (const { field, content } of fields.fields) {
        if (field === 4 && content.kind === 'text' && random.chance(0.9)) {
          content.value = random
            .below(2 ** 31)
            .toString(16)
            .padStart(64, '0');
        }
        if ((field === 2 || field === 3) && content.kind === 'number' && random.chance(0.1)) {
          content.value += BigInt(random.below(1_000_000));
        }
      }
    }
    frames.push(copy);
  }
}

function shiftTimes(frames: Node[], random: Random): void {
  for (const frame of framesOf(frames, FRAME.events)) {
    const chunk = bodyOf(frame)?.content;
    if (chunk?.kind !== 'message') continue;
    for (const node of chunk.fields) {
      if (node.field === 1 && node.content.kind === 'number')
        node.content.value = hostileNumber(random);
      if (node.field === 2 && node.content.kind === 'packed') {
        const { values } = node.content;
        for (let i = 0; i < values.length; i++) {
          if (random.chance(0.02)) values[i] = hostileNumber(random);
        }
      }
    }
  }
}

/** Bytes cut off, changed, added: what a disk does. */
export function damage(bytes: Uint8Array, random: Random): Uint8Array {
  const copy = Buffer.from(bytes);
  const kind = random.below(3);
  if (kind === 0) return copy.subarray(0, random.below(copy.length + 1));
  if (kind === 1) {
    for (let i = random.below(20); i >= 0 && copy.length > 0; i--) {
      copy[random.below(copy.length)] = random.below(256);
    }
    return copy;
  }
  const at = random.below(copy.length + 1);
  const added = Buffer.from(Array.from({ length: random.below(200) }, () => random.below(256)));
  return Buffer.concat([copy.subarray(0, at), added, copy.subarray(at)]);
}
