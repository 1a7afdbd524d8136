/**
 * The small messages of a trace file: a schema as data, and its codec. Field names are those of
 * trace.proto in camelCase; a test compares the two.
 */

import { type Foreign, raw } from '../base/foreign.js';
import { cutText, NAME_CHARACTERS, TEXT_CHARACTERS } from './limits.js';
import type { Charge } from './memory-budget.js';
import { MalformedError, WIRE, WireReader, type WireWriter } from './wire.js';

/** `instant` and `signedInstant` are 64-bit fields beyond 2^53, as bigint; the others are doubles. */
type ScalarType = 'uint' | 'instant' | 'signedInstant' | 'bool' | 'double' | 'text';

/** One field; `T` is the type of its value in memory. */
export interface FieldSchema<T> {
  readonly field: number;
  readonly type: ScalarType | 'map' | MessageSchema;
  readonly repeated: boolean;
  /** The value of an absent field. */
  readonly absent: T;
  /** Of a text: what is beyond so many characters is cut. */
  readonly most?: number;
}

// biome-ignore lint/suspicious/noExplicitAny: a schema's fields differ in their value's type
export type MessageSchema = Readonly<Record<string, FieldSchema<any>>>;

export type MessageOf<S> = {
  readonly [K in keyof S]: S[K] extends FieldSchema<infer T> ? T : never;
};

const scalar =
  <T>(type: ScalarType, absent: T) =>
  (field: number): FieldSchema<T> => ({ field, type, repeated: false, absent });

/** uint32 or uint64 that a double holds. */
export const uint = scalar('uint', 0);
export const instant = scalar('instant', 0n);
export const signedInstant = scalar('signedInstant', 0n);
export const bool = scalar('bool', false);
export const double = scalar('double', 0);
/** A longer one is cut, as TEXT_CHARACTERS says. */
export const text = scalar<Foreign>('text', '');
/** What something is called: short. */
export const name = (field: number): FieldSchema<Foreign> => ({
  ...text(field),
  most: NAME_CHARACTERS,
});

export const many = <T>(one: FieldSchema<T>): FieldSchema<readonly T[]> => ({
  field: one.field,
  type: one.type,
  repeated: true,
  absent: [],
  ...(one.most === undefined ? {} : { most: one.most }),
});

/** map<string, string> */
export const map = (field: number): FieldSchema<ReadonlyMap<Foreign, Foreign>> => ({
  field,
  type: 'map',
  repeated: false,
  absent: new Map(),
});

export const message = <S extends MessageSchema>(
  field: number,
  schema: S,
): FieldSchema<MessageOf<S>> => ({
  field,
  type: schema,
  repeated: false,
  absent: emptyMessage(schema),
});

function emptyMessage<S extends MessageSchema>(schema: S): MessageOf<S> {
  const empty = Object.entries(schema).map(([name, { absent }]) => [name, absent]);
  return Object.fromEntries(empty) as MessageOf<S>;
}

const MAP_KEY = 1;
const MAP_VALUE = 2;

/** Writes the fields of `value`; those with their absent value are left out, as proto3 does. */
export function encodeMessage<S extends MessageSchema>(
  writer: WireWriter,
  schema: S,
  value: MessageOf<S>,
): void {
  for (const [name, field] of Object.entries(schema)) {
    const item = value[name as keyof S] as unknown;
    if (field.repeated) encodeList(writer, field, item as readonly unknown[]);
    else if (item !== field.absent) encodeValue(writer, field, item);
  }
}

function encodeList(
  writer: WireWriter,
  field: FieldSchema<unknown>,
  items: readonly unknown[],
): void {
  if (field.type === 'uint') {
    if (items.length === 0) return;
    const numbers = Float64Array.from(items as readonly number[]);
    writer.packed(field.field, numbers, 0, numbers.length, false);
    return;
  }
  for (const item of items) encodeValue(writer, field, item);
}

function encodeValue(writer: WireWriter, { field, type }: FieldSchema<unknown>, value: unknown) {
  switch (type) {
    case 'uint':
      writer.tag(field, WIRE.varint);
      writer.varint(value as number);
      return;
    case 'instant':
      writer.tag(field, WIRE.varint);
      writer.bigVarint(value as bigint);
      return;
    case 'signedInstant':
      writer.tag(field, WIRE.varint);
      writer.bigVarint(zigzag(value as bigint));
      return;
    case 'bool':
      writer.tag(field, WIRE.varint);
      writer.varint(1);
      return;
    case 'double':
      writer.tag(field, WIRE.fixed64);
      writer.double(value as number);
      return;
    case 'text':
      writer.text(field, raw(value as Foreign));
      return;
    case 'map':
      for (const [key, item] of value as ReadonlyMap<Foreign, Foreign>) {
        const start = writer.begin(field);
        writer.text(MAP_KEY, raw(key));
        writer.text(MAP_VALUE, raw(item));
        writer.end(start);
      }
      return;
    default: {
      const start = writer.begin(field);
      encodeMessage(writer, type, value as MessageOf<MessageSchema>);
      writer.end(start);
    }
  }
}

const zigzag = (value: bigint): bigint => (value >= 0n ? value * 2n : value * -2n - 1n);
const unzigzag = (value: bigint): bigint =>
  (value & 1n) === 0n ? value >> 1n : -(value >> 1n) - 1n;

/** A character takes so many at most. */
const UTF8_BYTES = 4;

/** Memory that an object takes, a string beside its characters, and a value in an array. */
const OBJECT_BYTES = 240;
const STRING_BYTES = 40;
const VALUE_BYTES = 16;

/**
 * Reads a message to the reader's end. Unknown fields, and known ones of another wire type, are skipped.
 * An empty message of two bytes becomes an object of a hundred: `charge` is told before each.
 */
export function decodeMessage<S extends MessageSchema>(
  reader: WireReader,
  schema: S,
  charge: Charge,
): MessageOf<S> {
  charge(OBJECT_BYTES);
  const fields = fieldsByNumber(schema);
  const result = new Map<string, unknown>(
    Object.entries(schema).map(([name, { absent }]) => [name, absent]),
  );
  while (!reader.done) {
    const tag = reader.varint();
    const wireType = tag % 8;
    const known = fields.get(Math.floor(tag / 8));
    if (known === undefined || !isReadable(known.schema, wireType)) {
      reader.skip(wireType);
      continue;
    }
    const { name, schema: field } = known;
    if (field.repeated) {
      if (result.get(name) === field.absent) result.set(name, []);
      decodeItems(reader, field, wireType, result.get(name) as unknown[], charge);
    } else if (field.type === 'map') {
      const { key, value } = decodeNested(reader, MAP_ENTRY, charge);
      if (result.get(name) === field.absent) result.set(name, new Map());
      (result.get(name) as Map<Foreign, Foreign>).set(key, value);
    } else result.set(name, decodeValue(reader, field, charge));
  }
  return Object.fromEntries(result) as MessageOf<S>;
}

interface NamedField {
  readonly name: string;
  readonly schema: FieldSchema<unknown>;
}

const fieldTables = new WeakMap<MessageSchema, Map<number, NamedField>>();

function fieldsByNumber(schema: MessageSchema): Map<number, NamedField> {
  const known = fieldTables.get(schema);
  if (known !== undefined) return known;
  const table = new Map(
    Object.entries(schema).map(([name, field]) => [field.field, { name, schema: field }]),
  );
  fieldTables.set(schema, table);
  return table;
}

const VARINT_TYPES: ReadonlySet<unknown> = new Set(['uint', 'instant', 'signedInstant', 'bool']);

function isReadable({ type, repeated }: FieldSchema<unknown>, wireType: number): boolean {
  if (VARINT_TYPES.has(type))
    return wireType === WIRE.varint || (repeated && wireType === WIRE.bytes);
  return wireType === (type === 'double' ? WIRE.fixed64 : WIRE.bytes);
}

function decodeItems(
  reader: WireReader,
  field: FieldSchema<unknown>,
  wireType: number,
  items: unknown[],
  charge: Charge,
): void {
  if (wireType !== WIRE.bytes || !VARINT_TYPES.has(field.type)) {
    items.push(decodeValue(reader, field, charge));
    return;
  }
  const end = reader.lengthDelimited();
  while (reader.position < end) items.push(decodeValue(reader, field, charge));
  if (reader.position !== end) throw new MalformedError('a packed field is cut short');
}

function decodeValue(
  reader: WireReader,
  { type, most }: FieldSchema<unknown>,
  charge: Charge,
): unknown {
  charge(VALUE_BYTES);
  switch (type) {
    case 'uint':
      return wholeNumber(reader.varint());
    case 'instant':
      return reader.bigVarint();
    case 'signedInstant':
      return unzigzag(reader.bigVarint());
    case 'bool':
      return reader.varint() !== 0;
    case 'double':
      return finite(reader.double());
    case 'text':
      return decodeText(reader, charge, most);
    case 'map':
      throw new Error('a map is read entry by entry');
    default:
      return decodeNested(reader, type, charge);
  }
}

const MAP_ENTRY = { key: text(MAP_KEY), value: text(MAP_VALUE) };

function wholeNumber(value: number): number {
  if (!Number.isSafeInteger(value)) throw new MalformedError(`${value} is beyond 2^53`);
  return value;
}

function finite(value: number): number {
  if (!Number.isFinite(value)) throw new MalformedError(`${value} is not a number`);
  return value;
}

function decodeText(reader: WireReader, charge: Charge, most = TEXT_CHARACTERS): string {
  const text = cutText(reader.text(most * UTF8_BYTES), most);
  charge(STRING_BYTES + 2 * text.length);
  return text;
}

function decodeNested<S extends MessageSchema>(
  reader: WireReader,
  schema: S,
  charge: Charge,
): MessageOf<S> {
  const end = reader.lengthDelimited();
  const nested = decodeMessage(new WireReader(reader.bytes, reader.position, end), schema, charge);
  reader.position = end;
  return nested;
}
