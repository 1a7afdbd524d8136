import { PassThrough, Writable } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { Output } from '../../../../src/cli/common/output.js';

type Env = Record<string, string>;

function outputOf(env: Env, terminal: { isTTY?: boolean; columns?: number } = {}): Output {
  const stream = Object.assign(new PassThrough(), terminal);
  return new Output(stream as unknown as NodeJS.WriteStream, env, () => {});
}

describe('colour', () => {
  it.each([
    [{}, true, true],
    [{}, false, false],
    [{ NO_COLOR: '1' }, true, false],
    [{ NO_COLOR: '' }, true, true],
    [{ FORCE_COLOR: '1' }, false, true],
    [{ FORCE_COLOR: '0' }, true, false],
    [{ FORCE_COLOR: '1', NO_COLOR: '1' }, true, false],
    [{ TERM: 'dumb' }, true, false],
  ] as [Env, boolean, boolean][])('%j, terminal %s', (env, isTTY, colour) => {
    expect(outputOf(env, { isTTY }).colour).toBe(colour);
  });
});

describe('width', () => {
  it.each([
    [{}, undefined, 80],
    [{}, 132, 132],
    [{ COLUMNS: '100' }, 132, 100],
    [{ COLUMNS: 'wide' }, 132, 132],
    [{ COLUMNS: '1' }, 132, 40],
    [{ COLUMNS: '99999' }, 132, 1000],
  ] as [Env, number | undefined, number][])('%j in %s columns', (env, columns, width) => {
    expect(outputOf(env, columns === undefined ? {} : { columns }).width).toBe(width);
  });
});

describe('writing', () => {
  it('waits for a slow reader', async () => {
    const stream = new PassThrough({ highWaterMark: 10 });
    const output = new Output(stream as unknown as NodeJS.WriteStream, {}, () => {});
    void output.write('0123456789');
    let done = false;
    const second = output.write('0123456789').then(() => {
      done = true;
    });
    await new Promise(setImmediate);
    expect(done).toBe(false);
    stream.resume();
    await second;
    expect(done).toBe(true);
  });

  it('goes nowhere, without an error, when the reader is gone', async () => {
    const stream = new PassThrough();
    const onFailure = vi.fn();
    const output = new Output(stream as unknown as NodeJS.WriteStream, {}, onFailure);
    stream.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    await new Promise(setImmediate);
    expect(output.closed).toBe(true);
    await output.line('more');
    expect(onFailure).not.toHaveBeenCalled();
  });

  it.each(['ENOSPC', 'EIO'])('fails once, before the writer goes on: %s', async (code) => {
    const error = Object.assign(new Error(`${code}: no`), { code });
    const stream = new Writable({ autoDestroy: false, write: (_chunk, _as, done) => done(error) });
    const onFailure = vi.fn();
    const output = new Output(stream as unknown as NodeJS.WriteStream, {}, onFailure);
    const two = [output.line('one'), output.line('two')];
    await two[0];
    expect(output.closed).toBe(true);
    await two[1];
    await output.line('three');
    await new Promise(setImmediate);
    expect(onFailure.mock.calls).toEqual([[error]]);
  });
});
