/**
 * dockerode's way to the engine, guarded: every request has a limit and ends with the command's signal, every
 * answer is read in bounded memory and checked before dockerode's callers see it.
 *
 * What is under way when the signal is aborted is broken off; what is asked after that is clean-up, and has its
 * limit only. What makes something in the engine may go on for a moment, because its answer says what to take away.
 */
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import type Dockerode from 'dockerode';
import { Deadline } from '../../platform/deadline.js';
import { checkedAnswer, nonsense, type RequestRule, requestRule, silent } from './answers.js';
import { ENGINE_LIMITS, GRACE_MS } from './limits.js';

/** What docker-modem is given for a request; see its `dial`. */
interface DialOptions {
  path: string;
  method: string;
  isStream?: boolean;
  abortSignal?: AbortSignal;
  readonly statusCodes: Readonly<Record<number, true | string>>;
}

type Callback = (error: unknown, data?: unknown) => void;

interface Modem {
  dial(options: DialOptions, callback: Callback): void;
  buildPayload(
    error: unknown,
    isStream: unknown,
    statusCodes: unknown,
    openStdin: unknown,
    request: unknown,
    response: unknown,
    json: unknown,
    callback: Callback,
  ): void;
}

const MOST_BYTES = 16 << 20;
/** A refusal is a sentence. */
const MOST_REFUSAL_BYTES = 1 << 16;

/** @param signal of the command; undefined: there is none */
export function guardModem(docker: Dockerode, signal: AbortSignal | undefined): void {
  const modem = docker.modem as unknown as Modem;
  const dial = modem.dial.bind(modem);
  // The response as it comes: its status and body are looked at here and not by the library.
  modem.buildPayload = (error, _isStream, _codes, _stdin, _request, response, _json, callback) =>
    error ? callback(error) : callback(null, response);
  modem.dial = (options, callback) => {
    ask(dial, options, signal).then((data) => callback(null, data), callback);
  };
}

async function ask(
  dial: Modem['dial'],
  options: DialOptions,
  command: AbortSignal | undefined,
): Promise<unknown> {
  const { method, path, isStream = false } = options;
  const rule = requestRule(method, path);
  const limitMs = limitOf(rule);
  const isCleanUp = command?.aborted === true;
  const commandEnds = isCleanUp ? undefined : delayed(command, rule.makes ? GRACE_MS : 0);
  const deadline = new Deadline({
    limitMs,
    signals: [options.abortSignal, commandEnds?.signal],
    late: () => silent(method, path, limitMs ?? 0),
  });
  let goesOn = false;
  const end = (): void => {
    deadline.close();
    commandEnds?.close();
  };
  try {
    const response = await dialled(dial, { ...options, isStream: true }, deadline.signal);
    const status = (response as IncomingMessage).statusCode;
    // The connection itself, where the engine took an upgrade of it.
    if (status !== undefined && options.statusCodes[status] !== true) {
      throw await refusalOf(response as IncomingMessage, options.statusCodes[status], deadline);
    }
    if (isStream) {
      goesOn = true;
      guardStream(response, rule, deadline, end);
      return response;
    }
    const body = await bodyOf(response, rule.answer === 'ignored' ? 0 : MOST_BYTES, deadline);
    if (rule.answer === 'ignored') return undefined;
    if (body.isCut) throw nonsense(method, path, `it is longer than ${MOST_BYTES >> 20} MiB`);
    return checkedAnswer(method, path, body.text);
  } catch (error) {
    throw deadline.signal.aborted ? deadline.signal.reason : error;
  } finally {
    if (!goesOn) end();
  }
}

const limitOf = ({ pace }: RequestRule): number | undefined =>
  pace === 'none' ? undefined : ENGINE_LIMITS[`${pace}Ms`];

/** Aborts some time after the source. */
function delayed(
  source: AbortSignal | undefined,
  ms: number,
): { signal: AbortSignal; close(): void } | undefined {
  if (source === undefined) return undefined;
  if (ms === 0) return { signal: source, close: () => {} };
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const begin = (): void => {
    timer = setTimeout(() => controller.abort(source.reason), ms);
  };
  source.addEventListener('abort', begin, { once: true });
  return {
    signal: controller.signal,
    close: () => {
      source.removeEventListener('abort', begin);
      clearTimeout(timer);
    },
  };
}

/** The response's head, or the connection where it was upgraded. */
function dialled(
  dial: Modem['dial'],
  options: DialOptions,
  signal: AbortSignal,
): Promise<Readable> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    dial({ ...options, abortSignal: signal }, (error, response) => {
      if (error) return reject(error as Error);
      const stream = response as Readable;
      // Nobody may be listening yet, or any more.
      stream.on('error', () => {});
      if (signal.aborted) stream.destroy();
      resolve(stream);
    });
  });
}

/** What goes on after its head ends with the deadline; a pull's limit is how long it may be silent. */
function guardStream(
  stream: Readable,
  rule: RequestRule,
  deadline: Deadline,
  end: () => void,
): void {
  const stop = (): void => {
    stream.destroy(deadline.signal.reason as Error);
  };
  if (deadline.signal.aborted) stop();
  else deadline.signal.addEventListener('abort', stop, { once: true });
  stream.once('close', end);
  if (rule.pace === 'idle') stream.on('data', () => deadline.restart());
  else deadline.lift();
}

async function bodyOf(
  stream: Readable,
  mostBytes: number,
  { signal }: Deadline,
): Promise<{ text: string; isCut: boolean }> {
  const stop = (): void => {
    stream.destroy(signal.reason as Error);
  };
  signal.addEventListener('abort', stop, { once: true });
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      chunks.push(chunk.subarray(0, Math.max(0, mostBytes - bytes)));
      bytes += chunk.length;
      if (bytes > mostBytes) break;
    }
  } finally {
    signal.removeEventListener('abort', stop);
  }
  return { text: Buffer.concat(chunks).toString('utf8'), isCut: bytes > mostBytes };
}

/** The engine's own words, as dockerode's errors have them. */
async function refusalOf(
  response: IncomingMessage,
  reason: string | true | undefined,
  deadline: Deadline,
): Promise<Error> {
  const { text } = await bodyOf(response, MOST_REFUSAL_BYTES, deadline);
  const said = messageIn(text);
  const words = said ?? (text.trim() || String(reason ?? response.statusMessage ?? ''));
  return Object.assign(new Error(words.slice(0, MOST_WORDS)), { statusCode: response.statusCode });
}

const MOST_WORDS = 4096;

function messageIn(text: string): string | undefined {
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json !== 'object' || json === null || !('message' in json)) return undefined;
    return typeof json.message === 'string' && json.message !== '' ? json.message : undefined;
  } catch {
    // Not what it should be: taken for nothing.
    return undefined;
  }
}
