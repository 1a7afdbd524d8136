import { once } from 'node:events';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { afterEach, expect, it, vi } from 'vitest';
import { engineLayout } from '../../../../src/engine/private/layout.js';
import {
  engineCommand,
  engineStatus,
  startEngine,
  stopEngine,
} from '../../../../src/engine/private/private-engine.js';
import { lacks } from '../../../support/requirements.js';

afterEach(() => vi.restoreAllMocks());

it.each([
  ['engine', 'sudo scripts/dit engine stop'],
  ['second', 'sudo scripts/dit engine stop --name second'],
])('the command for %s is about that one', (name, command) => {
  expect(engineCommand('stop', name)).toBe(command);
});

it('who is not root is told the command for the engine that was named', async () => {
  vi.spyOn(process, 'getuid').mockReturnValue(65534);
  const remedy = (does: string) => `sudo scripts/dit engine ${does} --name second`;
  await expect(stopEngine({ name: 'second' })).rejects.toMatchObject({ remedy: remedy('stop') });
  await expect(startEngine({ name: 'second' })).rejects.toMatchObject({ remedy: remedy('start') });
});

it.skipIf(lacks('root'))(
  'an engine that listens and cannot be seen is another pid namespace’s: nothing of it is touched',
  async () => {
    const { name, runDir, socketPath, execRoot } = engineLayout(`test-elsewhere-${process.pid}`);
    mkdirSync(execRoot, { recursive: true });
    const server = createServer((_, response) => response.end('OK')).listen(socketPath);
    await once(server, 'listening');
    try {
      const refused = { code: 'engine-elsewhere', exitCode: 4 };
      await expect(engineStatus(name)).rejects.toMatchObject(refused);
      await expect(startEngine({ name })).rejects.toMatchObject(refused);
      await expect(stopEngine({ name })).rejects.toMatchObject(refused);
      expect([socketPath, execRoot].filter((path) => !existsSync(path))).toEqual([]);
    } finally {
      server.close();
      rmSync(runDir, { recursive: true });
    }
  },
);
