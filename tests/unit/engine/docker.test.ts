import { describe, expect, test } from 'vitest';
import { DitError } from '../../../src/base/errors.js';
import { engineError, engineRefusal } from '../../../src/engine/docker.js';

/** What a request throws for an answer with a status. */
const refused = (status: number, message: string): Error =>
  Object.assign(new Error(`${message} `), { statusCode: status });

const system = (code: string): Error =>
  Object.assign(new Error(`connect ${code} /x.sock`), { code });

describe('engineRefusal', () => {
  test("is the engine's own message and its status", () => {
    expect(engineRefusal(refused(409, 'in use'))).toEqual({ status: 409, message: 'in use' });
  });

  test.each([
    undefined,
    null,
    7,
    'text',
    {},
    { statusCode: 'x', json: 5 },
  ])('survives %j', (thrown) => {
    expect(engineRefusal(thrown).status).toBe(0);
  });
});

describe('engineError', () => {
  // Messages as Docker 20.10 and 28.5 write them.
  test.each<[code: string, error: Error, image: string]>([
    ['engine-gone', system('ECONNREFUSED'), ''],
    ['engine-gone', system('ENOENT'), ''],
    ['engine-gone', new Error('socket hang up'), ''],
    ['engine-denied', system('EACCES'), ''],
    [
      'registry-unreachable',
      refused(
        500,
        'Get "http://127.0.0.1:9/v2/": dial tcp 127.0.0.1:9: connect: connection refused',
      ),
      '127.0.0.1:9/x',
    ],
    [
      'registry-unreachable',
      refused(
        500,
        'Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io: no such host',
      ),
      'alpine',
    ],
    ['image-not-found', refused(404, 'manifest for x:latest not found: manifest unknown'), 'x'],
    [
      'image-not-found',
      refused(
        404,
        "pull access denied for x, repository does not exist or may require 'docker login'",
      ),
      'x',
    ],
    [
      'command-not-found',
      refused(
        400,
        'failed to create shim: OCI runtime create failed: container_linux.go:380: starting container process caused: exec: "nope": executable file not found in $PATH: unknown',
      ),
      '',
    ],
    [
      'command-not-found',
      refused(
        400,
        'failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "/x": permission denied',
      ),
      '',
    ],
    [
      'runtime-failed',
      refused(500, 'failed to create shim task: OCI runtime create failed: error mounting "proc"'),
      '',
    ],
    ['engine-conflict', refused(409, 'The container name "/x" is already in use'), ''],
    ['engine-refused', refused(500, 'no space left on device'), ''],
    ['engine-refused', refused(400, 'invalid environment variable: =x'), 'alpine'],
  ])('%s', (code, error, image) => {
    const told = engineError(error, 'creating the container', image);
    expect(told).toMatchObject({ code, exitCode: 4, cause: error });
    expect(told.remedy).toMatch(/\w/);
    expect(told.message).not.toContain('HTTP code');
    if (image !== '')
      expect(told.message).toContain(code === 'engine-refused' ? 'creating' : image);
  });

  test('an error that is told already stays as it is', () => {
    const told = new DitError({ code: 'x', exitCode: 3, message: 'y' });
    expect(engineError(told, 'anything')).toBe(told);
  });
});
