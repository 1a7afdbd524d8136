/** Starts posted to a collector on loopback, which decodes them with OpenTelemetry's own schema. */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { DitError, EXIT } from '../../src/base/errors.js';
import { otlpRequest } from '../../src/export/otlp/otlp.js';
import { type PostOptions, postOtlp, tracesUrl } from '../../src/store/post-otlp.js';
import { decodeOtlp, encodeOtlpResponse, type OtlpRequest } from '../support/otlp-schema.js';
import { SAMPLES, sampleTrace } from '../support/samples.js';
import { startedTrace } from '../support/traces.js';

interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** It never answers. */
  readonly silent?: true;
}

interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const PROTOBUF = { 'content-type': 'application/x-protobuf' };
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

async function collector(answer: Answer = {}): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    received.push({
      path: request.url ?? '',
      headers: request.headers,
      body: Buffer.concat(chunks),
    });
    if (answer.silent === true) return;
    response.writeHead(answer.status ?? 200, answer.headers ?? PROTOBUF).end(answer.body ?? '');
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received };
}

const REQUEST = otlpRequest(startedTrace());
const post = (url: string, options: Partial<PostOptions> = {}) =>
  postOtlp(url, REQUEST, { env: {}, ...options });

async function failure(posted: Promise<unknown>): Promise<DitError> {
  try {
    await posted;
  } catch (error) {
    if (error instanceof DitError) return error;
    throw error;
  }
  throw new Error('it was posted');
}

describe('a collector', () => {
  it.each(SAMPLES)('gets %s as a trace with one root', async (name) => {
    const { url, received } = await collector();
    const trace = sampleTrace(name);
    expect(await postOtlp(url, otlpRequest(trace), { env: {} })).toEqual({
      rejectedSpans: 0,
      message: '',
    });
    const [{ path, headers, body }] = received as [Received];
    expect(path).toBe('/v1/traces');
    expect(headers).toMatchObject({
      'content-type': 'application/x-protobuf',
      'content-encoding': 'gzip',
    });
    const { spans }: OtlpRequest = decodeOtlp(gunzipSync(body));
    const [root, ...others] = spans.filter(({ parentSpanId }) => parentSpanId === '');
    expect(others).toEqual([]);
    const { window, containerId } = trace.runs[0] as (typeof trace.runs)[0];
    expect(root?.attributes['container.id']).toBe(containerId);
    expect(Number((root?.end ?? 0n) - (root?.start ?? 0n))).toBe(
      (window?.end ?? 0) - (window?.start ?? 0),
    );
    const stages = spans.filter(({ parentSpanId }) => parentSpanId === root?.spanId);
    expect(stages.length).toBeGreaterThan(10);
    for (const { start, end } of stages) {
      expect(start).toBeGreaterThanOrEqual(root?.start ?? 0n);
      expect(end).toBeLessThanOrEqual(root?.end ?? 0n);
    }
  });

  it('is asked at the path of the URL where it has one', async () => {
    const { url, received } = await collector();
    await post(`${url}/tenant/otlp?token=1`);
    expect(received[0]?.path).toBe('/tenant/otlp?token=1');
  });

  it('gets the headers of the environment, those for traces first', async () => {
    const { url, received } = await collector();
    await post(url, {
      env: {
        OTEL_EXPORTER_OTLP_HEADERS: 'x-api-key=a%20b, x-tenant = one ,',
        OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'x-tenant=two,content-type=text/plain',
      },
    });
    expect(received[0]?.headers).toMatchObject({
      'x-api-key': 'a b',
      'x-tenant': 'two',
      'content-type': 'application/x-protobuf',
    });
  });

  it('may take a part', async () => {
    const body = encodeOtlpResponse({
      partialSuccess: { rejectedSpans: 3, errorMessage: 'too old' },
    });
    const { url } = await collector({ body });
    expect(await post(url)).toEqual({ rejectedSpans: 3, message: 'too old' });
  });

  it.each([
    { status: 200, headers: { 'content-type': 'text/plain' }, body: 'ok' },
    { status: 202, headers: {} },
    { status: 204, headers: {} },
  ])('may say little when it takes all: %o', async (answer) => {
    const { url } = await collector(answer);
    expect(await post(url)).toEqual({ rejectedSpans: 0, message: '' });
  });
});

describe('what can go wrong', () => {
  it('nobody listens', async () => {
    const { url } = await collector();
    for (const server of servers.splice(0)) await new Promise((done) => server.close(done));
    expect(await failure(post(url))).toMatchObject({
      code: 'collector-unreachable',
      exitCode: EXIT.engine,
      message: `collector '${url}/v1/traces' cannot be reached: ECONNREFUSED`,
      remedy: `check that it listens: curl -i ${url}/v1/traces`,
    });
  });

  it('it does not answer', async () => {
    const { url } = await collector({ silent: true });
    expect(await failure(post(url, { timeoutMs: 50 }))).toMatchObject({
      code: 'collector-timeout',
      exitCode: EXIT.engine,
      message: `collector '${url}/v1/traces' does not answer within 0.05 s`,
    });
  });

  it('the user stops it', async () => {
    const { url } = await collector({ silent: true });
    const stop = new AbortController();
    const reason = new DitError({ code: 'stopped', exitCode: 130, message: 'stopped by SIGINT' });
    const posted = failure(post(url, { signal: stop.signal }));
    stop.abort(reason);
    expect(await posted).toBe(reason);
  });

  it.each([
    [400, 'spans[0]: bad\nsecond line', 'answers 400: spans[0]: bad', /log says more/],
    [401, '', 'answers 401', /OTEL_EXPORTER_OTLP_HEADERS/],
    [404, '<html>', 'answers 404: <html>', /port 4318/],
    [503, 'y'.repeat(1000), `answers 503: ${'y'.repeat(200)}…`, /again later/],
  ])('it answers %i', async (status, body, message, remedy) => {
    const { url } = await collector({ status, body, headers: { 'content-type': 'text/plain' } });
    const error = await failure(post(url));
    expect(error).toMatchObject({ code: 'collector-refused', exitCode: EXIT.engine });
    expect(error.message).toBe(`collector '${url}/v1/traces' ${message}`);
    expect(error.remedy).toMatch(remedy);
  });

  it('it refuses in protobuf, as the protocol has it', async () => {
    const message = Buffer.from('no quota');
    const body = Buffer.concat([Buffer.from([0x08, 8, 0x12, message.length]), message]);
    const { url } = await collector({
      status: 429,
      body,
      headers: { ...PROTOBUF, 'retry-after': '7' },
    });
    const error = await failure(post(url));
    expect(error.message).toContain('answers 429: no quota');
    expect(error.remedy).toBe('run it again in 7 s');
  });

  it('it sends elsewhere, where the headers must not go', async () => {
    const other = await collector();
    const { url } = await collector({
      status: 307,
      headers: { location: `${other.url}/v1/traces` },
    });
    const error = await failure(post(url, { env: { OTEL_EXPORTER_OTLP_HEADERS: 'key=secret' } }));
    expect(error.message).toContain('answers 307');
    expect(other.received).toEqual([]);
  });

  it('it is something else', async () => {
    const { url } = await collector({ body: 'SSH-2.0-OpenSSH' });
    expect(await failure(post(url))).toMatchObject({
      code: 'collector-refused',
      message: expect.stringContaining('did not return a valid OTLP response'),
    });
  });

  it('its answer has no end', async () => {
    const { url } = await collector({ status: 500, body: 'x'.repeat(10 << 20) });
    expect((await failure(post(url))).message.length).toBeLessThan(400);
  });

  it.each(['4318', 'localhost:4318', 'grpc://host', 'http://', ''])('the URL is %j', (url) => {
    expect(() => tracesUrl(url)).toThrow(DitError);
  });

  it('the URL has a password, which is not told', async () => {
    const error = await failure(post('http://me:hidden@127.0.0.1:1/'));
    expect(error).toMatchObject({ code: 'bad-collector-url', exitCode: EXIT.usage });
    expect(`${error.message} ${error.remedy}`).not.toContain('hidden');
  });

  it.each([
    'no-equals-hidden',
    '=hidden',
    'key=%zz-hidden',
    'k ey=hidden',
    'key=hid%0Aden',
    'a=1,=hidden',
  ])('a header is %j, whose value is not told', async (headers) => {
    const error = await failure(
      post('http://127.0.0.1:1', { env: { OTEL_EXPORTER_OTLP_HEADERS: headers } }),
    );
    expect(error).toMatchObject({ code: 'bad-otlp-headers', exitCode: EXIT.usage });
    expect(`${error.message} ${error.remedy}`).not.toMatch(/hid/);
    expect(error.cause).toBeUndefined();
  });

  it('secrets in the query and the headers stay out of messages', async () => {
    const { url } = await collector({ status: 403 });
    const error = await failure(
      post(`${url}/?token=hidden`, { env: { OTEL_EXPORTER_OTLP_HEADERS: 'x-key=hidden' } }),
    );
    expect(`${error.message} ${error.remedy}`).not.toContain('hidden');
  });
});
