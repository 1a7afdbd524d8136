/** Reading traces with the built program: what goes to stdout, in which form, and how it ends. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EventTable } from '../../src/model/recording/event-table.js';
import { StringInterner } from '../../src/model/recording/strings.js';
import { sampleFooter, smallTraceFile, traceFileBytes } from '../support/recordings.js';
import { DIT, dit } from '../support/run-dit.js';

let folder: string;
const path = (name: string): string => join(folder, name);
const MANY = 60_000;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dit-cli-'));
  writeFileSync(path('small.dit'), smallTraceFile());
  writeFileSync(path('many.dit'), manyEvents());
  utimesSync(path('many.dit'), 1_000_000, 1_000_000);
});
afterAll(() => rmSync(folder, { recursive: true }));

function manyEvents(): Uint8Array {
  const strings = new StringInterner();
  const name = strings.intern('read');
  const table = new EventTable();
  // Backwards: what is printed is in time order all the same.
  for (let i = MANY; i > 0; i--) {
    table.push('syscall', { time: i * 100, pid: 7 }, { names: name, durations_ns: 50 });
  }
  return traceFileBytes((writer) => {
    writer.events(table, 0, table.length, strings);
    writer.footer(sampleFooter(table.length));
  });
}

describe('dit trace events', () => {
  it('prints as many JSON lines as the file has events, in time order', async () => {
    const { exitCode, stdout, stderr } = await dit(['trace', 'events', '--json', path('many.dit')]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const times = stdout
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { time_ns: number }).time_ns);
    expect(times).toHaveLength(MANY);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  it('prints every kind, malformed ones too', async () => {
    const json = await dit(['trace', 'events', '--json', path('small.dit')]);
    const text = await dit(['trace', 'events', path('small.dit')]);
    const show = await dit(['trace', 'show', '--json', path('small.dit')]);
    const { events } = JSON.parse(show.stdout) as { events: number };
    expect(json.stdout.trimEnd().split('\n')).toHaveLength(events);
    expect(text.stdout.trimEnd().split('\n')).toHaveLength(events);
    expect(json.stdout).toContain('"kind":"malformed"');
  });

  it('filters', async () => {
    const { stdout } = await dit([
      'trace',
      'events',
      '--kind',
      'exec,exit',
      '--limit',
      '3',
      path('small.dit'),
    ]);
    expect(stdout.trimEnd().split('\n')).toHaveLength(3);
    const none = await dit(['trace', 'events', '--pid', '99999', path('small.dit')]);
    expect(none).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    const early = await dit(['trace', 'events', '--to', '1', path('many.dit')]);
    expect(early.stdout.trimEnd().split('\n')).toHaveLength(9_999);
  });

  it('takes names of syscalls with blanks around them, and refuses what is none', async () => {
    const events = async (syscalls: string) =>
      dit(['trace', 'events', '--limit', '2', '--syscall', syscalls, path('many.dit')]);
    expect((await events('unshare, read ')).stdout.trimEnd().split('\n')).toHaveLength(2);
    // Of another machine, and of none.
    expect(await events('open,openat')).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    for (const wrong of ['mout', 'read,', '']) {
      expect(await events(wrong)).toMatchObject({
        exitCode: 2,
        stderr: `dit: invalid value '${wrong.split(',').at(-1)}' for --syscall\n  try: use names of syscalls: mount,unshare\n`,
      });
    }
  });

  it('ends quietly when its reader goes away', async () => {
    const child = spawn(process.execPath, [DIT, 'trace', 'events', '--json', path('many.dit')], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (text: Buffer) => {
      stderr += text.toString();
    });
    await once(child.stdout, 'data');
    child.stdout.destroy();
    const [exitCode] = (await once(child, 'close')) as [number | null];
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  });
});

describe('dit trace show', () => {
  it('takes the newest recording of the traces folder when none is named', async () => {
    const named = await dit(['trace', 'show', path('small.dit')]);
    const last = await dit(['trace', 'show'], { DIT_TRACES: folder });
    expect(last).toEqual(named);
    expect(last.exitCode).toBe(0);
  });

  it('has no colour in a pipe, and has it when forced', async () => {
    const args = ['trace', 'show', path('small.dit')];
    const plain = await dit(args);
    expect(plain.stdout).not.toContain('\x1b');
    const forced = await dit(args, { FORCE_COLOR: '1' });
    expect(forced.stdout).toContain('\x1b[');
    expect(await dit(args, { FORCE_COLOR: '1', NO_COLOR: '1' })).toEqual(plain);
  });

  it('draws to $COLUMNS, and --width goes before it', async () => {
    const args = ['trace', 'show', path('small.dit')];
    const wide = await dit(args, { COLUMNS: '160' });
    expect(wide.stdout).not.toBe((await dit(args)).stdout);
    expect((await dit([...args, '--width', '160'], { COLUMNS: '60' })).stdout).toBe(wide.stdout);
  });
});

describe('dit trace ls', () => {
  it('lists the newest first', async () => {
    const { stdout } = await dit(['trace', 'ls'], { DIT_TRACES: folder });
    const lines = stdout.trimEnd().split('\n');
    expect(lines.map((line) => line.slice(line.lastIndexOf('/') + 1))).toEqual([
      'small.dit',
      'many.dit',
    ]);
    const json = await dit(['trace', 'ls', '--json'], { DIT_TRACES: folder });
    expect(JSON.parse(json.stdout)).toMatchObject([
      { path: path('small.dit') },
      { path: path('many.dit'), modified: '1970-01-12T13:46:40.000Z' },
    ]);
  });

  it('says that there are none', async () => {
    const { exitCode, stdout } = await dit(['trace', 'ls'], { DIT_TRACES: path('none') });
    expect(stdout).toBe(`no recordings in ${path('none')}\n`);
    expect(exitCode).toBe(0);
  });
});
