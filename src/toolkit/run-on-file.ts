/** Another program at work on a file that dit opened: it gets the descriptor, for a path could lead it elsewhere. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** What the program calls the file. */
export const HANDED_FILE = '/proc/self/fd/3';

/** Of each of its outputs. */
const OUTPUT_BYTES = 4 << 20;

export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  /** It cannot be run, or ended with a code other than 0, or by a signal. */
  readonly failed: boolean;
}

/** Ended by `signal`. Its working folder is "/". */
export async function runOnFile(
  program: string,
  args: readonly string[],
  file: number,
  signal?: AbortSignal,
): Promise<Ran> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe', file], cwd: '/', signal });
  const outputs = [child.stdout, child.stderr].map((stream) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    stream?.on('data', (chunk: Buffer) => {
      if (bytes < OUTPUT_BYTES) chunks.push(chunk.subarray(0, OUTPUT_BYTES - bytes));
      bytes += chunk.length;
    });
    return chunks;
  });
  const ended = once(child, 'close') as Promise<[number | null]>;
  const [code] = await ended.catch((): [null] => [null]);
  const [stdout = '', stderr = ''] = outputs.map((chunks) => Buffer.concat(chunks).toString());
  return { stdout, stderr, failed: code !== 0 };
}
