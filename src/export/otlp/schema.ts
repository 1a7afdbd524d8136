/**
 * The messages of the OpenTelemetry protocol that dit writes and reads, from github.com/open-telemetry/opentelemetry-proto
 * v1: names and numbers are its own. A test decodes what is written here with the official schema.
 */
import protobuf from 'protobufjs/light.js';

type FieldTable = Readonly<Record<string, readonly [id: number, type: string]>>;

const message = (table: FieldTable): protobuf.IType => ({
  fields: Object.fromEntries(
    Object.entries(table).map(([name, [id, type]]) => {
      const isList = type.endsWith('[]');
      return [
        name,
        { id, type: isList ? type.slice(0, -2) : type, ...(isList ? { rule: 'repeated' } : {}) },
      ];
    }),
  ),
});

/** Its one value is written even where it is 0 or false. */
const oneOf = (table: FieldTable): protobuf.IType => ({
  ...message(table),
  oneofs: { value: { oneof: Object.keys(table) } },
});

const root = protobuf.Root.fromJSON({
  nested: {
    ExportTraceServiceRequest: message({ resourceSpans: [1, 'ResourceSpans[]'] }),
    ResourceSpans: message({ resource: [1, 'Resource'], scopeSpans: [2, 'ScopeSpans[]'] }),
    Resource: message({ attributes: [1, 'KeyValue[]'] }),
    ScopeSpans: message({ scope: [1, 'InstrumentationScope'], spans: [2, 'Span[]'] }),
    InstrumentationScope: message({ name: [1, 'string'], version: [2, 'string'] }),
    Span: message({
      traceId: [1, 'bytes'],
      spanId: [2, 'bytes'],
      parentSpanId: [4, 'bytes'],
      name: [5, 'string'],
      kind: [6, 'int32'],
      startTimeUnixNano: [7, 'fixed64'],
      endTimeUnixNano: [8, 'fixed64'],
      attributes: [9, 'KeyValue[]'],
      events: [11, 'Event[]'],
      links: [13, 'Link[]'],
      status: [15, 'Status'],
    }),
    Event: message({
      timeUnixNano: [1, 'fixed64'],
      name: [2, 'string'],
      attributes: [3, 'KeyValue[]'],
    }),
    Link: message({ traceId: [1, 'bytes'], spanId: [2, 'bytes'], attributes: [4, 'KeyValue[]'] }),
    Status: message({ message: [2, 'string'], code: [3, 'int32'] }),
    KeyValue: message({ key: [1, 'string'], value: [2, 'AnyValue'] }),
    AnyValue: oneOf({
      stringValue: [1, 'string'],
      boolValue: [2, 'bool'],
      intValue: [3, 'int64'],
      arrayValue: [5, 'ArrayValue'],
    }),
    ArrayValue: message({ values: [1, 'AnyValue[]'] }),

    ExportTraceServiceResponse: message({ partialSuccess: [1, 'PartialSuccess'] }),
    PartialSuccess: message({ rejectedSpans: [1, 'int64'], errorMessage: [2, 'string'] }),
    /** google.rpc.Status: the response of a collector that refuses. */
    RpcStatus: message({ code: [1, 'int32'], message: [2, 'string'] }),
  },
});

export const SPAN_KIND = { internal: 1, client: 3 } as const;
export const STATUS_CODE = { unset: 0, ok: 1, error: 2 } as const;

/** 64 bits as protobufjs takes them: a double would lose the last ones of a time since 1970. */
export interface Fixed64 {
  readonly low: number;
  readonly high: number;
  readonly unsigned: true;
}

export const fixed64 = (value: bigint): Fixed64 => ({
  low: Number(BigInt.asIntN(32, value)),
  high: Number(BigInt.asIntN(32, value >> 32n)),
  unsigned: true,
});

const request = root.lookupType('ExportTraceServiceRequest');
const response = root.lookupType('ExportTraceServiceResponse');
const rpcStatus = root.lookupType('RpcStatus');

export function encodeRequest(message: Readonly<Record<string, unknown>>): Uint8Array {
  return request.encode(message).finish();
}

/** What a collector did not take; 0 and '' where it took all. */
export interface PartialSuccess {
  readonly rejectedSpans: number;
  /** Untrusted text. */
  readonly message: string;
}

/** A collector's answer to a request. Throws on what is none. */
export function decodeResponse(bytes: Uint8Array): PartialSuccess {
  const { partialSuccess } = response.toObject(response.decode(bytes), { longs: Number });
  return {
    rejectedSpans: partialSuccess?.rejectedSpans ?? 0,
    message: partialSuccess?.errorMessage ?? '',
  };
}

/** The message in a collector's refusal; untrusted text. Throws on what is none. */
export function decodeRefusal(bytes: Uint8Array): string {
  return rpcStatus.toObject(rpcStatus.decode(bytes)).message ?? '';
}
