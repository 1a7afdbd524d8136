/** What the program says to a wrong command line or a wrong file, and with which exit code. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { smallTraceFile } from '../support/recordings.js';
import { dit } from '../support/run-dit.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dit-cli-'));
  const trace = smallTraceFile();
  writeFileSync(join(folder, 'whole.dit'), trace);
  writeFileSync(join(folder, 'empty.dit'), '');
  writeFileSync(join(folder, 'text.dit'), 'this is no trace\n');
  writeFileSync(join(folder, 'header.dit'), trace.subarray(0, 20));
  writeFileSync(join(folder, 'newer.dit'), newerVersion(trace));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Header.version_major is the header's first field: 08 01 → 08 09. */
function newerVersion(trace: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(trace);
  const at = copy.findIndex((byte, index) => byte === 0x08 && copy[index + 1] === 1);
  copy[at + 1] = 9;
  return copy;
}

describe('a wrong command line', () => {
  it.each([
    [[], /^Usage: dit /],
    [['trace'], /^Usage: dit trace /],
    [['engine'], /^Usage: dit engine /],
    [['bogus'], /^dit: unknown command 'bogus'\n {2}try: dit --help\n$/],
    [['trace', 'shwo'], /^dit: unknown command 'shwo'\n {2}try: \(Did you mean show\?\)\n$/],
    [
      ['trace', 'show', '--bogus'],
      /^dit: unknown option '--bogus'\n {2}try: dit trace show --help\n$/,
    ],
    [['trace', 'show', 'a', 'b'], /^dit: too many arguments/],
    [
      ['trace', 'show', '--width', 'wide'],
      /^dit: invalid value 'wide' for --width\n {2}try: use a whole number from 40 to 1000\n$/,
    ],
    [['trace', 'show', '--width', '3'], /^dit: invalid value '3' for --width/],
    [['trace', 'show', '--run'], /^dit: option '--run <id>' argument missing/],
    [['trace', 'events', '--limit', '-1'], /^dit: invalid value '-1' for --limit/],
    [['trace', 'events', '--limit', '1.5'], /^dit: invalid value '1.5' for --limit/],
    [['trace', 'events', '--from', 'x'], /^dit: invalid value 'x' for --from/],
    [['trace', 'events', '--pid', 'abc'], /^dit: invalid value 'abc' for --pid/],
    [
      ['trace', 'events', '--kind', 'exec,bogus'],
      /^dit: invalid value 'bogus' for --kind\n {2}try: use syscall, fork, exec/,
    ],
    [['trace', 'events', '--actor', 'bogus'], /^dit: invalid value 'bogus' for --actor/],
    [['trace', 'run', '--until', 'never'], /^dit: invalid value 'never' for --until/],
    [['trace', 'watch', '--parquet'], /^dit: --parquet requires --out\n {2}try: /],
    [['trace', 'run', '--ring-mb', '0'], /^dit: invalid value '0' for --ring-mb/],
    [['trace', 'run', '--memory', 'much'], /^dit: invalid value 'much' for --memory/],
    [['trace', 'run', '--cpus', '0'], /^dit: invalid value '0' for --cpus/],
    [
      ['trace', 'run', '--engine', 'other'],
      /^dit: option '--engine <which>' argument 'other' is invalid/,
    ],
    [['engine', 'status', '--name', '../x'], /^dit: "..\/x" is not a name for a private engine/],
    [['bogus\x1b[2J\u202e'], /^dit: unknown command 'bogus\\x1b\[2J\\u202e'\n/],
  ] as [string[], RegExp][])('dit %j', async (args, said) => {
    const { exitCode, stdout, stderr } = await dit(args);
    expect(stderr).toMatch(said);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  });
});

describe('a wrong file', () => {
  const whole = () => join(folder, 'whole.dit');
  it.each([
    ['missing.dit', /^dit: there is no trace ".*missing\.dit"\n {2}try: dit trace ls\n$/],
    ['.', /^dit: ".*" is a folder, no trace\n/],
    ['empty.dit', /^dit: ".*empty\.dit" is empty\n {2}try: record again: dit trace run\n$/],
    ['text.dit', /^dit: ".*text\.dit" is not a trace of dit\n/],
    ['header.dit', /^dit: ".*header\.dit" ends inside its header/],
    [
      'newer.dit',
      /^dit: ".*newer\.dit" has version 9\.0 of the trace format; this dit reads up to 1\n {2}try: read it with a newer dit\n$/,
    ],
  ])('%s', async (name, said) => {
    for (const command of ['show', 'events']) {
      const { exitCode, stdout, stderr } = await dit(['trace', command, join(folder, name)]);
      expect(stderr).toMatch(said);
      expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    }
  });

  it('none, where nothing was recorded yet', async () => {
    const { exitCode, stderr } = await dit(['trace', 'show'], { DIT_TRACES: join(folder, 'none') });
    expect(stderr).toMatch(/^dit: there is no trace in ".*none" yet\n {2}try: record one/);
    expect(exitCode).toBe(2);
  });

  it('a run that it does not hold', async () => {
    const { exitCode, stderr } = await dit(['trace', 'show', whole(), '--run', 'abc']);
    expect(stderr).toMatch(/^dit: the trace holds no run 'abc'\n/);
    expect(exitCode).toBe(2);
  });
});

it('a bug is told in a line, and with its stack when asked for', async () => {
  // Any bug of ours: something that the analysis calls throws.
  const preload = join(folder, 'bug.mjs');
  writeFileSync(preload, "Object.hasOwn = () => { throw new TypeError('boom \\x1b[2J'); };\n");
  const env = { NODE_OPTIONS: `--import ${preload}` };
  const args = ['trace', 'events', join(folder, 'whole.dit')];
  const quiet = await dit(args, env);
  expect(quiet.exitCode).toBe(1);
  expect(quiet.stderr).toBe(
    'dit: bug: TypeError: boom \\x1b[2J\n  try: run it again with DIT_DEBUG=1, and report what it prints\n',
  );
  const loud = await dit(args, { ...env, DIT_DEBUG: '1' });
  expect(loud.stderr).toMatch(/^dit: bug: TypeError: boom \\x1b\[2J\nTypeError: boom .*\n {4}at /);
});
