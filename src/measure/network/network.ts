/**
 * What a network gives: round trips, connections, bytes, names. Round trips are timed by ping in the container,
 * everything else by dit's own client, on CLOCK_MONOTONIC both.
 */

import { Resolver } from 'node:dns/promises';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type Dockerode from 'dockerode';
import { DitError, EXIT, messageOf } from '../../base/errors.js';
import { safeJson } from '../../base/escape.js';
import { type Foreign, quoting } from '../../base/foreign.js';
import { packagePath } from '../../platform/package-files.js';
import { isMissing, needProgram } from '../../platform/processes/child-process.js';
import type { Running } from '../sandbox/sandbox.js';

export interface PingMeasurement {
  readonly sent: number;
  /** ms, one for each that came back. */
  readonly rttsMs: readonly number[];
  /** ping's summary, or why it printed none. Untrusted. */
  readonly evidence: string;
}

/** An ICMP echo that the other kernel answers; the image needs busybox's ping or a compatible one. */
export async function ping(
  container: Running,
  address: string,
  count: number,
): Promise<PingMeasurement> {
  const { stdout, stderr } = await container.exec(
    ...['ping', '-c', String(count), '-i', '0.05', '-W', '2', address],
  );
  return parsePing(stdout, stderr, count);
}

/**
 * "64 bytes from 198.18.0.1: seq=0 ttl=64 time=0.062 ms". The first reply to each: one that comes twice, or to another ping
 * of the same identifier in the same network, is told as well.
 */
export function parsePing(stdout: string, stderr: string, sent: number): PingMeasurement {
  const replies = new Map<string, number>();
  for (const line of stdout.split('\n')) {
    const sequence = /seq=(\d{1,10}) /.exec(line)?.[1];
    const time = / time=(\d{1,10}(?:\.\d{1,10})?) ms/.exec(line)?.[1];
    if (sequence === undefined || time === undefined || replies.has(sequence)) continue;
    replies.set(sequence, Number(time));
  }
  const rttsMs = [...replies.values()];
  const lines = stdout.split('\n').filter((line) => /packets transmitted|min\/avg\/max/.test(line));
  const evidence = lines.length > 0 ? lines.join(', ') : (stderr || stdout).trim();
  return { sent, rttsMs, evidence };
}

/** What the client is to do, in this order; all of it in the network namespace that it runs in. */
export interface ClientTask {
  readonly host: string;
  readonly port: number;
  /** Connections, one after the other. */
  readonly connections: number;
  /** How long bytes are counted; 0 for not at all. */
  readonly receiveMs: number;
  /** Before bytes are counted: what a limiter lets through at once has passed then. */
  readonly settleMs: number;
  /** Asked for at the engine's name server; '' for none. */
  readonly resolve: string;
}

export interface ClientResult {
  /** Of each connection, ms from the call to its end. */
  readonly connectMs: readonly number[];
  /** TCP payload. */
  readonly bytes: number;
  readonly receivedMs: number;
  /** Of each answer, ms. */
  readonly resolveMs: readonly number[];
  /** Untrusted. */
  readonly resolved: readonly string[];
  /** Why something was not done; ''. */
  readonly error: Foreign;
}

/** The name server that an engine puts into networks that users define. */
const ENGINE_NAME_SERVER = '127.0.0.11';
const LOOKUPS = 20;
const TIMEOUT_MS = 5000;
/** Each connection and each name may take as long as that; all of them do not. */
const CLIENT_MS = 120_000;

/** Nothing is thrown for what the network refuses: that is a result. */
export async function runClient(task: ClientTask): Promise<ClientResult> {
  const connectMs: number[] = [];
  const resolveMs: number[] = [];
  let resolved: string[] = [];
  let received = { bytes: 0, receivedMs: 0 };
  let error: Foreign = '';
  try {
    for (let i = 0; i < task.connections; i++) connectMs.push(await connectOnce(task));
    if (task.receiveMs > 0) received = await receive(task);
    if (task.resolve !== '') {
      const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: 1 });
      resolver.setServers([ENGINE_NAME_SERVER]);
      for (let i = 0; i < LOOKUPS; i++) {
        const begin = performance.now();
        resolved = await resolver.resolve4(task.resolve);
        resolveMs.push(performance.now() - begin);
      }
    }
  } catch (cause) {
    error = messageOf(cause);
  }
  return { connectMs, ...received, resolveMs, resolved, error };
}

type Target = Pick<ClientTask, 'host' | 'port'>;

/**
 * Ends when the server has closed it too: a server that is slow to accept would have its queue full of connections
 * otherwise, and the kernel tries again only after a second.
 */
function connectOnce({ host, port }: Target): Promise<number> {
  return new Promise((resolve, reject) => {
    const begin = performance.now();
    let ms = 0;
    const socket = connect({ host, port });
    socket.setTimeout(TIMEOUT_MS, () =>
      socket.destroy(new Error(`no response from ${host}:${port}`)),
    );
    socket.once('connect', () => {
      ms = performance.now() - begin;
      socket.end();
      // What it answers to an empty request is read, so that its end is seen.
      socket.resume();
    });
    socket.once('error', reject);
    socket.once('close', () => resolve(ms));
  });
}

/** Asks for the server's file again and again, and counts what comes after the first `settleMs`, for `receiveMs`. */
async function receive(task: ClientTask): Promise<{ bytes: number; receivedMs: number }> {
  const settled = performance.now() + task.settleMs;
  let bytes = 0;
  let first: number | undefined;
  let receivedMs = 0;
  const count = (chunkBytes: number): boolean => {
    const now = performance.now();
    if (first !== undefined) {
      bytes += chunkBytes;
      receivedMs = now - first;
    } else if (now >= settled) {
      // The interval begins at a chunk's end: the bytes of that chunk came before it.
      first = now;
    }
    return receivedMs < task.receiveMs;
  };
  while (receivedMs < task.receiveMs) {
    const got = await receiveFile(task, count);
    if (!got) throw new Error(`${task.host}:${task.port} sends nothing`);
  }
  return { bytes, receivedMs };
}

/** One request over one connection. @param on called with each chunk's size; false ends it */
function receiveFile({ host, port }: Target, on: (bytes: number) => boolean): Promise<boolean> {
  return new Promise((resolve, reject) => {
    let got = false;
    const socket = connect({ host, port }, () => socket.write(`GET /${FILE} HTTP/1.0\r\n\r\n`));
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error(`no data from ${host}:${port}`)));
    socket.on('data', (chunk) => {
      got = true;
      if (!on(chunk.length)) socket.destroy();
    });
    socket.once('error', reject);
    socket.once('close', () => resolve(got));
  });
}

/**
 * The same client, in a container's network namespace.
 * @param pid of the container's first process
 * @throws DitError network-client, exit 3
 */
export async function runClientIn(
  pid: number,
  task: ClientTask,
  signal: AbortSignal,
): Promise<ClientResult> {
  const program = packagePath('dist/measure/network/network-client.js');
  const command = [`--net=/proc/${pid}/ns/net`, process.execPath, program, safeJson(task)];
  try {
    const ran = await needProgram('nsenter', command, { limitMs: CLIENT_MS, signal });
    return JSON.parse(ran.stdout) as ClientResult;
  } catch (error) {
    signal.throwIfAborted();
    const missing = isMissing(error);
    throw new DitError({
      code: 'network-client',
      exitCode: EXIT.unavailable,
      message: missing
        ? "'nsenter' is missing: a container's network is entered with it"
        : quoting`nothing could be run in the container's network: ${messageOf(error)}`,
      remedy: missing
        ? 'sudo apt-get install util-linux'
        : 'sudo nsenter --net=/proc/1/ns/net true',
      cause: error,
    });
  }
}

export const SERVER_PORT = 8080;
const FILE = 'bytes';
const FILE_MB = 32;

/** What a container runs to be connected to: serves one file out of memory. */
export const serverOptions = (address = '', port = SERVER_PORT) => ({
  Cmd: [
    'sh',
    '-c',
    `dd if=/dev/zero of=/srv/${FILE} bs=1048576 count=${FILE_MB} 2>/dev/null && exec httpd -f -h /srv -p ${address === '' ? '' : `${address}:`}${port}`,
  ],
  Tmpfs: { '/srv': `size=${FILE_MB + 8}m` },
});

/** A port of the loopback that nobody listens at now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0));
    });
  });
}

export interface Address {
  readonly address: string;
  readonly gateway: string;
}

/** In the container's first network; '' for what it has not. */
export async function addressOf(docker: Dockerode, { id }: Running): Promise<Address> {
  const { NetworkSettings } = await docker.getContainer(id).inspect();
  const [network] = Object.values(NetworkSettings.Networks);
  return { address: network?.IPAddress ?? '', gateway: network?.Gateway ?? '' };
}

/** Waits until a server accepts; false when it does not in ten seconds. */
export async function waitForServer(
  connects: () => Promise<boolean>,
  signal: AbortSignal,
): Promise<boolean> {
  for (let tries = 0; tries < 50; tries++) {
    if (await connects()) return true;
    await sleep(200, undefined, { signal });
  }
  return false;
}

export async function accepts(host: string, port: number): Promise<boolean> {
  try {
    await connectOnce({ host, port });
    return true;
  } catch {
    // Refused, unreachable or too late: all the same to who connects.
    return false;
  }
}
