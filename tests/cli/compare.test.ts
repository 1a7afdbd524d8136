/** `dit compare` with the built program: formats, files, gates, and every way in which a directory is wrong. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { benchCsv } from '../../src/model/bench/bench-csv.js';
import { benchOf, dimensionOf, valuesAround } from '../support/made-benches.js';
import { dit } from '../support/run-dit.js';

let folder: string;
const at = (name: string): string => join(folder, name);

/** Files by name. */
function directory(name: string, files: Readonly<Record<string, string>>): string {
  mkdirSync(at(name));
  for (const [file, text] of Object.entries(files)) writeFileSync(join(at(name), file), text);
  return at(name);
}

const network = (centre: number, seed: number) =>
  dimensionOf('network', { bridge: valuesAround(centre, 30, seed) });
const csv = (centre: number, seed: number): Record<string, string> => ({
  '08-network-latency.csv': benchCsv('network', network(centre, seed)),
  'notes.txt': 'anything',
});
const NETWORK = 'iteration,mode,avg_rtt_ms\n';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dit-compare-'));
  directory('before', csv(20, 1));
  directory('after', csv(30, 2));
  directory('json', { 'bench.json': JSON.stringify(benchOf('from json', network(20, 3))) });
  directory('label', { ...csv(20, 4), 'platform-info.txt': 'Platform Label: my machine\n' });
  directory('empty', { 'readme.txt': '' });
  directory('typo', { '08-network-latncy.csv': NETWORK });
  directory('broken', { '08-network-latency.csv': `${NETWORK}1,bridge,fast\n` });
  directory('hole', { '08-network-latency.csv': `${NETWORK}1,bridge,2\n2,bridge,\n` });
  directory('crowd', {
    '08-network-latency.csv':
      NETWORK + Array.from({ length: 600 }, (_, mode) => `1,mode${mode},2\n`).join(''),
  });
  directory('no-json', { 'bench.json': '{' });
  writeFileSync(at('file'), '');
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('dit compare', () => {
  it('prints a page, of one directory too', async () => {
    const one = await dit(['compare', at('before')]);
    expect({ exitCode: one.exitCode, stderr: one.stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(one.stdout).toContain('Only one platform: nothing to compare with.');
    const two = await dit(['compare', at('before'), at('after')]);
    expect(two.stdout).toContain('1 of 1 test differs after correction.');
    expect(two.stdout).not.toContain('\x1b');
  });

  it('reads bench.json before CSV files, and names platforms as they name themselves', async () => {
    const args = ['compare', at('json'), at('label'), `new=${at('before')}`, '--format', 'json'];
    const { platforms, tests } = JSON.parse((await dit(args)).stdout);
    expect(platforms.map(({ name }: { name: string }) => name)).toEqual([
      'from json',
      'my machine',
      'new',
    ]);
    expect(tests).toHaveLength(3);
  });

  it.each([
    'text',
    'markdown',
    'latex',
    'json',
    'html',
  ])('writes %s into a file', async (format) => {
    const path = at(`out.${format}`);
    const args = ['compare', at('before'), at('after'), '--format', format, '-o', path];
    expect(await dit(args)).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect(readFileSync(path, 'utf8')).toContain('before');
  });

  it('draws a picture a dimension', async () => {
    const { exitCode, stderr } = await dit(['compare', at('before'), '--svg', at('charts')]);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 0,
      stderr: `dit: "${at('charts')}": 1 chart\n`,
    });
    expect(readdirSync(at('charts'))).toEqual(['network.svg']);
  });

  it('exits with 6 where a gate fails, and says what is undecided', async () => {
    const pair = ['compare', at('before'), at('after'), '--fail-on'];
    const failed = await dit([...pair, 'network.bridge.p50>5%']);
    expect(failed.exitCode).toBe(6);
    expect(failed.stderr).toMatch(
      /^dit: failed: network\.bridge\.p50>5%: bridge on after changes by [\d.]+ % \(95 %: /,
    );
    expect(failed.stdout).toContain('FAILED');
    expect(await dit([...pair, 'network.bridge.p50>80%'])).toMatchObject({
      exitCode: 0,
      stderr: '',
    });
    const undecided = await dit([...pair, 'network.bridge.p99>50%']);
    expect(undecided.exitCode).toBe(0);
    expect(undecided.stderr).toContain('dit: undecided: network.bridge.p99>50%');
  });
});

describe('refuses', () => {
  it.each([
    [['missing'], /^dit: there is no directory ".*missing"\n {2}try: /],
    [['file'], /^dit: ".*file" is not a directory\n/],
    [['empty'], /^dit: ".*empty" holds no benchmark: neither bench\.json nor a CSV file/],
    [['typo'], /^dit: ".*08-network-latncy\.csv" is not a file of a benchmark\n/],
    [['broken'], /^dit: ".*08-network-latency\.csv" line 2 has no number in the column/],
    [['hole'], /^dit: ".*08-network-latency\.csv" line 3 has nothing in the column "avg_rtt_ms"/],
    [['crowd'], /^dit: ".*crowd" holds 600 values in 600 groups, more than a benchmark's\n/],
    [['no-json'], /^dit: ".*bench\.json" is no JSON\n/],
    [['before', 'before'], /^dit: ".*before" and ".*before" are both of the platform "before"\n/],
  ] as const)('%j', async (names, message) => {
    const { exitCode, stdout, stderr } = await dit(['compare', ...names.map(at)]);
    expect(stderr).toMatch(message);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  });

  it.each([
    [['--fail-on', 'startup'], "dit: invalid value 'startup' for --fail-on\n"],
    [['--fail-on', 'network.host.p50>5%'], "dit: --fail-on 'network.host.p50>5%' means no group"],
    [['--format', 'pdf'], 'dit: '],
    [['-o', '/nonexistent/x'], 'dit: "/nonexistent/x" cannot be written'],
  ])('%j', async (args, message) => {
    const { exitCode, stderr } = await dit(['compare', at('before'), at('after'), ...args]);
    expect(stderr.startsWith(message)).toBe(true);
    expect(exitCode).toBe(2);
  });

  it('no directory at all', async () => {
    const { exitCode, stderr } = await dit(['compare']);
    expect(stderr).toMatch(/^dit: missing required argument 'dirs'\n/);
    expect(exitCode).toBe(2);
  });
});
