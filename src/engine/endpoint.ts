/** Which engine to talk to: the one asked for, else the first that answers, in the Docker client's order. */

import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { DockerOptions } from 'dockerode';
import { DitError, EXIT, messageOf, systemErrorCode, unlessAbsent } from '../base/errors.js';
import { type Foreign, quoting } from '../base/foreign.js';
import { readInput } from '../platform/files/input-files.js';
import { type ApiAddress, ping } from './api/get-json.js';
import { engineLayout } from './private/layout.js';

type EndpointOrigin =
  | '--host'
  | 'DOCKER_HOST'
  | 'DOCKER_CONTEXT'
  | 'context'
  | 'default socket'
  | 'rootless socket'
  | 'private engine';

export interface EngineEndpoint {
  /** "unix:///var/run/docker.sock", "tcp://host:2376", "ssh://user@host" */
  readonly url: string;
  readonly origin: EndpointOrigin;
  /** The context's name where one was used. */
  readonly context?: string;
  /**
   * 'local' is a unix socket. That the engine's processes run on this kernel is not known from it:
   * Docker Desktop has such a socket too.
   */
  readonly kind: 'local' | 'remote';
  readonly socketPath?: string;
  readonly tls?: Tls;
}

interface Tls {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

export interface EndpointAttempt {
  readonly origin: EndpointOrigin;
  readonly url: string;
  /** 'answers', or why not. */
  readonly result: Foreign;
}

export interface EndpointSearch {
  /** Absent when no engine answers; then a private one may be started. */
  readonly endpoint?: EngineEndpoint;
  readonly tried: readonly EndpointAttempt[];
}

export interface EndpointOptions {
  /** The value of --host. */
  readonly host?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Where the machine's own daemon listens. */
  readonly defaultUrl?: string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** Of a file of the Docker client's. */
const MOST_BYTES = 1 << 20;
const DEFAULT_URL = 'unix:///var/run/docker.sock';

/**
 * Finds the engine that answers.
 * @throws DitError, exit 4, when the one that was asked for (--host, DOCKER_HOST, DOCKER_CONTEXT) does
 * not answer: another in its place would surprise; exit 2 for an address that is none.
 */
export async function findEngine(options: EndpointOptions = {}): Promise<EndpointSearch> {
  const env = options.env ?? process.env;
  const { defaultUrl = DEFAULT_URL, timeoutMs = 2000, signal } = options;
  const tried: EndpointAttempt[] = [];

  const chosen = chosenEndpoint(options.host, env);
  if (chosen !== undefined) {
    const result = await answer(chosen, timeoutMs, signal);
    if (result !== 'answers') throw unreachable(chosen, result);
    return { endpoint: chosen, tried: [{ origin: chosen.origin, url: chosen.url, result }] };
  }
  for (const endpoint of usualEndpoints(env, defaultUrl, tried)) {
    const result = await answer(endpoint, timeoutMs, signal);
    tried.push({ origin: endpoint.origin, url: endpoint.url, result });
    if (result === 'answers') return { endpoint, tried };
  }
  return { tried };
}

/** What dockerode is constructed with to reach an endpoint. */
export function dockerodeOptions(endpoint: EngineEndpoint): DockerOptions {
  if (endpoint.socketPath !== undefined) return { socketPath: endpoint.socketPath };
  const { protocol, hostname, port, username } = new URL(endpoint.url);
  if (protocol === 'ssh:') {
    const user = username === '' ? {} : { username: decodeURIComponent(username) };
    const agent = process.env.SSH_AUTH_SOCK;
    return {
      protocol: 'ssh',
      host: hostname,
      port: port || 22,
      ...user,
      ...(agent === undefined ? {} : { sshOptions: { agent } }),
    };
  }
  const { tls } = endpoint;
  return {
    protocol: tls ? 'https' : 'http',
    host: hostname,
    port: port || defaultPort(tls),
    ...tls,
  };
}

function chosenEndpoint(
  host: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): EngineEndpoint | undefined {
  if (host) return endpointOf(host, '--host', tlsFromEnv(env));
  if (env.DOCKER_HOST) return endpointOf(env.DOCKER_HOST, 'DOCKER_HOST', tlsFromEnv(env));
  const context = env.DOCKER_CONTEXT;
  if (!context || context === 'default') return undefined;
  try {
    return contextEndpoint(context, 'DOCKER_CONTEXT', env);
  } catch (error) {
    throw new DitError({
      code: 'engine-context',
      exitCode: EXIT.engine,
      message: quoting`the Docker context '${context}' of DOCKER_CONTEXT cannot be used: ${messageOf(error)}`,
      remedy: 'docker context ls',
      cause: error,
    });
  }
}

function* usualEndpoints(
  env: Readonly<Record<string, string | undefined>>,
  defaultUrl: string,
  tried: EndpointAttempt[],
): Generator<EngineEndpoint> {
  const context = env.DOCKER_CONTEXT ? undefined : currentContext(env, tried);
  if (context !== undefined) {
    try {
      yield contextEndpoint(context, 'context', env);
    } catch (error) {
      tried.push({ origin: 'context', url: context, result: messageOf(error) });
    }
  }
  yield endpointOf(defaultUrl, 'default socket');
  // sudo takes XDG_RUNTIME_DIR away, and leaves the number of the user who has it.
  const runtimeDir = env.XDG_RUNTIME_DIR || (env.SUDO_UID && `/run/user/${env.SUDO_UID}`);
  if (runtimeDir) {
    yield endpointOf(`unix://${join(runtimeDir, 'docker.sock')}`, 'rootless socket');
  }
  yield endpointOf(`unix://${engineLayout().socketPath}`, 'private engine');
}

/** 'answers', or the reason why not as a sentence's part. */
async function answer(
  endpoint: EngineEndpoint,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<Foreign> {
  // A connection through ssh takes keys and questions that the client library knows about.
  if (endpoint.url.startsWith('ssh:')) return 'answers';
  try {
    await ping(apiAddress(endpoint), timeoutMs, signal);
    return 'answers';
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof DitError && error.code === 'engine-silent') {
      return `no answer within ${timeoutMs / 1000} s`;
    }
    switch (systemErrorCode(error)) {
      case 'ENOENT':
        return 'there is no such socket';
      case 'ECONNREFUSED':
        return 'nobody listens there';
      case 'EACCES':
      case 'EPERM':
        return 'permission denied';
      default:
        return messageOf(error);
    }
  }
}

/** The endpoint as the plain API functions take it; not for ssh. */
export function apiAddress(endpoint: EngineEndpoint): ApiAddress {
  if (endpoint.socketPath !== undefined) return { socketPath: endpoint.socketPath };
  const { hostname, port } = new URL(endpoint.url);
  const { tls } = endpoint;
  const host = hostname.replace(/^\[|\]$/g, '');
  return { host, port: Number(port || defaultPort(tls)), ...(tls ? { tls } : {}) };
}

const defaultPort = (tls: Tls | undefined): number => (tls ? 2376 : 2375);

function endpointOf(text: string, origin: EndpointOrigin, tls?: Tls): EngineEndpoint {
  const unix = /^unix:\/\/(\/.+)$/.exec(text)?.[1];
  if (unix !== undefined) return { url: text, origin, kind: 'local', socketPath: unix };
  if (/^ssh:\/\/./.test(text) && URL.canParse(text)) return { url: text, origin, kind: 'remote' };
  const http = text.replace(/^(tcp|https?):\/\//, 'tcp://');
  if (http.startsWith('tcp://') && URL.canParse(http) && new URL(http).hostname !== '') {
    return { url: http, origin, kind: 'remote', ...(tls ? { tls } : {}) };
  }
  throw new DitError({
    code: 'engine-address',
    exitCode: EXIT.usage,
    message: `'${text}' (${origin}) is not the address of a Docker engine`,
    remedy: 'use unix:///path/docker.sock, tcp://host:port or ssh://user@host',
  });
}

function tlsFromEnv(env: Readonly<Record<string, string | undefined>>): Tls | undefined {
  if (!env.DOCKER_TLS_VERIFY) return undefined;
  return readTls(env.DOCKER_CERT_PATH || dockerConfigDir(env));
}

function readTls(folder: string): Tls {
  const [ca, cert, key] = ['ca.pem', 'cert.pem', 'key.pem'].map((file) =>
    // A context may have no certificate of the client's; one that may not be read is not a missing one.
    unlessAbsent(() => readSetting(join(folder, file)), undefined),
  );
  return { ...(ca ? { ca } : {}), ...(cert ? { cert } : {}), ...(key ? { key } : {}) };
}

function dockerConfigDir(env: Readonly<Record<string, string | undefined>>): string {
  return env.DOCKER_CONFIG || join(env.HOME || homedir(), '.docker');
}

/** The context that `docker context use` chose; undefined for "default" and where there is no choice that can be read. */
function currentContext(
  env: Readonly<Record<string, string | undefined>>,
  tried: EndpointAttempt[],
): string | undefined {
  const path = join(dockerConfigDir(env), 'config.json');
  let name: unknown;
  try {
    name = unlessAbsent(() => readJson(path), undefined, ['ENOTDIR'])?.currentContext;
  } catch (error) {
    tried.push({ origin: 'context', url: path, result: messageOf(error) });
  }
  return typeof name === 'string' && name !== '' && name !== 'default' ? name : undefined;
}

/** A context's folder is named by the SHA-256 of its name. @throws Error where it cannot be used */
function contextEndpoint(
  context: string,
  origin: EndpointOrigin,
  env: Readonly<Record<string, string | undefined>>,
): EngineEndpoint {
  const id = createHash('sha256').update(context).digest('hex');
  const contexts = join(dockerConfigDir(env), 'contexts');
  const meta = unlessAbsent(() => readJson(join(contexts, 'meta', id, 'meta.json')), undefined);
  if (meta === undefined) throw new Error(`there is no context '${context}'`);
  const host = record(record(meta.Endpoints)?.docker)?.Host;
  if (typeof host !== 'string') throw new Error(`the context '${context}' names no Docker host`);
  const tls = readTls(join(contexts, 'tls', id, 'docker'));
  const endpoint = endpointOf(host, origin, Object.keys(tls).length > 0 ? tls : undefined);
  return { ...endpoint, context };
}

function readJson(path: string): Record<string, unknown> {
  const value = record(JSON.parse(readSetting(path).toString('utf8')));
  if (value === undefined) throw new Error(`'${path}' holds no object`);
  return value;
}

/** A file of the Docker client's, which is small. @throws the system's error, or one that says what it is instead */
const readSetting = (path: string): Buffer =>
  readInput(path, {
    bytes: MOST_BYTES,
    refusal: (size) => new Error(`'${path}' has ${size} bytes, more than a setting of Docker's`),
  });

function record(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null
    ? (value as Record<string, unknown>)
    : undefined;
}

function unreachable(endpoint: EngineEndpoint, reason: Foreign): DitError {
  const remedies: Readonly<Record<string, string>> = {
    '--host': 'start that engine, or leave --host away',
    DOCKER_HOST: 'start that engine, or: unset DOCKER_HOST',
    DOCKER_CONTEXT: 'start that engine, or: unset DOCKER_CONTEXT',
  };
  const denied = reason === 'permission denied';
  return new DitError({
    code: 'engine-unreachable',
    exitCode: EXIT.engine,
    message: quoting`the Docker engine at '${endpoint.url}' (${endpoint.origin}) does not answer: ${reason}`,
    remedy: denied ? 'run as root, or as a member of the group docker' : remedies[endpoint.origin],
  });
}
