/** --redact, --until and --strict on a real recording. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { analyse } from '../../src/analysis/analyse.js';
import { milestone } from '../../src/model/trace/trace.js';
import { readTraceFile } from '../../src/tracefile/reader.js';
import buildProgram from '../support/build.js';
import { expectExactPartition } from '../support/checks.js';
import { dit, eventually, startDit } from '../support/dit.js';
import { builtin, liveEngines } from '../support/live-engines.js';
import { lacks } from '../support/requirements.js';

const LIMIT_MS = 300_000;
/** Waits for SIGUSR1, then makes more syscalls than a ring of 1 MiB holds, and exits. */
const BUSY = builtin(
  'sh',
  '-c',
  `trap go=1 USR1
   while [ -z "$go" ]; do sleep 0.05; done
   i=0
   while [ $i -lt 50000 ]; do kill -0 $$; i=$((i + 1)); done`,
);
const folder = mkdtempSync(join(tmpdir(), 'dit-options-'));

afterAll(() => rmSync(folder, { recursive: true }));

describe
  .skipIf(lacks('root', 'docker', 'ebpf'))
  .each(liveEngines('live-opt').map((engine) => ({ engine })))(
  'options on $engine.name',
  { timeout: LIMIT_MS },
  ({ engine }) => {
    beforeAll(async () => {
      buildProgram();
      await engine.open();
    }, LIMIT_MS);
    afterAll(() => engine.close(), LIMIT_MS);

    const fileOf = (name: string): string => join(folder, `${engine.name}-${name}.dit`);
    const run = (file: string, ...args: readonly string[]): string[] => [
      ...['trace', 'run', '-q', '-H', engine.endpoint, '-o', file, '--network', 'none', ...args],
    ];

    const SECRETS = ['in-argument-8c1f', 'in-variable-77aa', 'in-inherited-902b', 'in-label-51d0'];
    const withSecrets = [
      ...['-e', `TOKEN=${SECRETS[1]}`, '-e', 'INHERITED', '-l', `note=${SECRETS[3]}`],
      ...builtin('sh', '-c', `echo $TOKEN; echo ${SECRETS[0]} | cat; true`, 'sh', SECRETS[0] ?? ''),
    ];
    const env = { INHERITED: SECRETS[2] };
    const secretsIn = (file: string): string[] => {
      const bytes = readFileSync(file);
      return SECRETS.filter((secret) => bytes.includes(secret));
    };

    test('--redact keeps arguments and variables out of the file', async () => {
      const open = fileOf('open');
      expect(await dit(run(open, ...withSecrets), { env })).toMatchObject({ code: 0 });
      // They would be found where they are.
      expect(secretsIn(open)).toContain(SECRETS[0]);
      expect(secretsIn(open)).toContain(SECRETS[1]);

      const redacted = fileOf('redacted');
      expect(await dit(run(redacted, '--redact', ...withSecrets), { env })).toMatchObject({
        code: 0,
      });
      expect(secretsIn(redacted)).toEqual([]);
      const trace = analyse(readTraceFile(redacted));
      const { header } = trace.recording;
      expect(header).toMatchObject({ redacted: true, command: [], host: { hostname: '' } });
      const [start] = trace.runs;
      if (start === undefined) throw new Error('the trace holds no run');
      // What is left is enough to tell the parts of the start apart.
      expect(milestone(start, 'runc exec')?.name).toBe('runc exec');
      expect(milestone(start, 'entrypoint exec')?.name).toBe('entrypoint exec');
      expectExactPartition(start);
    });

    test('--redact keeps what the engine quotes out of the file', async () => {
      const file = fileOf('refused');
      const secret = SECRETS[1] ?? '';
      const end = await dit(run(file, '--redact', '-w', `relative/${secret}`, ...builtin()));
      // The person who typed it is told.
      expect(end).toMatchObject({ code: 4, stderr: expect.stringContaining(secret) });
      expect(secretsIn(file)).toEqual([]);
      const { footer, diagnostics } = readTraceFile(file);
      expect(footer).toMatchObject({ outcome: 'failed' });
      expect(diagnostics.map(({ code }) => code)).toEqual(['engine-refused']);
    });

    test.each([
      'started',
      '1',
    ])('--until %s of a container that runs on is a good start', async (until) => {
      const file = fileOf(`until-${until}`);
      const name = `dit-until-${until}`;
      const args = run(file, '--until', until, '--name', name, ...builtin('sleep', '600'));
      const end = await dit(args, { limitMs: LIMIT_MS });
      expect(end, end.stderr).toMatchObject({ code: 0 });
      const { footer, diagnostics } = readTraceFile(file);
      expect(footer?.outcome).toBe('complete');
      expect(diagnostics).toEqual([]);
      const [start] = analyse(readTraceFile(file)).runs;
      if (start === undefined) throw new Error('the trace holds no run');
      expect(start.failure).toBe('');
      expect(milestone(start, 'entrypoint exec')).toBeDefined();
      expect(milestone(start, 'removed')).toBeUndefined();
      expectExactPartition(start);
      // It was running when the recording ended, and is dit's to remove.
      await expect(engine.docker().getContainer(name).inspect()).rejects.toMatchObject({
        statusCode: 404,
      });
    });

    test('--strict: lost events are told and are an error', async () => {
      const file = fileOf('lost');
      const container = engine.docker().getContainer('dit-busy');
      const running = startDit(
        run(file, '--strict', '--ring-mb', '1', '--name', 'dit-busy', ...BUSY),
      );
      const stateIs = (state: string): Promise<true | undefined> =>
        container.inspect().then(
          ({ State }) => State.Status === state || undefined,
          () => undefined,
        );
      expect(await eventually(() => stateIs('running'))).toBe(true);
      // Nobody drains the ring while the container is busy.
      running.child.kill('SIGSTOP');
      try {
        const exited = await eventually(async () => {
          await container.kill({ signal: 'USR1' }).catch(() => undefined);
          return stateIs('exited');
        });
        expect(exited).toBe(true);
      } finally {
        running.child.kill('SIGCONT');
      }
      const end = await running.ended;
      expect(end.code).toBe(5);
      expect(end.stderr).toMatch(
        /dit: \d+ records were lost and --strict was given\n {2}try: .*--ring-mb/,
      );
      const trace = analyse(readTraceFile(file));
      const lost = (trace.recording.loss?.losses ?? []).filter(({ records }) => records > 0);
      expect(lost.map(({ where }) => where)).toContain('sys_exit');
      expect(trace.warnings.map(({ code }) => code)).toContain('lost');
      const shown = await dit(['trace', 'show', file]);
      expect(shown.stdout).toMatch(/lost events: [\d,]*[1-9][\d,]* of [\d,]+/);
      expect(await engine.remains()).toEqual([]);
    });
  },
);
