/** `dit test` and `dit bench` with the built program, as far as no engine is needed: lists and wrong command lines. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CSV_DIMENSIONS } from '../../src/model/bench/bench.js';
import { CHECK_NAMES } from '../../src/model/checks/check.js';
import { dit } from '../support/run-dit.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dit-toolkit-'));
  mkdirSync(join(folder, 'foreign'));
  writeFileSync(join(folder, 'foreign/01-startup-latency.csv'), '');
  mkdirSync(join(folder, 'broken'));
  writeFileSync(join(folder, 'broken/samples.jsonl'), '{"schema":"other"}\n');
  writeFileSync(join(folder, 'file'), '');
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('the lists', () => {
  it('of the tests say what each shows and what decides it', async () => {
    const { exitCode, stdout } = await dit(['test', '--list']);
    expect(exitCode).toBe(0);
    for (const name of CHECK_NAMES) expect(stdout).toMatch(new RegExp(`^${name} +\\S`, 'm'));
    expect(stdout.match(/^ +.*fail/gm)?.length).toBeGreaterThanOrEqual(CHECK_NAMES.length);
  });

  it('of the dimensions name file, unit and groups', async () => {
    const { exitCode, stdout } = await dit(['bench', '--list']);
    expect(exitCode).toBe(0);
    for (const name of CSV_DIMENSIONS) {
      expect(stdout).toMatch(new RegExp(`^${name} +0\\d-[a-z-]+\\.csv, \\S+$`, 'm'));
    }
    expect(stdout).toContain('dit-builtin/warm, ');
  });
});

describe('a wrong command line', () => {
  it.each([
    [['test', 'cpus'], /^dit: there is no test 'cpus'\n {2}try: use some of: startup, syscalls/],
    [['test', '--skip', 'x'], /^dit: there is no test 'x'\n/],
    [['test', 'cpu', '--skip', 'cpu'], /^dit: --skip leaves no test to run\n/],
    [['test', '--report', 'a.pdf'], /^dit: unknown report format: 'a\.pdf'\n {2}try: name a FILE/],
    [['test', '--pull'], /^dit: --pull requires --image\n {2}try: name one: --image/],
    [['test', '--report', '/nonexistent/a.md', 'cpu'], /^dit: "\/nonexistent\/a\.md" cannot be/],
    [['bench'], /^dit: dit bench needs an output directory\n {2}try: add --out DIR\n$/],
    [['bench', 'disk', '--out', 'x'], /^dit: there is no dimension 'disk'\n {2}try: use some of/],
    [['bench', '--out', 'x', '--iterations', '0'], /^dit: invalid value '0' for --iterations/],
    [
      ['bench', '--out', 'x', '--iterations', '10000'],
      /^dit: this benchmark would give \d+ values, and dit compare reads at most 100000\n {2}try: /,
    ],
    [['bench', '--out', 'x', '--seed', 'y'], /^dit: invalid value 'y' for --seed/],
    [
      ['bench', '--out', '/proc/x'],
      /^dit: "\/proc\/x" cannot be written: ENOENT.*\n {2}try: make room/,
    ],
  ])('%j', async (args, stderr) => {
    const end = await dit(args);
    expect(end.stderr).toMatch(stderr);
    expect(end).toMatchObject({ exitCode: 2, stdout: '' });
  });

  it.each([
    ['foreign', /holds data of another benchmark: 01-startup-latency\.csv\n {2}try: name a new/],
    ['broken', /samples\.jsonl" line 1 was not written by dit\n {2}try: name another/],
    ['file', /file" cannot be written: .*\n {2}try: /],
  ])('a directory that does not do: %s', async (name, stderr) => {
    const before = readdirSync(folder, { recursive: true }).sort();
    const end = await dit(['bench', '--out', join(folder, name)]);
    expect(end.stderr).toMatch(stderr);
    expect(end).toMatchObject({ exitCode: 2, stdout: '' });
    expect(readdirSync(folder, { recursive: true }).sort()).toEqual(before);
  });

  it('an engine that is not there: no folder stays', async () => {
    const before = readdirSync(folder).sort();
    const end = await dit(['bench', '--out', join(folder, 'new/a/b'), '-H', 'tcp://127.0.0.1:1']);
    expect(end.stderr).toMatch(/nobody listens there\n {2}try: start that engine/);
    expect(end).toMatchObject({ exitCode: 4, stdout: '' });
    expect(readdirSync(folder).sort()).toEqual(before);
  });
});
