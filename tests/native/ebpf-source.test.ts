/** The BPF programs in this kernel: they load, attach, record a process, and count what they lose. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { machine, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { EbpfSource } from '../../src/capture/ebpf/ebpf-source.js';
import { LOSS_COUNTERS } from '../../src/capture/ebpf/wire.js';
import type { EventKindName } from '../../src/model/recording/event-kinds.js';
import { EventTable } from '../../src/model/recording/event-table.js';
import { StringInterner } from '../../src/model/recording/strings.js';
import { loadAddon } from '../../src/platform/addon.js';
import { ROOT } from '../support/dit.js';
import { endingThreads, withoutEnd } from '../support/ending-threads.js';
import { lacks } from '../support/requirements.js';

interface Recorded {
  readonly table: EventTable;
  readonly strings: StringInterner;
  readonly losses: readonly { where: string; records: number }[];
  readonly pid: number;
}

/** Records what a shell does, to its end. */
async function recordShell(script: string, ringBytes: number): Promise<Recorded> {
  const strings = new StringInterner();
  const table = new EventTable();
  const baseNs = loadAddon().readClocks().monotonicNs;
  const source = EbpfSource.start({
    machine: machine(),
    baseNs,
    strings,
    redact: false,
    ringBytes,
    participants: [],
  });
  try {
    // It waits for its input until it is followed.
    const command = `read go; ${script}`;
    const shell = spawn('sh', ['-c', command], { stdio: ['pipe', 'ignore', 'inherit'] });
    const pid = shell.pid ?? 0;
    source.follow({ pid, followChildren: true });
    shell.stdin.end('go\n');
    await once(shell, 'close');
    const { losses } = await source.stop();
    source.drain(table);
    return { table, strings, losses, pid };
  } finally {
    await source.stop();
  }
}

/** BPF objects that this process still holds. */
function heldObjects(): string[] {
  return readdirSync('/proc/self/fd').flatMap((descriptor) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${descriptor}`);
      return /bpf[-_](prog|map|link)/.test(target) ? [target] : [];
    } catch {
      return [];
    }
  });
}

describe.skipIf(lacks('root', 'ebpf'))('the ebpf source', () => {
  test('every program loads and attaches, and goes', async () => {
    const source = EbpfSource.start({
      machine: machine(),
      baseNs: 0n,
      strings: new StringInterner(),
      redact: false,
      ringBytes: 1 << 20,
      participants: [],
    });
    expect(heldObjects()).not.toEqual([]);
    await source.stop();
    await source.stop();
    expect(heldObjects()).toEqual([]);
    // fentry and kprobe refine what these record; a kernel may refuse them.
    const programs = source.info.probes.filter(({ attachPoint }) =>
      attachPoint.startsWith('tp_btf/'),
    );
    expect(programs.filter(({ attached }) => !attached)).toEqual([]);
    expect(programs.length).toBeGreaterThanOrEqual(18);
    for (const { program, attachedNs, refusal } of source.info.probes) {
      expect([program, attachedNs > 0n]).toEqual([program, refusal === '']);
    }
  });

  test('records a process, its children, and nobody else', async () => {
    const { table, strings, losses, pid } = await recordShell('/bin/true one two; exit 3', 1 << 20);
    expect(losses.map(({ where }) => where)).toEqual([...LOSS_COUNTERS, 'queue']);
    expect(losses.filter(({ records }) => records > 0)).toEqual([]);
    expect(table.count('malformed')).toBe(0);
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
    const syscalls = rowsOf('syscall', pid).length + rowsOf('syscall', child).length;
    expect(syscalls).toBeGreaterThan(10);
    expect(table.count('syscall')).toBe(syscalls);
  });

  test.skipIf(lacks('compiler'))(
    'every thread has its exit, also where two are the last',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'dit-threads-'));
      try {
        const { table, losses } = await recordShell(endingThreads(folder, 500), 16 << 20);
        expect(losses.filter(({ records }) => records > 0)).toEqual([]);
        expect(withoutEnd(table)).toEqual([]);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );

  test('sees a read that misses the page cache, and none when it is warm', async () => {
    // Beside the sources: /tmp may be in memory.
    const folder = mkdtempSync(join(ROOT, 'node_modules/.cold-'));
    try {
      const file = join(folder, 'file');
      writeFileSync(file, Buffer.alloc(1 << 20, 1));
      const drop = `sync; dd if=${file} iflag=nocache count=0 2>/dev/null`;
      const warmUp = `cat ${file} >/dev/null`;
      const filled = async (script: string): Promise<number> => {
        const { table } = await recordShell(script, 1 << 22);
        let folios = 0;
        for (let row = 0; row < table.length; row++) {
          if (table.kindName(row) === 'cache_fill') folios += table.value(row, 'folios');
        }
        return folios;
      };
      execFileSync('sh', ['-c', warmUp]);
      const warm = await filled(warmUp);
      const cold = await filled(`${drop}; ${warmUp}`);
      expect(cold).toBeGreaterThan(warm);
      expect(warm).toBeLessThan(16);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('counts what does not fit into the ring', async () => {
    const busy = 'dd if=/dev/zero of=/dev/null bs=1 count=100000 2>/dev/null';
    const { table, losses } = await recordShell(busy, 4096);
    const lost = losses.find(({ where }) => where === 'sys_exit')?.records ?? 0;
    expect(lost).toBeGreaterThan(1000);
    expect(table.length).toBeGreaterThan(0);
    expect(table.count('malformed')).toBe(0);
    // 100,000 reads and as many writes: each is there or counted.
    expect(table.count('syscall') + lost).toBeGreaterThanOrEqual(200_000);
  });
});
