/**
 * A Docker engine that answers everything as a good one would, from memory, and any answer changed on the way: for
 * what no real engine can be made to say. It listens on a unix socket and on the loopback.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface FakeAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** The connection stays open behind the body, as that of a stream does, for so long. */
  readonly openMs?: number;
}

/** What becomes of an answer: other bytes, what is done with the connection, or nothing at all. */
export type Change = (answer: FakeAnswer, socket: Socket) => void;

export interface FakeEngine {
  readonly unix: string;
  readonly tcp: string;
  /** "POST /containers/create", in the order in which they came. */
  readonly requests: string[];
  close(): Promise<void>;
}

const ID = 'abcdef0123456789'.repeat(4);
/** Of no process: whoever looks for it finds nothing. */
const NO_PID = 4_194_303;

/** @param change undefined for an answer that stays as it is; asked with the request and its number */
export async function fakeEngine(
  change: (request: string, number: number) => Change | undefined = () => undefined,
): Promise<FakeEngine> {
  const folder = mkdtempSync(join(tmpdir(), 'dit-fake-'));
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  const take = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    let head = '';
    let isAnswered = false;
    socket.on('data', (chunk: Buffer) => {
      if (isAnswered) return;
      head += chunk.toString('latin1');
      if (!head.includes('\r\n\r\n')) return;
      isAnswered = true;
      const [method = '', target = ''] = head.split(' ', 2);
      const request = `${method} ${target.split('?', 1)[0]}`;
      const number = requests.push(request) - 1;
      (change(request, number) ?? sendWhole)(answerTo(request), socket);
    });
  };
  const onUnix = createServer(take);
  const onTcp = createServer(take);
  const socketPath = join(folder, 'docker.sock');
  await Promise.all([
    new Promise<void>((resolve) => onUnix.listen(socketPath, resolve)),
    new Promise<void>((resolve) => onTcp.listen(0, '127.0.0.1', resolve)),
  ]);
  return {
    unix: `unix://${socketPath}`,
    tcp: `tcp://127.0.0.1:${(onTcp.address() as AddressInfo).port}`,
    requests,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await Promise.all([onUnix, onTcp].map(closed));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => server.close(() => resolve()));

export function sendWhole(answer: FakeAnswer, socket: Socket): void {
  socket.write(bytesOf(answer));
  if (answer.openMs === undefined) socket.end();
  else setTimeout(() => socket.end(), answer.openMs).unref();
}

export function bytesOf({ status, headers, body }: FakeAnswer): Buffer {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `HTTP/1.1 ${status} As It Is\r\n${lines.join('')}Connection: close\r\n\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), body]);
}

const json = (value: unknown, status = 200): FakeAnswer => {
  const body = Buffer.from(JSON.stringify(value));
  return {
    status,
    headers: { 'Content-Type': 'application/json', 'Content-Length': String(body.length) },
    body,
  };
};
const nothing: FakeAnswer = { status: 204, headers: {}, body: Buffer.alloc(0) };
const stream = (body: Buffer, openMs: number): FakeAnswer => ({
  status: 200,
  headers: { 'Content-Type': 'application/vnd.docker.raw-stream' },
  body,
  openMs,
});
const lines = (...values: readonly object[]): Buffer =>
  Buffer.from(values.map((value) => `${JSON.stringify(value)}\n`).join(''));

function frame(name: 1 | 2, text: string): Buffer {
  const data = Buffer.from(text);
  const header = Buffer.alloc(8);
  header.writeUInt8(name, 0);
  header.writeUInt32BE(data.length, 4);
  return Buffer.concat([header, data]);
}

const CONTAINER = {
  Id: ID,
  Name: '/träge_wörter',
  State: { Pid: NO_PID, Running: true, Status: 'running', OOMKilled: false },
  Config: { User: '' },
  GraphDriver: { Name: 'overlay2', Data: { MergedDir: '/var/lib/docker/x', UpperDir: '/y' } },
  HostConfig: {
    Privileged: false,
    SecurityOpt: null,
    CapAdd: [],
    PidMode: '',
    NetworkMode: 'none',
  },
  Mounts: [{ Type: 'bind', Source: '/a', Destination: '/b', RW: true }],
  NetworkSettings: {
    Networks: { bridge: { IPAddress: '198.18.255.254', Gateway: '198.18.255.1' } },
    Ports: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '9' }], '81/tcp': null },
  },
};

const EVENT = (action: string): object => ({
  Type: 'container',
  Action: action,
  Actor: { ID, Attributes: { name: 'wörter-😀', image: 'x', exitCode: '0' } },
  timeNano: 1763712000123456,
});

const OUTPUT = Buffer.concat([frame(1, 'hällo 😀\n'), frame(2, 'wörld\n')]);

const ANSWERS: readonly (readonly [RegExp, () => FakeAnswer])[] = [
  [
    /^GET \/_ping$/,
    () => ({ status: 200, headers: { 'Content-Length': '2' }, body: Buffer.from('OK') }),
  ],
  [
    /^GET \/version$/,
    () =>
      json({
        Version: '28.5.1',
        ApiVersion: '1.51',
        Arch: process.arch === 'x64' ? 'amd64' : 'arm64',
        Platform: { Name: 'Döcker' },
        Components: [
          { Name: 'containerd', Version: '1.7' },
          { Name: 'runc', Version: '1.3' },
        ],
      }),
  ],
  [
    /^GET \/info$/,
    () => json({ NCPU: 2, Driver: 'overlay2', CgroupDriver: 'cgroupfs', CgroupVersion: '2' }),
  ],
  [/^GET \/events$/, () => stream(lines(EVENT('create'), EVENT('start'), EVENT('die')), 5_000)],
  [
    /^GET \/containers\/json$/,
    () =>
      json([
        { Id: ID, Labels: { a: 'b' } },
        { Id: 'f'.repeat(64), Labels: null },
      ]),
  ],
  [/^POST \/containers\/create$/, () => json({ Id: ID, Warnings: null }, 201)],
  [/^GET \/containers\/[^/]+\/json$/, () => json(CONTAINER)],
  [
    /^GET \/containers\/[^/]+\/stats$/,
    () =>
      json({
        read: '2025-11-27T15:00:00Z',
        cpu_stats: { cpu_usage: { total_usage: 5 }, throttling_data: { periods: 0 } },
        memory_stats: { usage: 5, stats: { file: 3 } },
      }),
  ],
  [/^GET \/containers\/[^/]+\/changes$/, () => json([{ Path: '/a', Kind: 1 }])],
  [/^POST \/containers\/[^/]+\/wait$/, () => json({ StatusCode: 0 })],
  [/^POST \/containers\/[^/]+\/attach$/, () => stream(OUTPUT, 20)],
  [/^POST \/containers\/[^/]+\/exec$/, () => json({ Id: ID }, 201)],
  [/^POST \/exec\/[^/]+\/start$/, () => stream(OUTPUT, 5)],
  [/^GET \/exec\/[^/]+\/json$/, () => json({ ExitCode: 0 })],
  [/^POST \/commit$/, () => json({ Id: `sha256:${ID}` }, 201)],
  [
    /^POST \/images\/create$/,
    () =>
      stream(
        lines(
          { status: 'Pulling fs layer', id: 'a' },
          { status: 'Downloading', id: 'a', progressDetail: { current: 1, total: 2 } },
          { status: 'Pull complete', id: 'a' },
        ),
        5,
      ),
  ],
  [/^GET \/images\/json$/, () => json([{ Id: `sha256:${ID}`, Labels: null }])],
  [/^GET \/images\/.+\/json$/, () => json({ Id: `sha256:${ID}` })],
  [/^GET \/volumes$/, () => json({ Volumes: [{ Name: 'v', Labels: null }], Warnings: null })],
  [/^POST \/volumes\/create$/, () => json({ Name: 'v' }, 201)],
  [
    /^GET \/volumes\/.+$/,
    () => json({ Name: 'v', Mountpoint: '/v', Driver: 'local', Options: null }),
  ],
  [/^GET \/networks$/, () => json([{ Id: ID, Name: 'bridge', Labels: {} }])],
  [/^POST \/networks\/create$/, () => json({ Id: ID, Warning: '' }, 201)],
  [/^GET \/networks\/.+$/, () => json({ Id: ID, Name: 'n' })],
];

const answerTo = (request: string): FakeAnswer =>
  ANSWERS.find(([pattern]) => pattern.test(request))?.[1]() ?? nothing;
