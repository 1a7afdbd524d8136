/** bpftrace in this kernel: it attaches, records a process, counts what it loses, and never outlives dit. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, machine, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { startBpftrace } from '../../src/capture/bpftrace/bpftrace-source.js';
import { bpftraceFeature } from '../../src/capture/bpftrace/feature.js';
import type { EventKindName } from '../../src/model/recording/event-kinds.js';
import { EventTable } from '../../src/model/recording/event-table.js';
import { recordsLost } from '../../src/model/recording/recording.js';
import { StringInterner } from '../../src/model/recording/strings.js';
import { ROOT } from '../support/dit.js';
import { endingThreads, withoutEnd } from '../support/ending-threads.js';
import { lacks } from '../support/requirements.js';

const ATTACH_MS = 90_000;

interface Recorded {
  readonly table: EventTable;
  readonly strings: StringInterner;
  readonly lost: number;
  readonly pid: number;
  readonly from: number;
  readonly to: number;
}

/** Records what a shell does, to its end. Times are relative to the session base. */
async function recordShell(script: string, ringBytes: number): Promise<Recorded> {
  const strings = new StringInterner();
  const table = new EventTable();
  const baseNs = process.hrtime.bigint();
  const now = (): number => Number(process.hrtime.bigint() - baseNs);
  // It waits for its input until it is followed.
  const shell = spawn('sh', ['-c', `read go; ${script}`], { stdio: ['pipe', 'ignore', 'inherit'] });
  const pid = shell.pid ?? 0;
  const source = await startBpftrace({
    machine: machine(),
    baseNs,
    strings,
    redact: false,
    ringBytes,
    participants: [{ pid, followChildren: true }],
  });
  try {
    const from = now();
    shell.stdin.end('go\n');
    await once(shell, 'close');
    const to = now();
    const { losses } = await source.stop();
    source.drain(table);
    const lost = recordsLost(losses);
    return { table, strings, lost, pid, from, to };
  } finally {
    shell.kill('SIGKILL');
    await source.stop();
  }
}

/** The children of a process, and theirs. */
function descendants(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 4).split(' ')[0]));
    } catch {
      // gone
    }
  }
  const of = (parent: number): number[] =>
    [...parents].filter(([, own]) => own === parent).flatMap(([child]) => [child, ...of(child)]);
  return of(pid);
}

/** bpftrace, and the programs that it is started through, which it replaces. */
const isTracer = (pid: number): boolean => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').endsWith('-B\0full\0-\0');
  } catch {
    return false;
  }
};

const isThere = (pid: number): boolean => {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

describe.skipIf(lacks('root', 'bpftrace'))('the bpftrace source', () => {
  test(
    'records a process, its children, and nobody else',
    async () => {
      const { table, strings, lost, pid, from, to } = await recordShell(
        // mount(8) of util-linux 2.39 and later calls fsopen(2) where it is not told otherwise.
        'LIBMOUNT_FORCE_MOUNT2=always mount -t tmpfs none /nowhere 2>/dev/null; /bin/true one two; exit 3',
        64 << 20,
      );
      expect(lost).toBe(0);
      expect(table.count('malformed')).toBe(0);
      const rows = (kind: EventKindName, of?: number): number[] =>
        Array.from({ length: table.length }, (_, row) => row)
          .filter((row) => table.kindName(row) === kind)
          .filter((row) => of === undefined || table.pid.at(row) === of)
          .sort((a, b) => table.time.at(a) - table.time.at(b));
      const children = rows('fork', pid).map((row) => table.value(row, 'child_pids'));
      expect(children).toHaveLength(2);
      const [mount = 0, program = 0] = children;
      const [exec = -1] = rows('exec', program);
      expect(table.values(exec, 'arguments').map((id) => strings.text(id))).toEqual([
        '/bin/true',
        'one',
        'two',
      ]);
      expect(strings.text(table.value(exec, 'filenames'))).toBe('/bin/true');
      expect(table.value(rows('exit', program)[0] ?? -1, 'codes')).toBe(0);
      expect(table.value(rows('exit', pid)[0] ?? -1, 'codes')).toBe(3);
      const call = rows('syscall', mount).find(
        (row) => strings.text(table.value(row, 'names')) === 'mount',
      ) as number;
      expect(table.values(call, 'texts').map((id) => strings.text(id))).toEqual([
        'none',
        '/nowhere',
        'tmpfs',
      ]);
      expect(table.value(call, 'results')).toBe(-2);
      const known = new Set([pid, mount, program]);
      expect(rows('syscall').filter((row) => !known.has(table.pid.at(row)))).toEqual([]);
      expect(rows('switch').length).toBeGreaterThan(0);
      expect(rows('waking').length).toBeGreaterThan(0);
      // Its clock is aligned: everything lies between the start and the end of the shell.
      for (const row of rows('exec')) {
        expect(table.time.at(row)).toBeGreaterThan(from);
        expect(table.time.at(row)).toBeLessThan(to);
      }
    },
    ATTACH_MS,
  );

  test(
    'tells the size of what a call by path copies up',
    async () => {
      // Beside the sources: /tmp may be in memory.
      const folder = mkdtempSync(join(ROOT, 'node_modules/.overlay-'));
      try {
        const size = 1_000_000;
        for (const name of ['lower', 'upper', 'work', 'merged']) mkdirSync(join(folder, name));
        writeFileSync(join(folder, 'lower/file'), Buffer.alloc(size, 1));
        const { table } = await recordShell(
          `cd ${folder}; unshare --mount sh -c 'mount -t overlay overlay \
            -o lowerdir=lower,upperdir=upper,workdir=work merged && chmod 600 merged/file'`,
          64 << 20,
        );
        const dirtied = Array.from({ length: table.length }, (_, row) => row)
          .filter((row) => table.kindName(row) === 'dirty')
          .map((row) => table.value(row, 'bytes'));
        expect(dirtied).toHaveLength(1);
        // Up to the beginning of the last folio, which may be large.
        expect(dirtied[0]).toBeGreaterThan(0.9 * size);
        expect(dirtied[0]).toBeLessThan(size + 2 ** 16);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
    ATTACH_MS,
  );

  test.skipIf(lacks('compiler'))(
    'every thread has its exit, also where two are the last',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'dit-threads-'));
      try {
        const { table, lost } = await recordShell(endingThreads(folder, 100), 64 << 20);
        expect(lost).toBe(0);
        expect(withoutEnd(table)).toEqual([]);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
    ATTACH_MS,
  );

  test(
    'counts what it loses',
    async () => {
      // Nobody reads while it runs, and 20,000 calls with their texts do not fit.
      const { table, lost } = await recordShell(
        'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); true >/nowhere/at/all; done 2>/dev/null',
        1 << 18,
      );
      expect(lost).toBeGreaterThan(100);
      expect(table.length).toBeGreaterThan(0);
    },
    ATTACH_MS,
  );

  test(
    'on a busy machine, whatever it has not read is counted',
    async () => {
      const busy = Array.from({ length: 3 * availableParallelism() }, () =>
        spawn('sh', ['-c', 'while :; do :; done'], { stdio: 'ignore' }),
      );
      try {
        for (let recordings = 0; recordings < 3; recordings++) {
          const { table, lost, pid, from, to } = await recordShell('/bin/true', 64 << 20);
          const rows = Array.from({ length: table.length }, (_, row) => row);
          const exits = rows.filter(
            (row) => table.kindName(row) === 'exit' && table.pid.at(row) === pid,
          );
          if (lost === 0) expect(exits).toHaveLength(1);
          // Nothing is printed twice, and no call returns twice.
          const calls = rows.filter((row) => ['syscall', 'switch'].includes(table.kindName(row)));
          const keys = calls.map(
            (row) => `${table.kindName(row)} ${table.tid.at(row)} ${table.time.at(row)}`,
          );
          expect(new Set(keys).size).toBe(keys.length);
          const within = rows.filter((row) => table.pid.at(row) === pid);
          expect(within.filter((row) => table.time.at(row) > to)).toEqual([]);
          const [exit = within.at(-1)] = exits;
          if (exit !== undefined) expect(table.time.at(exit)).toBeGreaterThan(from);
        }
      } finally {
        for (const child of busy) child.kill('SIGKILL');
      }
    },
    3 * ATTACH_MS,
  );

  test(
    'leaves neither process nor mount',
    async () => {
      const mounts = (): string[] =>
        readFileSync('/proc/self/mountinfo', 'utf8')
          .split('\n')
          .filter((line) => line.includes(' - tracefs '));
      const before = mounts();
      const capability = await bpftraceFeature();
      expect(capability).toMatchObject({ id: 'bpftrace', available: true, remedy: '' });
      expect(capability.evidence).toMatch(/^\d+\.\d+\.\d+: \d+ probes attached/);
      expect(mounts()).toEqual(before);
      expect(descendants(process.pid).filter(isTracer)).toEqual([]);
    },
    ATTACH_MS,
  );

  test.each(['while it attaches', 'when it records'])(
    'ends when dit is killed %s',
    async (when) => {
      const source = (path: string): string =>
        JSON.stringify(pathToFileURL(`${ROOT}/src/${path}`).href);
      const program = `
        const { startBpftrace } = await import(${source('capture/bpftrace/bpftrace-source.ts')});
        const { StringInterner } = await import(${source('model/recording/strings.ts')});
        await startBpftrace({ machine: ${JSON.stringify(machine())}, baseNs: 0n, strings: new StringInterner(),
          redact: true, ringBytes: 1 << 20, participants: [{ pid: process.ppid, followChildren: false }] });
        console.log('armed');
        setInterval(() => {}, 1000);`;
      const dit = spawn(
        process.execPath,
        ['--import', 'tsx', '--input-type=module', '-e', program],
        {
          cwd: ROOT,
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      );
      const pid = dit.pid ?? 0;
      let tracers: number[] = [];
      if (when === 'when it records') await once(dit.stdout, 'data');
      for (let tries = 0; tries < 600 && tracers.length === 0; tries++) {
        await sleep(20);
        tracers = descendants(pid).filter(isTracer);
      }
      expect(tracers).toHaveLength(1);
      dit.kill('SIGKILL');
      await once(dit, 'close');
      for (let tries = 0; tries < 500 && tracers.some(isThere); tries++) await sleep(20);
      expect(tracers.filter(isThere)).toEqual([]);
    },
    ATTACH_MS,
  );
});
