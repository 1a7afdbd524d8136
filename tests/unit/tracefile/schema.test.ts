/** The schema as data agrees with trace.proto, field by field. */
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';
import { describe, expect, test } from 'vitest';
import { EVENT_KINDS } from '../../../src/model/recording/event-kinds.js';
import type { FieldSchema, MessageSchema } from '../../../src/tracefile/messages.js';
import * as schema from '../../../src/tracefile/schema.js';

const proto = fileURLToPath(new URL('../../../traces/dit/trace/v1/trace.proto', import.meta.url));
const root = new protobuf.Root().loadSync(proto, { keepCase: true });
root.resolveAll();
const type = (name: string): protobuf.Type => root.lookupType(`dit.trace.v1.${name}`);
const camelCase = (name: string): string =>
  name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

const numbersOf = (name: string): Record<string, number> =>
  Object.fromEntries(type(name).fieldsArray.map((field) => [camelCase(field.name), field.id]));

const SIGNED = ['sint32', 'sint64'];
const UNSIGNED = ['uint32', 'uint64'];

/** The proto types that a type of the small messages' schema may stand for. */
const PROTO_TYPES: Readonly<Record<string, readonly string[]>> = {
  uint: UNSIGNED,
  instant: ['uint64'],
  signedInstant: ['sint64'],
  bool: ['bool'],
  double: ['double'],
  text: ['string'],
};

describe('small messages', () => {
  test.each(Object.entries(schema.MESSAGES))('%s', (name, message) => {
    const fields: readonly [string, FieldSchema<unknown>][] = Object.entries(
      message as MessageSchema,
    );
    expect(Object.fromEntries(fields.map(([key, field]) => [key, field.field]))).toEqual(
      numbersOf(name),
    );
    for (const [key, field] of fields) {
      const declared = type(name).fieldsArray.find((one) => camelCase(one.name) === key);
      if (field.type === 'map') {
        expect(declared).toBeInstanceOf(protobuf.MapField);
        continue;
      }
      expect(declared?.repeated).toBe(field.repeated);
      if (typeof field.type === 'string') {
        expect(PROTO_TYPES[field.type]).toContain(declared?.type);
      } else {
        const nested = declared?.type as keyof typeof schema.MESSAGES;
        expect(schema.MESSAGES[nested]).toBe(field.type);
      }
    }
  });

  test('are all the messages there are', () => {
    const bulk = ['TraceFile', 'Frame', 'StringTable', 'EventChunk'];
    const columns = EVENT_KINDS.map(({ chunkField }) => chunkMessage(chunkField)?.name);
    const all = root.lookup('dit.trace.v1', protobuf.Namespace) as protobuf.Namespace;
    const messages = all.nestedArray
      .filter((one) => one instanceof protobuf.Type)
      .map(({ name }) => name);
    const known = [...Object.keys(schema.MESSAGES), ...bulk, ...columns];
    expect(messages.filter((name) => !known.includes(name))).toEqual([]);
  });
});

describe('frames and their bulk', () => {
  test('have the numbers of the proto', () => {
    expect(numbersOf('TraceFile')).toEqual({ frames: schema.FRAMES_FIELD });
    expect(numbersOf('Frame')).toEqual(schema.FRAME);
    expect(numbersOf('StringTable')).toEqual(schema.STRING_TABLE);
    const { baseNs, timeDeltaNs, kinds, cpus, pidDeltas, tidDeltas } = numbersOf('EventChunk');
    expect({ baseNs, timeDeltaNs, kinds, cpus, pidDeltas, tidDeltas }).toEqual(schema.CHUNK);
  });

  test('signed common columns are zigzag in the proto', () => {
    const fields = type('EventChunk').fields;
    expect(SIGNED).toContain(fields.time_delta_ns?.type);
    expect(SIGNED).toContain(fields.pid_deltas?.type);
    expect(SIGNED).toContain(fields.tid_deltas?.type);
    expect(UNSIGNED).toContain(fields.cpus?.type);
  });
});

function chunkMessage(field: number): protobuf.Type | undefined {
  const declared = type('EventChunk').fieldsArray.find(({ id }) => id === field);
  return declared === undefined ? undefined : type(declared.type);
}

describe('event kinds', () => {
  test('are those of enum Kind', () => {
    const { KIND_UNSPECIFIED, ...values } = root.lookupEnum('dit.trace.v1.Kind').values;
    expect(KIND_UNSPECIFIED).toBe(0);
    const kinds = EVENT_KINDS.map(({ name, id }) => [name.toUpperCase(), id]);
    expect(Object.fromEntries(kinds)).toEqual(values);
  });

  test.each(
    EVENT_KINDS.filter(({ chunkField }) => chunkField !== 0).map((kind) => [kind.name, kind]),
  )('%s has the columns of its message', (_, kind) => {
    const message = chunkMessage(kind.chunkField) as protobuf.Type;
    expect(kind.columns.map(({ name, field }) => [name, field]).toSorted()).toEqual(
      message.fieldsArray.map(({ name, id }) => [name, id]).toSorted(),
    );
    for (const { name, type: columnType } of kind.columns) {
      const declared = message.fields[name];
      expect(declared?.repeated).toBe(true);
      expect(columnType === 'sint' ? SIGNED : UNSIGNED).toContain(declared?.type);
    }
  });

  test('every kind of the chunk is known', () => {
    const fields = type('EventChunk').fieldsArray.map(({ id }) => id);
    const known = EVENT_KINDS.map(({ chunkField }) => chunkField);
    expect(fields.filter((id) => id >= 16 && !known.includes(id))).toEqual([]);
  });

  test('a counted list names a column of its kind', () => {
    for (const { columns } of EVENT_KINDS) {
      for (const { countedBy } of columns) {
        if (countedBy !== undefined) expect(columns.map(({ name }) => name)).toContain(countedBy);
      }
    }
  });
});
