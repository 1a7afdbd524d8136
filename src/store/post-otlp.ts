/** An OTLP request to a collector: the one place that sends a trace anywhere. */

import { gzipSync } from 'node:zlib';
import { DitError, EXIT, messageOf, systemErrorCode } from '../base/errors.js';
import { quoting } from '../base/foreign.js';
import { own } from '../base/own.js';
import { decodeRefusal, decodeResponse, type PartialSuccess } from '../export/otlp/otlp.js';
import { type HttpAnswer, httpRequest } from '../platform/http-request.js';

type Env = Readonly<Record<string, string | undefined>>;

export interface PostOptions {
  /** Where OTEL_EXPORTER_OTLP_HEADERS and OTEL_EXPORTER_OTLP_TRACES_HEADERS are looked up. */
  readonly env: Env;
  /** The user's; a DitError as its reason is thrown as it is. */
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

/** That of OpenTelemetry's own exporters. */
const TIMEOUT_MS = 10_000;
const PATH = '/v1/traces';
/** What is read of an answer: whoever answers is not trusted to end. */
const ANSWER_BYTES = 1 << 16;
const QUOTED_CHARACTERS = 200;

const HEADER_VARIABLES = ['OTEL_EXPORTER_OTLP_HEADERS', 'OTEL_EXPORTER_OTLP_TRACES_HEADERS'];

/**
 * Sends one ExportTraceServiceRequest, gzipped, and returns what the collector did not take. Never tries twice: a
 * start that is sent again has the same ids, so whoever runs the command decides.
 *
 * DitErrors: bad-collector-url and bad-otlp-headers (exit 2), collector-unreachable, collector-timeout and
 * collector-refused (exit 4). None holds a header or the query of the URL, which may be secret.
 */
export async function postOtlp(
  url: string,
  request: Uint8Array,
  options: PostOptions,
): Promise<PartialSuccess> {
  const target = tracesUrl(url);
  const headers = requestHeaders(options.env);
  const shown = target.origin + target.pathname;
  const { signal, timeoutMs = TIMEOUT_MS } = options;
  const body = gzipSync(request);
  let answer: HttpAnswer;
  try {
    // Redirects are not followed: another host must not get the headers.
    answer = await httpRequest({
      method: 'POST',
      to: {
        secure: target.protocol === 'https:',
        host: target.hostname.replace(/^\[|\]$/g, ''),
        port: target.port,
      },
      path: target.pathname + target.search,
      headers: { ...headers, host: target.host, 'content-length': body.length },
      body,
      limitMs: timeoutMs,
      late: () => tooSlow(shown, timeoutMs),
      signal,
      mostBytes: ANSWER_BYTES,
    });
  } catch (error) {
    if (error instanceof DitError) throw error;
    signal?.throwIfAborted();
    throw unreachable(shown, error);
  }
  const isWell = answer.status >= 200 && answer.status < 300;
  if (!isWell) throw refusal(shown, answer);
  return accepted(shown, answer);
}

/** The URL as it is where it has a path, else its /v1/traces. */
export function tracesUrl(text: string): URL {
  const bad = (why: string, remedy = 'give it as: --otlp http://localhost:4318'): DitError =>
    new DitError({
      code: 'bad-collector-url',
      exitCode: EXIT.usage,
      message: `the collector's URL ${why}`,
      remedy,
    });
  // What cannot be parsed is not quoted: where its secrets begin and end is not known.
  if (!URL.canParse(text)) throw bad('cannot be parsed');
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw bad(`begins with '${url.protocol}', and dit supports only http: and https:`);
  }
  if (url.username !== '' || url.password !== '') {
    throw bad(
      `for '${url.host}' has a password in it`,
      `give it as a header: ${HEADER_VARIABLES[0]}="authorization=Basic%20…"`,
    );
  }
  if (url.pathname === '/') url.pathname = PATH;
  return url;
}

/** "api-key=secret,tenant=a%20b"; the traces' own variable wins. */
function requestHeaders(env: Env): Readonly<Record<string, string>> {
  const headers = new Headers();
  for (const variable of HEADER_VARIABLES) {
    const entries = (own(env, variable) ?? '').split(',').filter((entry) => entry.trim() !== '');
    for (const [index, entry] of entries.entries()) {
      const equals = entry.indexOf('=');
      try {
        if (equals < 1) throw new Error('no name');
        const value = decodeURIComponent(entry.slice(equals + 1).trim());
        headers.set(entry.slice(0, equals).trim(), value);
      } catch {
        // The URI is broken: the message says which.
        throw new DitError({
          code: 'bad-otlp-headers',
          exitCode: EXIT.usage,
          message: `entry ${index + 1} of ${variable} is not a header`,
          remedy: `write it as name=value, percent-encoded: ${variable}="x-api-key=…,tenant=…"`,
        });
      }
    }
  }
  headers.set('content-type', 'application/x-protobuf');
  headers.set('content-encoding', 'gzip');
  return Object.fromEntries(headers);
}

const isProtobuf = ({ headers }: HttpAnswer): boolean =>
  headers['content-type']?.startsWith('application/x-protobuf') === true;

/** If the response is not OTLP, the collector took everything: a status of 200 means that. */
function accepted(shown: string, answer: HttpAnswer): PartialSuccess {
  if (!isProtobuf(answer)) return { rejectedSpans: 0, message: '' };
  try {
    return decodeResponse(answer.body);
  } catch (cause) {
    throw new DitError({
      code: 'collector-refused',
      exitCode: EXIT.engine,
      message: `collector '${shown}' did not return a valid OTLP response`,
      remedy: 'check that the URL is that of an OTLP receiver for HTTP, by default port 4318',
      cause,
    });
  }
}

function refusal(shown: string, answer: HttpAnswer): DitError {
  const { status, body } = answer;
  const said = quoted(isProtobuf(answer) ? refusalText(body) : body.toString('utf8'));
  return new DitError({
    code: 'collector-refused',
    exitCode: EXIT.engine,
    message: `collector '${shown}' answers ${status}${said === '' ? '' : `: ${said}`}`,
    remedy: remedyFor(answer),
  });
}

function refusalText(answer: Uint8Array): string {
  try {
    return decodeRefusal(answer);
  } catch {
    // Not OTLP: the status is enough.
    return '';
  }
}

/** The first line that is not blank. */
function quoted(text: string): string {
  const line = text.trimStart().split(/[\r\n]/, 1)[0] ?? '';
  return line.length > QUOTED_CHARACTERS ? `${line.slice(0, QUOTED_CHARACTERS)}…` : line;
}

function remedyFor({ status, headers }: HttpAnswer): string {
  if (status === 401 || status === 403) {
    return `give it what it asks for: ${HEADER_VARIABLES[0]}="authorization=Bearer%20…"`;
  }
  if (status === 404 || status === 405 || (status >= 300 && status < 400)) {
    return `check the URL: OTLP over HTTP is mostly at port 4318, path ${PATH}`;
  }
  if (status === 429 || status >= 500) {
    const seconds = Number(headers['retry-after']);
    return seconds > 0 ? `run it again in ${seconds} s` : 'run it again later';
  }
  return "the collector's log says more";
}

function unreachable(shown: string, error: unknown): DitError {
  const what = systemErrorCode(error) ?? messageOf(error);
  return new DitError({
    code: 'collector-unreachable',
    exitCode: EXIT.engine,
    message: quoting`collector '${shown}' cannot be reached: ${what}`,
    remedy: `check that it listens: curl -i ${shown}`,
    cause: error,
  });
}

function tooSlow(shown: string, timeoutMs: number): DitError {
  return new DitError({
    code: 'collector-timeout',
    exitCode: EXIT.engine,
    message: `collector '${shown}' does not answer within ${timeoutMs / 1000} s`,
    remedy: `check its health: curl -i ${shown}`,
  });
}
