/** Every command ends when it is told to, at work and while an engine leaves it waiting. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AnyCommand } from '../../src/cli/common/commander.js';
import { buildProgram } from '../../src/cli/program.js';
import { type DitEnd, eventually, type RunningDit, startDit } from '../support/dit.js';
import { type FakeEngine, fakeEngine } from '../support/fake-engine.js';
import { samplePath } from '../support/samples.js';

const SAMPLE = samplePath('docker-28.5/bridge.dit');
/** With real slack: two seconds on a machine that is idle. */
const END_MS = 10_000;

let folder: string;
let files = 0;
/** It answers what is asked before anything is made, and then nothing. */
let engine: FakeEngine;
let collector: { readonly url: string; readonly server: Server; readonly asked: () => number };
/** How often it was asked before the command that waits now. */
let askedBefore = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dit-aborts-'));
  engine = await fakeEngine((request) =>
    request.startsWith('GET') && request !== 'GET /events' ? undefined : () => {},
  );
  let asked = 0;
  const server = createServer(() => asked++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  collector = { url: `http://127.0.0.1:${port}`, server, asked: () => asked };
});
afterAll(async () => {
  await engine.close();
  collector.server.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Waiting {
  readonly args: () => readonly string[];
  /** Whether it has come to where it waits. */
  readonly isThere: (running: RunningDit) => boolean;
}

const asksFor = (request: string) => (): boolean => engine.requests.includes(request);
const runs = (): string[] => ['-H', engine.unix, '-o', join(folder, `${++files}.dit`), 'x'];

/** Commands that take the signals over, in a state in which nothing comes any more. */
const WAITING: Readonly<Record<string, Waiting>> = {
  'trace run': {
    args: () => ['trace', 'run', '--source', 'api', ...runs()],
    isThere: asksFor('GET /events'),
  },
  'trace run, several': {
    args: () => ['trace', 'run', '--runs', '3', '--source', 'api', ...runs()],
    isThere: asksFor('GET /events'),
  },
  test: {
    args: () => ['test', 'overlay', '-H', engine.tcp, '--image', 'x'],
    isThere: asksFor('POST /containers/create'),
  },
  bench: {
    args: () => ['bench', 'cpu', '-H', engine.tcp, '--image', 'x', '--out', join(folder, 'bench')],
    isThere: asksFor('POST /containers/create'),
  },
  'trace export': {
    args: () => ['trace', 'export', '--otlp', collector.url, SAMPLE],
    isThere: () => collector.asked() > askedBefore,
  },
  'trace query': {
    args: () => [
      'trace',
      'query',
      'SELECT count(*) FROM range(100000000000) a',
      '-o',
      join(folder, 'answer.csv'),
    ],
    isThere: () => readdirSync(folder).some((name) => /answer.*tmp|\.dit-/.test(name)),
  },
};

/** Those that only read end by the signal's own action: there is nothing to take away. */
const READING = [
  'trace show',
  'trace blame',
  'trace chain',
  'trace diff',
  'trace explain',
  'trace events',
  'trace view',
  'trace ls',
  'compare',
  'doctor',
  'engine status',
];
/** What records the kernel or starts an engine is aborted in tests/live: engine-aborts, trace-exec, trace-watch. */
const ON_A_MACHINE = ['trace exec', 'trace watch', 'engine start', 'engine stop'];

test('every command is in one of the tables', async () => {
  const program = await buildProgram('', {} as never, () => {});
  const known = new Set([
    ...Object.keys(WAITING).map((name) => name.split(',')[0]),
    ...READING,
    ...ON_A_MACHINE,
  ]);
  expect(leavesOf(program).filter((name) => !known.has(name))).toEqual([]);
});

function leavesOf(command: AnyCommand, path = ''): string[] {
  return command.commands.flatMap((child) => {
    const name = `${path}${child.name()}`;
    return child.commands.length === 0 ? [name] : leavesOf(child, `${name} `);
  });
}

async function waiting(name: string): Promise<RunningDit> {
  const { args, isThere } = WAITING[name] as Waiting;
  engine.requests.length = 0;
  askedBefore = collector.asked();
  const running = startDit(args(), { env: { XDG_STATE_HOME: folder, TMPDIR: folder } });
  const there = await eventually(() => isThere(running) || undefined, 120_000);
  expect(there, running.stderr()).toBe(true);
  return running;
}

const within = (ended: Promise<DitEnd>): Promise<DitEnd | string> =>
  Promise.race([
    ended,
    new Promise<string>((resolve) => setTimeout(() => resolve('it goes on'), END_MS).unref()),
  ]);

describe.each(Object.keys(WAITING))('%s', { timeout: 300_000 }, (name) => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('ends by the first %s', async (signal, code) => {
    const { child, ended } = await waiting(name);
    child.kill(signal);
    const end = await within(ended);
    child.kill('SIGKILL');
    expect(end).toMatchObject({
      code,
      stderr: expect.stringMatching(new RegExp(`interrupted by ${signal}.*\\n {2}try: `)),
    });
    expect((end as DitEnd).stderr).not.toMatch(/bug/);
  });
});

test.each([
  'SIGINT',
  'SIGTERM',
] as const)('doctor ends by %s while an engine is silent', async (signal) => {
  const silent = await fakeEngine(() => () => {});
  try {
    const running = startDit(['doctor'], { env: { DOCKER_HOST: silent.unix } });
    const asked = (): true | undefined => silent.requests.length > 0 || undefined;
    expect(await eventually(asked, 120_000), running.stderr()).toBe(true);
    running.child.kill(signal);
    const end = await within(running.ended);
    running.child.kill('SIGKILL');
    expect(end).toMatchObject({ signal });
  } finally {
    await silent.close();
  }
}, 300_000);

/** What keeps the main thread for good, once the command has taken the signals over. */
const BUSY = `
  import { writeSync } from 'node:fs';
  const on = process.on;
  process.on = function (name, ...rest) {
    if (name === 'SIGHUP') setTimeout(() => { writeSync(2, 'busy'); for (;;); }, 200);
    return on.call(this, name, ...rest);
  };
`;

test.each([
  'SIGINT',
  'SIGTERM',
] as const)('a command whose thread is busy for ever ends by the second %s', async (signal) => {
  const preload = join(folder, `busy-${signal}.mjs`);
  writeFileSync(preload, BUSY);
  const { args } = WAITING['trace run'] as Waiting;
  const running = startDit(args(), {
    env: { NODE_OPTIONS: `--import=${preload}`, XDG_STATE_HOME: folder },
  });
  expect(await eventually(() => running.stderr().includes('busy') || undefined)).toBe(true);
  running.child.kill(signal);
  // As people do it: two signals at once are one, for timeout(1) sends its own twice.
  await new Promise((resolve) => setTimeout(resolve, 300));
  running.child.kill(signal);
  const end = await within(running.ended);
  running.child.kill('SIGKILL');
  expect(end).toMatchObject({
    code: signal === 'SIGINT' ? 130 : 143,
    stderr: expect.stringContaining('interrupted again'),
  });
}, 300_000);

test('a promise that nobody settles is told as a bug, not passed over', async () => {
  const preload = join(folder, 'lost.mjs');
  writeFileSync(preload, "import http from 'node:http'; http.request = () => { throw 0; };");
  const never = `
    import { syncBuiltinESMExports } from 'node:module';
    import net from 'node:net';
    import http from 'node:http';
    globalThis.setTimeout = () => ({ unref() { return this; } });
    http.request = () => ({ on() { return this; }, end() {}, destroy() {} });
    syncBuiltinESMExports();
  `;
  writeFileSync(preload, never);
  const end = await startDit(['trace', 'export', '--otlp', collector.url, SAMPLE], {
    env: { NODE_OPTIONS: `--import=${preload}` },
  }).ended;
  expect(end).toMatchObject({ code: 1, stderr: expect.stringContaining('never comes') });
});

test('a start that is recorded until it has started is no failure', async () => {
  const running = await fakeEngine((request) => (/\/wait$/.test(request) ? () => {} : undefined));
  try {
    for (const [n, until] of ['started', '0.2'].entries()) {
      const file = join(folder, `until-${n}.dit`);
      const args = [
        'trace',
        'run',
        '--source',
        'api',
        '--until',
        until,
        '-H',
        running.unix,
        '-o',
        file,
        'x',
      ];
      expect(await startDit([...args, '-q']).ended).toMatchObject({ code: 0 });
      const shown = await startDit(['trace', 'show', '--json', file]).ended;
      const {
        outcome,
        runs: [run],
      } = JSON.parse(shown.stdout);
      expect(JSON.stringify(run.failure ?? '')).toBe('""');
      expect(run.milestones.map((each: { name: string }) => each.name)).not.toContain('removed');
      expect(outcome ?? 'complete').toBe('complete');
    }
  } finally {
    await running.close();
  }
}, 300_000);
