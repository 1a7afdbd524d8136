/** strace on this machine: it records a process, and lets it go however it ends itself. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { machine } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import type { DitError } from '../../src/base/errors.js';
import type { SourceOptions } from '../../src/capture/source/source.js';
import {
  type StraceEnd,
  startStrace,
  startStraceWith,
} from '../../src/capture/strace/strace-source.js';
import { traceesOf } from '../../src/capture/strace/tracees.js';
import { type EventKindName, SYSCALL_FLAG } from '../../src/model/recording/event-kinds.js';
import { EventTable } from '../../src/model/recording/event-table.js';
import { StringInterner } from '../../src/model/recording/strings.js';
import { listProcesses, withDescendants } from '../../src/platform/processes/process-table.js';
import { ROOT } from '../support/dit.js';
import { lacks } from '../support/requirements.js';

const children: ChildProcess[] = [];

/** A shell that answers every line, after it has started a program. */
function answeringShell(): { pid: number; answers: (line: string) => Promise<string> } {
  const script = 'while read -r line; do /bin/true; echo "got $line"; done';
  const shell = start('sh', ['-c', script]);
  const output = (shell.stdout as Readable).setEncoding('utf8');
  return {
    pid: shell.pid as number,
    answers: async (line) => {
      (shell.stdin as Writable).write(`${line}\n`);
      const [answer] = (await once(output, 'data')) as [string];
      return answer.trim();
    },
  };
}

function start(program: string, args: readonly string[]): ChildProcess {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  return child;
}

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

const optionsFor = (pid: number, strings = new StringInterner()): SourceOptions => ({
  machine: machine(),
  baseNs: process.hrtime.bigint(),
  strings,
  redact: false,
  ringBytes: 0,
  participants: [
    { pid, followChildren: true },
    { pid: process.pid, onlyTid: process.pid, followChildren: false },
  ],
});

const tracerOf = (pid: number): number => traceesOf([pid])[0]?.tracerPid ?? -1;

/** Neither it nor a child of it is traced, or stopped. */
async function expectFree(pid: number): Promise<void> {
  await expect.poll(() => tracerOf(pid), { timeout: 60_000 }).toBe(0);
  const family = withDescendants(listProcesses(), [pid]).map((stat) => stat.pid);
  for (const { tracerPid, state } of traceesOf(family)) {
    expect(tracerPid).toBe(0);
    expect(['t', 'T']).not.toContain(state);
  }
}

async function refusalOf(work: Promise<unknown>): Promise<DitError> {
  try {
    await work;
  } catch (error) {
    return error as DitError;
  }
  throw new Error('it was not refused');
}

describe.skipIf(lacks('root', 'strace'))('the strace source', () => {
  test('records a process and its children, and says at what price', async () => {
    const strings = new StringInterner();
    const table = new EventTable();
    const shell = start('sh', ['-c', 'read go; /bin/true one two; exit 3']);
    const pid = shell.pid as number;
    const options = optionsFor(pid, strings);
    const source = await startStrace(options);
    const begun = Number(process.hrtime.bigint() - options.baseNs);
    shell.stdin?.end('go\n');
    await once(shell, 'exit');
    const { losses } = await source.stop();
    // strace stamps an exit when it gets to it, which may be after the parent was told.
    const ended = Number(process.hrtime.bigint() - options.baseNs);
    expect(source.pendingBytes).toBeGreaterThan(0);
    source.drain(table);
    expect(source.pendingBytes).toBe(0);
    expect(losses.filter(({ records }) => records > 0)).toEqual([]);
    expect(table.count('malformed')).toBe(0);
    expect(source.info.perturbed).toBe(true);
    expect(source.info.perturbation).toMatch(/take \d+\.\d times as long \(median of \d+ pairs\)/);
    expect(source.info.probes.map(({ attachPoint }) => attachPoint)).toEqual([`ptrace/sh/${pid}`]);

    const rowsOf = (kind: EventKindName, of: number): number[] =>
      Array.from({ length: table.length }, (_, row) => row).filter(
        (row) => table.kindName(row) === kind && table.pid.at(row) === of,
      );
    const child = table.value(rowsOf('fork', pid)[0] ?? -1, 'child_pids');
    const [exec = -1] = rowsOf('exec', child);
    expect(table.values(exec, 'arguments').map((id) => strings.text(id))).toEqual([
      '/bin/true',
      'one',
      'two',
    ]);
    expect(table.value(rowsOf('exit', child)[0] ?? -1, 'codes')).toBe(0);
    expect(table.value(rowsOf('exit', pid)[0] ?? -1, 'codes')).toBe(3);
    // On the trace clock: between the word to go and the end, to the millisecond by which clocks are read.
    for (const time of table.time.view()) {
      expect(time).toBeGreaterThan(begun - 1e6);
      expect(time).toBeLessThan(ended + 1e6);
    }
  });

  test('sees every syscall where it is asked to', async () => {
    const shell = answeringShell();
    const strings = new StringInterner();
    const source = await startStraceWith({ syscalls: 'all' })(optionsFor(shell.pid, strings));
    expect(await shell.answers('one')).toBe('got one');
    await expect.poll(() => stateOf(shell.pid)).toBe('S');
    await source.stop();
    const table = new EventTable();
    source.drain(table);
    const names = table.table('syscall').column('names');
    const seen = [...names.view()].map((id) => strings.text(id));
    expect(seen).toEqual(expect.arrayContaining(['read', 'mmap', 'wait4', 'write', 'execve']));
    // It was in a read when strace went.
    const flags = table.table('syscall').column('flags').view();
    expect(
      seen.filter((name, row) => name === 'read' && flags[row] === SYSCALL_FLAG.unfinished),
    ).toHaveLength(1);
    await expectFree(shell.pid);
    expect(await shell.answers('two')).toBe('got two');
  });

  test('lets go when it is killed in the middle', async () => {
    const shell = answeringShell();
    for (let round = 0; round < 5; round++) {
      const source = await startStrace(optionsFor(shell.pid));
      const answer = shell.answers(`round ${round}`);
      await sleep(round);
      process.kill(tracerOf(shell.pid), 'SIGKILL');
      expect(await answer).toBe(`got round ${round}`);
      await expectFree(shell.pid);
      const end = (await source.stop()) as StraceEnd;
      expect(end.losses).toContainEqual({ where: 'strace ended early', records: 1 });
      expect(end.notes.map(({ code }) => code)).toEqual(['strace-ended']);
      const table = new EventTable();
      source.drain(table);
      expect(await shell.answers('after')).toBe('got after');
    }
  });

  test('ends, and lets go, when the recording process is killed', async () => {
    const shell = answeringShell();
    const program = `
      import { startStrace } from '${ROOT}/src/capture/strace/strace-source.ts';
      import { StringInterner } from '${ROOT}/src/model/recording/strings.ts';
      await startStrace({
        machine: 'x86_64', baseNs: process.hrtime.bigint(), strings: new StringInterner(),
        redact: false, ringBytes: 0, participants: [{ pid: ${shell.pid}, followChildren: true }],
      });
      console.log('armed');
      setInterval(() => {}, 1000);
    `;
    const loader = `file://${ROOT}/node_modules/tsx/dist/loader.mjs`;
    const recorder = start(process.execPath, [
      '--import',
      loader,
      '--input-type=module',
      '-e',
      program,
    ]);
    await once(recorder.stdout as Readable, 'data');
    const strace = tracerOf(shell.pid);
    expect(strace).toBeGreaterThan(0);
    const answer = shell.answers('while it is traced');
    recorder.kill('SIGKILL');
    await once(recorder, 'exit');
    expect(await answer).toBe('got while it is traced');
    await expectFree(shell.pid);
    await expect.poll(() => existsSync(`/proc/${strace}`), { timeout: 60_000 }).toBe(false);
    expect(await shell.answers('after')).toBe('got after');
  });

  test('a process that was stopped by others stays stopped, and goes on when they say so', async () => {
    const shell = answeringShell();
    const source = await startStrace(optionsFor(shell.pid));
    process.kill(shell.pid, 'SIGSTOP');
    await expect.poll(() => stateOf(shell.pid)).toMatch(/^[tT]$/);
    process.kill(tracerOf(shell.pid), 'SIGKILL');
    await expect.poll(() => tracerOf(shell.pid)).toBe(0);
    await source.stop();
    await expect.poll(() => stateOf(shell.pid)).toBe('T');
    process.kill(shell.pid, 'SIGCONT');
    expect(await shell.answers('again')).toBe('got again');
  });

  test('says who traces a process already', async () => {
    const shell = answeringShell();
    const first = await startStrace(optionsFor(shell.pid));
    const strace = tracerOf(shell.pid);
    const refusal = await refusalOf(startStrace(optionsFor(shell.pid)));
    await first.stop();
    expect(refusal.code).toBe('strace-already-traced');
    expect(refusal.exitCode).toBe(3);
    expect(refusal.message).toContain(
      `process ${shell.pid} (sh) is traced by process ${strace} (strace)`,
    );
  });

  test('says what is missing', async () => {
    const none = await refusalOf(startStrace(optionsFor(2 ** 22 + 1)));
    expect([none.code, none.exitCode]).toEqual(['strace-no-process', 3]);
    const start = startStraceWith({ syscalls: 'few', strace: '/nonexistent/strace' });
    const missing = await refusalOf(start(optionsFor(process.ppid)));
    expect([missing.code, missing.exitCode]).toEqual(['strace-missing', 3]);
    expect(missing.remedy).toMatch(/install/);
  });
});

const stateOf = (pid: number): string =>
  /^State:\s*(\S)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';
