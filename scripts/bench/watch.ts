/**
 * What watching costs and whether it misses anything: dit's CPU time while nothing starts, then starts at
 * once and one after the other by another client, each of which must be told once, with its name and image.
 *
 *   sudo npx tsx scripts/bench/watch.ts [--idle 30] [--at-once 40] [--one-by-one 200]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { withBenchEngine } from './bench-engine.js';

const { values: options } = parseArgs({
  options: {
    idle: { type: 'string', default: '30' },
    'at-once': { type: 'string', default: '40' },
    'one-by-one': { type: 'string', default: '200' },
  },
});
const root = fileURLToPath(new URL('../..', import.meta.url));
const MS_PER_TICK = 10;

/** CPU time of a process, its threads included, ms. */
function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
}

/** "NAME ID" of each container that was started. */
async function startOthers(socket: string, image: string, ...how: string[]): Promise<string[]> {
  const client = spawn(
    process.execPath,
    ['tests/support/start-containers.mjs', socket, image, ...how],
    { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let text = '';
  client.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const [code] = (await once(client, 'close')) as [number];
  if (code !== 0) throw new Error(`the client ended with ${code}`);
  return text.trim().split('\n');
}

await withBenchEngine({ name: 'watch' }, async ({ handle, image, info }) => {
  const watch = spawn(
    process.execPath,
    ['dist/cli/main.js', 'trace', 'watch', '--json', '-H', handle.endpoint],
    { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let lines = '';
  let said = '';
  watch.stdout.on('data', (chunk: Buffer) => {
    lines += chunk.toString();
  });
  watch.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  while (!said.includes('watching')) await sleep(50);
  const pid = watch.pid as number;
  await sleep(3000);

  const idle = Number(options.idle);
  const before = cpuMs(pid);
  await sleep(idle * 1000);
  const idleMs = cpuMs(pid) - before;
  console.log(
    `Docker ${info.version}: idle ${idleMs} ms of CPU in ${idle} s, ${(idleMs / (10 * idle)).toFixed(2)} % of a core`,
  );

  const busy = cpuMs(pid);
  const started = [
    ...(await startOthers(handle.socketPath, image, 'crowd', options['at-once'], 'at-once')),
    ...(await startOthers(handle.socketPath, image, 'seq', options['one-by-one'], 'one-by-one')),
  ];
  await sleep(5000);
  const perStart = (cpuMs(pid) - busy) / started.length;
  watch.kill('SIGINT');
  await once(watch, 'close');
  const told = lines
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const summary = told.pop();
  const right = new Set(started);
  const wrong = told.filter(
    ({ name, container_id: id, image: its, window }) =>
      !right.delete(`${name} ${id}`) || its !== image || window === null,
  );
  console.log(
    `${started.length} starts, ${told.length} told, ${wrong.length} wrong or twice, ${right.size} missed, lost events ${summary?.lost}`,
  );
  console.log(`${perStart.toFixed(1)} ms of CPU a start`);
  if (wrong.length > 0 || right.size > 0 || summary?.lost !== 0) process.exitCode = 1;
});
