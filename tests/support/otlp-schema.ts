/** The OpenTelemetry project's own schema, as its JavaScript exporter is generated from it. */
import { createRequire } from 'node:module';

const { opentelemetry } = createRequire(import.meta.url)(
  '@opentelemetry/otlp-transformer/build/src/generated/root',
);
const { ExportTraceServiceRequest, ExportTraceServiceResponse } =
  opentelemetry.proto.collector.trace.v1;

type OtlpValue = string | number | boolean | readonly OtlpValue[];
type OtlpAttributes = Readonly<Record<string, OtlpValue>>;

interface OtlpLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes: OtlpAttributes;
}

export interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: string;
  readonly start: bigint;
  readonly end: bigint;
  readonly attributes: OtlpAttributes;
  readonly events: readonly {
    readonly time: bigint;
    readonly name: string;
    readonly attributes: OtlpAttributes;
  }[];
  readonly links: readonly OtlpLink[];
  readonly status: { readonly code?: string; readonly message?: string };
}

export interface OtlpRequest {
  readonly resource: OtlpAttributes;
  readonly scope: { readonly name: string; readonly version: string };
  readonly spans: readonly OtlpSpan[];
}

/** Of a request with one resource and one scope; ids in hex, times since 1970. */
export function decodeOtlp(bytes: Uint8Array): OtlpRequest {
  const message = ExportTraceServiceRequest.decode(bytes);
  // What the schema does not know or allow is an error, not skipped.
  const wrong = ExportTraceServiceRequest.verify(message);
  if (wrong !== null) throw new Error(wrong);
  if (!Buffer.from(ExportTraceServiceRequest.encode(message).finish()).equals(bytes)) {
    throw new Error('the request has fields that the schema does not have');
  }
  const plain = ExportTraceServiceRequest.toObject(message, {
    longs: String,
    enums: String,
    bytes: Buffer,
    arrays: true,
  });
  const [{ resource, scopeSpans }, ...others] = plain.resourceSpans;
  const [{ scope, spans }, ...otherScopes] = scopeSpans;
  if (others.length + otherScopes.length > 0) throw new Error('one resource and scope expected');
  return { resource: attributesOf(resource), scope, spans: spans.map(spanOf) };
}

export const encodeOtlpResponse = (message: object): Uint8Array =>
  ExportTraceServiceResponse.encode(ExportTraceServiceResponse.fromObject(message)).finish();

// biome-ignore lint/suspicious/noExplicitAny: what the schema's decoder gives
type Decoded = any;

const hex = (bytes: Buffer | undefined): string => bytes?.toString('hex') ?? '';

function spanOf(span: Decoded): OtlpSpan {
  return {
    traceId: hex(span.traceId),
    spanId: hex(span.spanId),
    parentSpanId: hex(span.parentSpanId),
    name: span.name,
    kind: span.kind,
    start: BigInt(span.startTimeUnixNano),
    end: BigInt(span.endTimeUnixNano),
    attributes: attributesOf(span),
    events: span.events.map((event: Decoded) => ({
      time: BigInt(event.timeUnixNano),
      name: event.name,
      attributes: attributesOf(event),
    })),
    links: span.links.map((link: Decoded) => ({
      traceId: hex(link.traceId),
      spanId: hex(link.spanId),
      attributes: attributesOf(link),
    })),
    status: span.status ?? {},
  };
}

function attributesOf({ attributes }: Decoded): OtlpAttributes {
  const keys = attributes.map(({ key }: Decoded) => key);
  if (new Set(keys).size < keys.length) throw new Error(`keys come twice: ${keys}`);
  return Object.fromEntries(attributes.map(({ key, value }: Decoded) => [key, plainValue(value)]));
}

function plainValue(value: Decoded): OtlpValue {
  if (value.arrayValue !== undefined) return value.arrayValue.values.map(plainValue);
  if (value.intValue !== undefined) return Number(value.intValue);
  const plain = value.stringValue ?? value.boolValue;
  if (plain === undefined) throw new Error(`a value of no known type: ${JSON.stringify(value)}`);
  return plain;
}
