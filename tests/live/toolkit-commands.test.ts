/** `dit test` and `dit bench` as commands on a real engine: what they say, write and leave, also when they fail. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packImage } from '../../src/bench/pull/layers.js';
import { serveImage } from '../../src/bench/pull/registry.js';
import { BUILTIN_IMAGE, builtinRoot } from '../../src/engine/builtin-image.js';
import buildProgram from '../support/build.js';
import { asUser, dit, eventually, startDit } from '../support/dit.js';
import { type EngineThings, engineThings } from '../support/engine-things.js';
import { type LiveEngine, liveEngines } from '../support/live-engines.js';
import { lacks } from '../support/requirements.js';

const LIMIT_MS = 300_000;
const folder = mkdtempSync(join(tmpdir(), 'dit-commands-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Things = EngineThings & { readonly folders: readonly string[] };

/** Everything in an engine, and the folders of dit's own beside it. */
async function traces(engine: LiveEngine): Promise<Things> {
  return {
    ...(await engineThings(engine.docker())),
    folders: ['/tmp', '/var/tmp'].flatMap((below) =>
      readdirSync(below).filter((name) => /^dit-(io|test)-\d/.test(name)),
    ),
  };
}

describe
  .skipIf(lacks('root', 'docker', 'ebpf'))
  // Signals, files and what is said do not depend on the engine's release.
  .each(
    liveEngines('live-commands')
      .slice(0, 1)
      .map((engine) => ({ engine })),
  )('the toolkit on $engine.name', { timeout: LIMIT_MS }, ({ engine }) => {
  let before: Things;
  const to = (...args: readonly string[]): string[] => [...args, '-H', engine.endpoint];
  const at = (name: string): string => join(folder, `${engine.name}-${name}`);

  beforeAll(async () => {
    buildProgram();
    await engine.open();
    before = await traces(engine);
  }, LIMIT_MS);
  afterAll(() => engine.close(), LIMIT_MS);

  test('dit test prints verdicts and writes reports', async () => {
    const report = at('report.html');
    const end = await dit(to('test', 'overlay', 'security', '--json', '--report', report));
    expect(end, end.stderr).toMatchObject({ code: 0 });
    const document = JSON.parse(end.stdout);
    expect(document).toMatchObject({ schema: 'dit.test/1', left_behind: [] });
    expect(document.tests.map(({ name, verdict }: never) => [name, verdict])).toEqual([
      ['overlay', 'pass'],
      ['security', 'pass'],
    ]);
    expect(readFileSync(report, 'utf8')).toMatch(/^<!doctype html>[\s\S]*<section id="overlay"/);
    const shown = await dit(to('test', 'security', '--report', at('report.md')));
    expect(shown.stdout).toMatch(/^PASS {2}security {2}\d/);
    expect(shown.stdout).toMatch(/\nPASS {2}security .*\n1 pass in \d+\.\d s\n$/);
    expect(readFileSync(at('report.md'), 'utf8')).toContain('| security |');
    expect(await traces(engine)).toEqual(before);
  });

  test('interrupted half-way, dit test leaves nothing', async () => {
    const running = startDit(to('test', 'cpu', 'ebpf'));
    await eventually(() => running.stderr().includes('a quota of 0.1') || undefined);
    running.child.kill('SIGINT');
    const { code, stdout } = await running.ended;
    expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
    expect(await traces(engine)).toEqual(before);
  });

  test('interrupted half-way, dit test gives what it has found', async () => {
    const report = at('interrupted.md');
    const running = startDit(to('test', 'security', 'cpu', '--json', '--report', report));
    await eventually(() => running.stderr().includes('a quota of 0.1') || undefined);
    running.child.kill('SIGINT');
    const { code, stdout } = await running.ended;
    expect(code).toBe(130);
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({ interrupted: true, left_behind: [] });
    expect(document.tests).toMatchObject([{ name: 'security', verdict: 'pass' }]);
    expect(readFileSync(report, 'utf8')).toMatch(/interrupted: .*\n[\s\S]*## security: pass/);
    expect(await traces(engine)).toEqual(before);
  });

  test('what a killed dit test left, the next one takes away', async () => {
    const running = startDit(to('test', 'io'));
    await eventually(() => running.stderr().includes('sequential writes') || undefined);
    running.child.kill('SIGKILL');
    await running.ended;
    const left = await traces(engine);
    for (const what of ['containers', 'images', 'volumes', 'folders'] as const) {
      expect(left[what].length, what).toBeGreaterThan(before[what].length);
    }
    const next = startDit(to('test', 'io'));
    await eventually(() => next.stderr().includes('sequential writes') || undefined);
    next.child.kill('SIGINT');
    expect(await next.ended).toMatchObject({ code: 130, stdout: '' });
    expect(await traces(engine)).toEqual(before);
  });

  test('an image that the engine does not have', async () => {
    const end = await dit(to('test', 'security', '--image', 'not-here:1'));
    expect(end).toMatchObject({ code: 4, stdout: '' });
    expect(end.stderr).toMatch(/^dit: .*image 'not-here:1'.*\n {2}try: /m);
    expect(await traces(engine)).toEqual(before);
  });

  test("an image's own entrypoint does not get in the way", async () => {
    const docker = engine.docker();
    const [repo, tag] = ['dit-live-entrypoint', '1'];
    // As many images have: it executes none of its arguments.
    const Entrypoint = ['echo', 'serving'];
    const container = await docker.createContainer({ Image: BUILTIN_IMAGE, Entrypoint, Cmd: [] });
    await container.commit({ repo, tag });
    await container.remove();
    try {
      const end = await dit(to('test', 'security', '--json', '--image', `${repo}:${tag}`));
      const { tests } = JSON.parse(end.stdout) as {
        tests: { verdict: string; reason: string; figures: { group?: string }[] }[];
      };
      expect(tests[0]?.verdict, tests[0]?.reason).toBe('pass');
      const groups = new Set(tests[0]?.figures.map(({ group }) => group));
      expect([...groups].slice(0, 2)).toEqual(['the default container', 'the hardened container']);
    } finally {
      await docker.getImage(`${repo}:${tag}`).remove({ force: true });
    }
    expect(await traces(engine)).toEqual(before);
  });

  test('--pull fetches the image, times that, and takes it away again', async () => {
    const root = await buffer(await builtinRoot());
    const { Arch } = await engine.docker().version();
    const registry = await serveImage(packImage([root], Arch, {}));
    try {
      const args = ['test', 'startup', '--image', registry.reference, '--json'];
      const without = await dit(to(...args));
      expect(without).toMatchObject({ code: 4, stdout: '' });
      const end = await dit(to(...args, '--pull'));
      expect(end, end.stderr).toMatchObject({ code: 0 });
      const { figures, evidence } = JSON.parse(end.stdout).tests[0];
      const pull = figures.find(({ name }: { name: string }) => name === 'pull');
      expect(pull).toMatchObject({ unit: 'ms', certainty: 'exact' });
      expect(pull.value).toBeGreaterThan(0);
      expect(evidence[0]).toMatch(/the image that was just pulled/);
      expect(registry.takeLayersSent()).toBe(1);
    } finally {
      await registry.close();
    }
    expect(await traces(engine)).toEqual(before);
  });

  test('a benchmark is interrupted, killed and gone on with; nothing is measured twice', async () => {
    const out = at('bench');
    const samples = (): string[] => {
      const text = readFileSync(join(out, 'samples.jsonl'), 'utf8');
      return text.split('\n').filter((line) => line.includes('"place"'));
    };
    const some = (count: number) => (): true | undefined => {
      try {
        return samples().length >= count || undefined;
      } catch {
        return undefined;
      }
    };
    const asked = ['bench', 'namespaces', 'copyup', '--out', out, '--iterations', '4'];
    const first = startDit(to(...asked, '--seed', '7', '--platform', 'here'));
    expect(await eventually(some(1), LIMIT_MS / 2)).toBe(true);
    first.child.kill('SIGINT');
    const interrupted = await first.ended;
    expect(interrupted.code).toBe(130);
    expect(interrupted.stderr).toMatch(/\d of 8 measurements are there\n {2}try: dit bench --out/);
    expect(await traces(engine)).toEqual(before);
    const second = startDit(to('bench', '--out', out));
    expect(await eventually(some(4), LIMIT_MS / 2)).toBe(true);
    second.child.kill('SIGKILL');
    await second.ended;
    const third = await dit(to('bench', '--out', out), { limitMs: LIMIT_MS });
    expect(third, third.stderr).toMatchObject({ code: 0 });
    expect(await traces(engine)).toEqual(before);
    expect(samples()).toHaveLength(8);
    const csv = readFileSync(join(out, '02-copyup-overhead.csv'), 'utf8').trimEnd().split('\n');
    expect(csv[0]).toBe('iteration,file_size_mb,copyup_ms');
    expect(
      csv
        .slice(1)
        .map((line) => line.replace(/,[^,]*$/, ''))
        .sort(),
    ).toEqual(
      [1, 2, 3, 4].flatMap((i) => [1, 10, 100].map((megabytes) => `${i},${megabytes}`)).sort(),
    );
    const bench = JSON.parse(readFileSync(join(out, 'bench.json'), 'utf8'));
    expect(bench).toMatchObject({ schema: 'dit.bench/1', platform: 'here', seed: 7 });
    expect(bench.notes.join('\n')).toMatch(/interrupted after/);
    const other = await dit(to('bench', '--out', out, '--iterations', '5'));
    expect(other.code).toBe(2);
    expect(other.stderr).toMatch(/other settings: --iterations 4, not 5/);
  });

  test('a full disk ends a benchmark, and what was measured stays', async () => {
    const out = at('full');
    mkdirSync(out);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', out]);
    try {
      const args = ['bench', 'namespaces', '--out', out, '--iterations', '50'];
      const end = await dit(to(...args), { limitMs: LIMIT_MS });
      expect(end.code).toBe(2);
      expect(end.stderr).toMatch(/ENOSPC/);
      expect(end.stderr).toMatch(/try: make room/);
      const lines = readFileSync(join(out, 'samples.jsonl'), 'utf8').trimEnd().split('\n');
      expect(lines.length).toBeGreaterThan(3);
      for (const line of lines) JSON.parse(line);
      execFileSync('mount', ['-o', 'remount,size=1m', out]);
      const next = startDit(to('bench', '--out', out));
      await eventually(() => /measurements there/.test(next.stderr()) || undefined);
      next.child.kill('SIGINT');
      expect(await next.ended).toMatchObject({ code: 130 });
    } finally {
      execFileSync('umount', [out]);
    }
    expect(await traces(engine)).toEqual(before);
  });

  describe('an engine on another machine', () => {
    let server: Server;
    let endpoint: string;

    beforeAll(async () => {
      server = createServer((client) => {
        const socket = connect(engine.socketPath);
        client.pipe(socket).pipe(client);
        for (const each of [client, socket]) each.on('error', () => each.destroy());
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const address = server.address();
      endpoint = `tcp://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    });
    afterAll(() => server.close());

    test('is asked what its API tells, and what is left out is said', async () => {
      const names = ['startup', 'overlay', 'security', 'namespaces'];
      const end = await dit(['test', ...names, '--json', '-H', endpoint]);
      expect(end, end.stderr).toMatchObject({ code: 0 });
      const { tests } = JSON.parse(end.stdout) as {
        tests: Record<'name' | 'verdict' | 'reason' | 'remedy', string>[];
      };
      expect(tests.map(({ name }) => name)).toEqual(names);
      for (const { verdict, reason, remedy } of tests) {
        expect(['pass', 'skipped']).toContain(verdict);
        if (verdict === 'skipped') expect(`${reason}: ${remedy}`).toMatch(/machine/);
      }
      expect(tests.find(({ name }) => name === 'overlay')?.verdict).toBe('pass');
      expect(await traces(engine)).toEqual(before);
    });
  });
});

describe.skipIf(lacks('root'))('without an engine', () => {
  test('an ordinary user is told what to do', async () => {
    const end = await dit(['test', 'security'], {
      wrapper: asUser(),
      env: { DOCKER_HOST: undefined, HOME: '/nonexistent' },
    });
    expect(end).toMatchObject({ code: 3, stdout: '' });
    expect(end.stderr).toMatch(/dit: .*root.*\n {2}try: sudo /);
  });

  test('one that does not answer is named', async () => {
    const end = await dit(['test', 'security', '-H', 'unix:///nonexistent.sock']);
    expect(end).toMatchObject({ code: 4, stdout: '' });
    expect(end.stderr).toMatch(/^dit: .*nonexistent\.sock.*\n {2}try: /m);
  });
});
