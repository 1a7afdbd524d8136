/** `dit trace blame|chain|diff|explain` with the built program, on recorded starts. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packagePath } from '../../src/platform/package-files.js';
import { smallTraceFile } from '../support/recordings.js';
import { dit } from '../support/run-dit.js';

const OLD = packagePath('traces/samples/docker-20.10/none.dit');
const NEW = packagePath('traces/samples/docker-28.5/none.dit');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dit-cli-'));
  writeFileSync(join(folder, 'no-start.dit'), smallTraceFile());
});
afterAll(() => rmSync(folder, { recursive: true }));

const COMMANDS: readonly { readonly command: string; readonly files: readonly string[] }[] = [
  { command: 'blame', files: [OLD] },
  { command: 'chain', files: [OLD] },
  { command: 'diff', files: [OLD, NEW] },
  { command: 'explain', files: [OLD] },
];
const document = async (...args: readonly string[]) =>
  JSON.parse((await dit(['trace', ...args, '--json'])).stdout);
const sum = (rows: readonly { readonly ns: number }[]): number =>
  rows.reduce((total, { ns }) => total + ns, 0);

describe.each(COMMANDS)('dit trace $command', ({ command, files }) => {
  it('prints a page of plain text to stdout, and with --json a document', async () => {
    const page = await dit(['trace', command, ...files]);
    expect({ exitCode: page.exitCode, stderr: page.stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(page.stdout).not.toContain('\x1b');
    for (const line of page.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    expect(await document(command, ...files)).toMatchObject({ schema: `dit.${command}/1` });
  });

  it('refuses a file that is not there, and one without a start', async () => {
    const missing = await dit(['trace', command, ...files.slice(1), join(folder, 'missing.dit')]);
    expect(missing.stderr).toMatch(/^dit: there is no trace ".*missing\.dit"\n/);
    expect({ exitCode: missing.exitCode, stdout: missing.stdout }).toEqual({
      exitCode: 2,
      stdout: '',
    });
    const none = await dit(['trace', command, ...files.slice(1), join(folder, 'no-start.dit')]);
    expect(none.stderr).toMatch(/^dit: ".*no-start\.dit" holds no whole start.*\n {2}try: /);
    expect({ exitCode: none.exitCode, stdout: none.stdout }).toEqual({ exitCode: 2, stdout: '' });
  });

  it('refuses options that it does not have', async () => {
    const { exitCode, stderr } = await dit(['trace', command, ...files, '--bogus']);
    expect(stderr).toBe(`dit: unknown option '--bogus'\n  try: dit trace ${command} --help\n`);
    expect(exitCode).toBe(2);
  });
});

describe('wrong values', () => {
  it.each([
    [['diff', OLD], /^dit: missing required argument 'after'\n/],
    [['diff', OLD, NEW, '--least', '-1'], /^dit: invalid value '-1' for --least/],
    [['chain', OLD, '--least', 'x'], /^dit: invalid value 'x' for --least/],
    [['explain', OLD, '--examples', '1.5'], /^dit: invalid value '1\.5' for --examples/],
    [
      ['explain', OLD, '--rule', 'x'],
      /^dit: invalid value 'x' for --rule\n {2}try: use runnable, /,
    ],
    [['blame', OLD, '--run', 'zz'], /^dit: the trace holds no run 'zz'\n/],
    [['run', '--runs', '0'], /^dit: invalid value '0' for --runs/],
    [['run', '--runs', '2', '--warmup', 'x'], /^dit: invalid value 'x' for --warmup/],
    [['run', '--keep-all'], /^dit: --keep-all requires --runs\n {2}try: /],
    [['run', '--warmup', '2'], /^dit: --warmup requires --runs\n {2}try: /],
  ] as [string[], RegExp][])('dit trace %j', async (args, said) => {
    const { exitCode, stdout, stderr } = await dit(['trace', ...args]);
    expect(stderr).toMatch(said);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  });

  it('a series is not written over what is there', async () => {
    const { exitCode, stderr } = await dit(['trace', 'run', '--runs', '2', '-o', OLD]);
    expect(stderr).toMatch(/^dit: ".*none\.dit" exists already\n/);
    expect(exitCode).toBe(2);
  });
});

describe('what they say of a recorded start', () => {
  it('blame, chain and explain account for the whole window', async () => {
    const blame = (await document('blame', OLD)).runs[0];
    const window = blame.window.length_ns;
    expect(blame.self_ns + blame.waiting_ns).toBe(window);
    expect(sum(blame.self)).toBe(blame.self_ns);
    const { links } = (await document('chain', OLD)).runs[0];
    const durations = links.map(({ duration_ns }: { duration_ns: number }) => duration_ns);
    expect(durations.reduce((total: number, ns: number) => total + ns, 0)).toBe(window);
    expect(links.at(-1)).toMatchObject({ actor: 'init', process_name: 'runc:[2:INIT]' });
    const every = (await document('chain', OLD, '--all')).runs[0].links;
    expect(every.length).toBeGreaterThan(links.length);
    expect(sum((await document('explain', OLD)).runs[0].rules)).toBe(window);
  });

  it('diff adds up, names what is new and gone, and says what is not alike', async () => {
    const diff = await document('diff', OLD, NEW);
    const changes = diff.differences.map(({ change_ns }: { change_ns: number }) => change_ns);
    expect(changes.reduce((total: number, ns: number) => total + ns, 0)).toBe(diff.change_ns);
    expect(diff.change_ns).toBe(diff.after.length_ns - diff.before.length_ns);
    expect(diff.notes).toContainEqual(expect.stringMatching(/^engine: .*20\.10.*28\.5/));
    // The newer engine has no hook.
    expect((await dit(['trace', 'diff', OLD, NEW])).stdout).toMatch(/ hook +GONE hooks\n/);
    expect((await dit(['trace', 'diff', NEW, OLD])).stdout).toMatch(/ hook +NEW hooks\n/);
  });

  it('explain shows one rule when asked for it, with as many examples', async () => {
    const { rules } = (await document('explain', OLD, '--rule', 'mounts', '--examples', '2'))
      .runs[0];
    expect(rules).toMatchObject([{ rule: 'mounts', phase: 'kernel' }]);
    expect(rules[0].examples).toHaveLength(2);
    expect(rules[0].examples[0].text).toContain('mount');
  });

  it('the last recording is taken when none is named', async () => {
    const env = { DIT_TRACES: packagePath('traces/samples/docker-20.10') };
    const { exitCode, stdout } = await dit(['trace', 'chain'], env);
    expect(stdout).toMatch(/\nentrypoint @/);
    expect(exitCode).toBe(0);
  });
});
