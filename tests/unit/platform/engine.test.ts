import { afterEach, expect, it, vi } from 'vitest';
import { engineCommand, startEngine, stopEngine } from '../../../src/platform/engine.js';

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
