/** A command through the built program's own command line, with its outputs caught: many times as fast as a process. */
import { Writable } from 'node:stream';
import { CommanderError } from 'commander';
import type { AnyCommand } from '../../src/cli/common/commander.js';

/** What was built, as in a process: commands that start a program of dit's own find it beside them. */
const built = (name: string): string => new URL(`../../dist/cli/${name}.js`, import.meta.url).href;
const { Output } = (await import(
  built('common/output')
)) as typeof import('../../src/cli/common/output.js');
const { buildProgram } = (await import(
  built('program')
)) as typeof import('../../src/cli/program.js');
const { reportError } = (await import(
  built('common/report-error')
)) as typeof import('../../src/cli/common/report-error.js');

export interface Ran {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Output beyond is not kept, and counted only. */
const KEPT_BYTES = 64 << 20;

class Caught extends Writable {
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#bytes += chunk.length;
    if (this.#bytes <= KEPT_BYTES) this.#chunks.push(chunk);
    done();
  }

  get isWhole(): boolean {
    return this.#bytes <= KEPT_BYTES;
  }

  bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}

export async function runInProcess(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Ran & { readonly isWhole: boolean }> {
  const [stdout, stderr] = [new Caught(), new Caught()];
  const output = (stream: Caught) =>
    new Output(stream as unknown as NodeJS.WriteStream, env, () => {});
  const context = {
    env,
    stdout: output(stdout),
    stderr: output(stderr),
    signal: new AbortController().signal,
  };
  let exitCode = 0;
  const program = await buildProgram('0.0.0', context, (code) => {
    exitCode = code;
  });
  quiet(program);
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) exitCode = 2;
    else {
      const report = reportError(error, true);
      exitCode = report.exitCode;
      stderr.write(report.text);
    }
  }
  return {
    exitCode,
    stdout: stdout.bytes(),
    stderr: stderr.bytes().toString('utf8'),
    isWhole: stdout.isWhole,
  };
}

function quiet(command: AnyCommand): void {
  command.exitOverride().configureOutput({ writeOut: () => {}, writeErr: () => {} });
  for (const child of command.commands) quiet(child);
}
