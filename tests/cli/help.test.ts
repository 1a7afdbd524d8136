/** The help of every command, from the program's own definition and as it is printed. */

import { describe, expect, it } from 'vitest';
import type { AnyCommand } from '../../src/cli/common/commander.js';
import { buildProgram } from '../../src/cli/program.js';
import { packageVersion } from '../../src/platform/package-files.js';
import { dit } from '../support/run-dit.js';

const program = await buildProgram('0', undefined as never, () => {});

function commands(command: AnyCommand, path: readonly string[] = []): [string[], AnyCommand][] {
  return [
    [[...path], command],
    ...command.commands.flatMap((child) => commands(child, [...path, child.name()])),
  ];
}

/** "trace show", "doctor" */
const namesOf = ({ commands: children }: AnyCommand): string[] =>
  children.flatMap((child) =>
    child.name() === 'trace' && child.commands.length > 0
      ? child.commands.map((command) => `trace ${command.name()}`)
      : [child.name()],
  );

describe('help', () => {
  it.each(
    commands(program).map(([path, command]) => ({ path, command })),
  )('dit $path --help documents every argument and option', async ({ path, command }) => {
    const { exitCode, stdout, stderr } = await dit([...path, '--help'], { COLUMNS: '80' });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(command.description()).not.toBe('');
    for (const option of command.options) {
      expect(option.description, option.flags).not.toBe('');
      expect(stdout).toContain(option.flags);
    }
    for (const argument of command.registeredArguments) {
      expect(argument.description, argument.name()).not.toBe('');
    }
    for (const child of command.commands) expect(stdout).toContain(`\n  ${child.name()}`);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it.each([
    ['trace show x.dit', ['trace show']],
    ['trace --help', namesOf(program).filter((name) => name.startsWith('trace '))],
    ['doctor --json', ['trace', 'doctor']],
    ['docter', ['trace', 'test', 'bench', 'compare', 'doctor', 'engine']],
  ])('of "%s" only what it can mean is loaded', async (line, loaded) => {
    const part = await buildProgram('0', undefined as never, () => {}, line.split(' '));
    expect(namesOf(part)).toEqual(loaded);
  });

  it('of a command is what "help" prints, and no error', async () => {
    const asked = await dit(['trace', 'help', 'show']);
    expect(asked).toEqual(await dit(['trace', 'show', '--help']));
    expect(asked.exitCode).toBe(0);
    expect(await dit(['trace', 'help', 'nope'])).toMatchObject({ exitCode: 2 });
  });

  it('the version is the package’s', async () => {
    expect(await dit(['--version'])).toEqual({
      exitCode: 0,
      stdout: `${packageVersion()}\n`,
      stderr: '',
    });
  });

  it('the container gets what follows the image, dashes included', async () => {
    const seen: unknown[] = [];
    const fresh = await buildProgram('0', undefined as never, () => {});
    const run = fresh.commands[0]?.commands.find((command) => command.name() === 'run');
    run?.action((...args: unknown[]) => {
      seen.push(args[0], args[1], args[2]);
    });
    const line = 'trace run --init -e A=1 -e B --label x=y alpine sh -c --json -e X=1 --help';
    await fresh.parseAsync(line.split(' '), { from: 'user' });
    expect(seen.slice(0, 2)).toEqual(['alpine', ['sh', '-c', '--json', '-e', 'X=1', '--help']]);
    expect(seen[2]).toEqual({
      init: true,
      env: ['A=1', 'B'],
      label: ['x=y'],
      source: 'auto',
      engine: 'auto',
      until: 'removed',
      ringMb: 64,
    });
  });
});
