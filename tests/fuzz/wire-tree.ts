/** A trace file as a tree of its fields, to be changed and written again, legal or not. */
import { EVENT_KINDS } from '../../src/model/recording/event-kinds.js';
import type { FieldSchema, MessageSchema } from '../../src/tracefile/messages.js';
import {
  API_MARK,
  CHUNK,
  CLOCK_SNAPSHOT,
  DIAGNOSTIC,
  FOOTER,
  FRAME,
  FRAMES_FIELD,
  HEADER,
  LOSS_REPORT,
  PROCESS_SNAPSHOT,
  STRING_TABLE,
} from '../../src/tracefile/schema.js';

export type Content =
  | { kind: 'number'; value: bigint }
  | { kind: 'double'; value: number }
  | { kind: 'text'; value: string }
  | { kind: 'packed'; values: bigint[] }
  | { kind: 'message'; fields: Node[] }
  | { kind: 'bytes'; value: Uint8Array };

export interface Node {
  field: number;
  content: Content;
}

/** What the fields of a message are, by number. */
type Shape = ReadonlyMap<number, 'number' | 'double' | 'text' | 'packed' | Shape>;

const MAP_ENTRY: Shape = new Map([
  [1, 'text'],
  [2, 'text'],
]);

function shapeOf(schema: MessageSchema): Shape {
  const shape = new Map<number, 'number' | 'double' | 'text' | 'packed' | Shape>();
  for (const { field, type, repeated } of Object.values(schema) as FieldSchema<unknown>[]) {
    if (type === 'text' || type === 'double') shape.set(field, type);
    else if (type === 'map') shape.set(field, MAP_ENTRY);
    else if (typeof type === 'object') shape.set(field, shapeOf(type));
    else shape.set(field, repeated ? 'packed' : 'number');
  }
  return shape;
}

const CHUNK_SHAPE: Shape = new Map<number, 'number' | 'packed' | Shape>([
  [CHUNK.baseNs, 'number'],
  ...[CHUNK.timeDeltaNs, CHUNK.kinds, CHUNK.cpus, CHUNK.pidDeltas, CHUNK.tidDeltas].map(
    (field) => [field, 'packed'] as const,
  ),
  ...EVENT_KINDS.filter(({ chunkField }) => chunkField !== 0).map(
    ({ chunkField, columns }) =>
      [chunkField, new Map(columns.map(({ field }) => [field, 'packed'] as const))] as const,
  ),
]);

const FRAME_SHAPE: Shape = new Map<number, Shape>([
  [FRAME.header, shapeOf(HEADER)],
  [FRAME.clock, shapeOf(CLOCK_SNAPSHOT)],
  [
    FRAME.strings,
    new Map([
      [STRING_TABLE.values, 'text'],
      [STRING_TABLE.firstId, 'number'],
    ]),
  ],
  [FRAME.events, CHUNK_SHAPE],
  [FRAME.mark, shapeOf(API_MARK)],
  [FRAME.processes, shapeOf(PROCESS_SNAPSHOT)],
  [FRAME.loss, shapeOf(LOSS_REPORT)],
  [FRAME.diagnostic, shapeOf(DIAGNOSTIC)],
  [FRAME.footer, shapeOf(FOOTER)],
]);

const FILE_SHAPE: Shape = new Map([[FRAMES_FIELD, FRAME_SHAPE]]);

/** Of a file as dit writes it. */
export const parseFile = (bytes: Uint8Array): Node[] => parse(bytes, FILE_SHAPE);

function parse(bytes: Uint8Array, shape: Shape): Node[] {
  const nodes: Node[] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++] as number;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const [field, wireType] = [Math.floor(tag / 8), tag % 8];
    const known = shape.get(field);
    if (wireType === 0) {
      nodes.push({ field, content: { kind: 'number', value: varint() } });
    } else if (wireType === 1) {
      const value = new DataView(bytes.buffer, bytes.byteOffset + at, 8).getFloat64(0, true);
      at += 8;
      nodes.push({ field, content: { kind: 'double', value } });
    } else {
      const length = Number(varint());
      const value = bytes.subarray(at, at + length);
      at += length;
      nodes.push({ field, content: contentOf(value, known) });
    }
  }
  return nodes;
}

function contentOf(bytes: Uint8Array, known: ReturnType<Shape['get']>): Content {
  if (known === 'text') return { kind: 'text', value: Buffer.from(bytes).toString('utf8') };
  if (known === 'packed') return { kind: 'packed', values: unpack(bytes) };
  if (typeof known === 'object') return { kind: 'message', fields: parse(bytes, known) };
  return { kind: 'bytes', value: bytes };
}

function unpack(bytes: Uint8Array): bigint[] {
  const values: bigint[] = [];
  let value = 0n;
  let shift = 0n;
  for (const byte of bytes) {
    value |= BigInt(byte & 127) << shift;
    shift += 7n;
    if (byte > 127) continue;
    values.push(value);
    value = 0n;
    shift = 0n;
  }
  return values;
}

/** @param most bytes after which no more is written */
export function writeFile(nodes: readonly Node[], most = Number.POSITIVE_INFINITY): Buffer {
  // A frame that is there a thousand times is the same object each time.
  const written = new Map<Node, Buffer>();
  const parts: Buffer[] = [];
  let bytes = 0;
  for (const node of nodes) {
    const part = written.get(node) ?? writeNode(node);
    written.set(node, part);
    parts.push(part);
    bytes += part.length;
    if (bytes > most) break;
  }
  return Buffer.concat(parts);
}

function writeNode({ field, content }: Node): Buffer {
  switch (content.kind) {
    case 'number':
      return Buffer.concat([varintOf(BigInt(field * 8)), varintOf(content.value)]);
    case 'double': {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleLE(content.value);
      return Buffer.concat([varintOf(BigInt(field * 8 + 1)), bytes]);
    }
    case 'text':
      return delimited(field, Buffer.from(content.value, 'utf8'));
    case 'packed':
      return delimited(field, pack(content.values));
    case 'message':
      return delimited(field, writeFile(content.fields));
    case 'bytes':
      return delimited(field, content.value);
  }
}

function delimited(field: number, body: Uint8Array): Buffer {
  return Buffer.concat([varintOf(BigInt(field * 8 + 2)), varintOf(BigInt(body.length)), body]);
}

function pack(values: readonly bigint[]): Buffer {
  const bytes: number[] = [];
  for (const value of values) putVarint(bytes, value);
  return Buffer.from(bytes);
}

function varintOf(value: bigint): Buffer {
  const bytes: number[] = [];
  putVarint(bytes, value);
  return Buffer.from(bytes);
}

function putVarint(bytes: number[], value: bigint): void {
  if (value < 0x1f_ffff_ffff_ffffn) {
    let rest = Number(value);
    while (rest > 127) {
      bytes.push((rest % 128) | 128);
      rest = Math.floor(rest / 128);
    }
    bytes.push(rest);
    return;
  }
  let rest = value;
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
}
