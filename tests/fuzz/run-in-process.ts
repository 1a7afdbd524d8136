/** A command through the built program's own command line, with its outputs caught: many times as fast as a process. */
import { Writable } from 'node:stream';

/** What was built, as in a process: commands that start a program of dit's own find it beside them. */
const built = (name: string): string => new URL(`../../dist/cli/${name}.js`, import.meta.url).href;
const { Output } = (await import(
  built('common/output')
)) as typeof import('../../src/cli/common/output.js');
const { exitCodeOf } = (await import(
  built('common/outcome')
)) as typeof import('../../src/cli/common/outcome.js');
const { runCommandLine } = (await import(
  built('command-line')
)) as typeof import('../../src/cli/command-line.js');
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
  let exitCode: number;
  try {
    exitCode = await runCommandLine(args, context);
  } catch (error) {
    exitCode = exitCodeOf(error);
    stderr.write(reportError(error, true));
  }
  return {
    exitCode,
    stdout: stdout.bytes(),
    stderr: stderr.bytes().toString('utf8'),
    isWhole: stdout.isWhole,
  };
}
