import { PassThrough } from 'node:stream';
import type Dockerode from 'dockerode';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { followEngineEvents, parseEvent } from '../../../src/engine/engine-events.js';
import type { RawMark } from '../../../src/engine/marks.js';

const ID = 'ab'.repeat(32);

/** As an engine writes it. */
const line = (action: string, attributes: Record<string, string> = {}): string =>
  `{"status":"${action}","id":"${ID}","Type":"container","Action":"${action}",` +
  `"Actor":{"ID":"${ID}","Attributes":${JSON.stringify(attributes)}},` +
  '"scope":"local","time":1763712000,"timeNano":1763712000123456789}';

describe('parseEvent', () => {
  test('reads a container event with its time to the nanosecond', () => {
    expect(parseEvent(line('die', { exitCode: '3', name: 'x' }))).toEqual({
      action: 'die',
      id: ID,
      timeNs: 1763712000123456789n,
      detail: { exit_code: '3', name: 'x' },
    });
    expect(parseEvent(line('start'))?.detail).not.toHaveProperty('exit_code');
  });

  test.each([
    ['nothing', ''],
    ['no JSON', '"timeNano":1'],
    ['half a line', line('start').slice(0, -5)],
    ['no time', line('start').replace('timeNano', 'other')],
    ['a time that is no number', line('start').replace(/"timeNano":\d+/, '"timeNano":"soon"')],
    [
      'a time beyond 64 bits',
      line('start').replace(/"timeNano":\d+/, '"timeNano":123456789012345678901'),
    ],
    ['no actor', '{"Action":"start","timeNano":5}'],
    ['an actor of another type', '{"Action":"start","Actor":7,"timeNano":5}'],
    ['an action of another type', '{"Action":{},"Actor":{"ID":"x"},"timeNano":5}'],
    ['null', 'null'],
  ])('takes %s for no event', (_, text) => {
    expect(parseEvent(text)).toBeUndefined();
  });

  test('keeps the command line of an exec out', () => {
    expect(parseEvent(line('exec_create: sh -c secret'))?.action).toBe('exec_create');
  });

  test('an exit code of another type is none', () => {
    const event = '{"Action":"die","Actor":{"ID":"x","Attributes":{"exitCode":3}},"timeNano":5}';
    expect(parseEvent(event)).toEqual({ action: 'die', id: 'x', timeNs: 5n, detail: {} });
  });

  test('never throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        parseEvent(text);
        parseEvent(`{"timeNano":1,"Action":"a","Actor":${text}}`);
      }),
    );
  });
});

describe('followEngineEvents', () => {
  /** An engine whose event stream the test writes. */
  async function follow(): Promise<{
    stream: PassThrough;
    marks: RawMark[];
    lost: () => number;
    tooLong: () => number;
    close: () => void;
  }> {
    const stream = new PassThrough();
    const marks: RawMark[] = [];
    let lost = 0;
    let tooLong = 0;
    const engine = { getEvents: async () => stream } as unknown as Dockerode;
    const { close } = await followEngineEvents(
      engine,
      'dev.dit.run=1',
      (realtime) => realtime - 1763712000000000000n,
      (mark) => marks.push(mark),
      () => lost++,
      () => tooLong++,
    );
    return { stream, marks, lost: () => lost, tooLong: () => tooLong, close };
  }
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  test('makes marks of lines, however they are cut into chunks', async () => {
    const { stream, marks } = await follow();
    const text = `${line('create')}\nnoise\n${line('die', { exitCode: '3' })}\n`;
    for (let at = 0; at < text.length; at += 7) stream.write(text.slice(at, at + 7));
    await settled();
    expect(marks).toEqual([
      expect.objectContaining({ name: 'engine.create', startNs: 123456789n, wallClock: true }),
      expect.objectContaining({ name: 'engine.die', detail: { exit_code: '3' } }),
    ]);
  });

  test('tells a lost engine from its own end', async () => {
    const gone = await follow();
    gone.stream.destroy(new Error('aborted'));
    await settled();
    expect(gone.lost()).toBe(1);

    const closed = await follow();
    closed.close();
    await settled();
    expect(closed.lost()).toBe(0);
    expect(closed.stream.destroyed).toBe(true);
  });

  test('asks for what came since, where that is said', async () => {
    const asked: object[] = [];
    const getEvents = async (query: object) => {
      asked.push(query);
      return new PassThrough();
    };
    const nothing = (): void => {};
    for (const since of [undefined, 1763712000.25]) {
      const engine = { getEvents } as unknown as Dockerode;
      await followEngineEvents(engine, undefined, (ns) => ns, nothing, nothing, nothing, since);
    }
    expect(asked[0]).not.toHaveProperty('since');
    expect(asked[1]).toMatchObject({ since: 1763712000.25 });
  });

  test('passes over a line that is too long, says so, and follows on', async () => {
    const { stream, marks, tooLong, lost } = await follow();
    for (let i = 0; i < 3; i++) stream.write('x'.repeat((1 << 20) - 1));
    stream.write(`\n${line('start')}\n`);
    await settled();
    expect(marks).toEqual([expect.objectContaining({ name: 'engine.start' })]);
    expect({ tooLong: tooLong(), lost: lost() }).toEqual({ tooLong: 1, lost: 0 });
  });

  test('a character that lies across two chunks is whole', async () => {
    const { stream, marks } = await follow();
    const bytes = Buffer.from(`${line('start', { name: 'wörter-€-😀' })}\n`);
    for (let at = 0; at < bytes.length; at++) stream.write(bytes.subarray(at, at + 1));
    await settled();
    expect(marks).toEqual([expect.objectContaining({ detail: { name: 'wörter-€-😀' } })]);
  });

  test('a refusal is told as one', async () => {
    const refusing = {
      getEvents: () => Promise.reject(Object.assign(new Error('socket hang up'))),
    } as unknown as Dockerode;
    const following = followEngineEvents(
      refusing,
      'x=y',
      (ns) => ns,
      () => {},
      () => {},
      () => {},
    );
    await expect(following).rejects.toMatchObject({ code: 'engine-gone', exitCode: 4 });
  });
});
