/** The memory test: identical containers, a file that all of them read, and an allocation over a limit. */

import { closeSync, constants } from 'node:fs';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type Dockerode from 'dockerode';
import { pack } from 'tar-stream';
import { memoryCgroup, readCgroupMemory } from '../../container/cgroup/cgroup-memory.js';
import type { MeasureContext } from '../../measure/context.js';
import { evictFile } from '../../measure/files/evict-file.js';
import { measureContainers } from '../../measure/memory.js';
import { runScript } from '../../measure/sandbox/container-script.js';
import type { ContainerOptions, Running } from '../../measure/sandbox/sandbox.js';
import { processArguments } from '../../platform/processes/process-table.js';
import { defineCheck } from '../contract/check.js';
import {
  ALLOCATED_MEBIBYTES,
  type Batch,
  type Charge,
  COUNTS,
  judgeMemory,
  LIMIT_MEBIBYTES,
  type LimitFacts,
  type MemoryFacts,
  type SharingFacts,
} from './judge.js';
import { oomKillMessage } from './kernel-log.js';
import { memoryText } from './text.js';

export const memoryCheck = defineCheck({
  name: 'memory',
  measure,
  judge: judgeMemory,
  text: memoryText,
});

/** A file in a layer of the image, which every container reads. */
const SHARED_FILE = '/dit-shared';
const SHARED_BYTES = 8_000_000;

async function measure(context: MeasureContext): Promise<MemoryFacts> {
  const sharing = await measureSharing(context);
  context.signal.throwIfAborted();
  return { sharing, limit: await tryLimit(context) };
}

function sharedLayer(): Readable {
  const archive = pack();
  archive.entry({ name: SHARED_FILE.slice(1) }, Buffer.alloc(SHARED_BYTES, 'dit: shared\n'));
  archive.finalize();
  return archive as unknown as Readable;
}

/** Starts them one batch after the other, so that every count is measured on the same containers and more. */
async function measureSharing(context: MeasureContext): Promise<SharingFacts> {
  const { sandbox, signal, say, seesKernel } = context;
  const image = await sandbox.image(context.image, sharedLayer());
  const options: ContainerOptions = {
    Image: image,
    User: '0',
    Cmd: ['sleep', '600'],
    HostConfig: { NetworkMode: 'none' },
  };
  const running: Running[] = [];
  const batches: Batch[] = [];
  for (const count of COUNTS) {
    say(`memory of ${count} ${count === 1 ? 'container' : 'identical containers'}`);
    while (running.length < count) {
      signal.throwIfAborted();
      running.push(await sandbox.start(options, 'memory'));
    }
    const memory = await memoryOf(context, running);
    batches.push({ count, memory });
  }
  const charge = seesKernel ? await whoIsCharged(running, signal) : undefined;
  for (const container of running) await container.remove();
  return { batches, charge };
}

async function memoryOf(
  { docker, seesKernel, signal }: MeasureContext,
  running: readonly Running[],
): Promise<Batch['memory']> {
  if (!seesKernel) return { by: 'engine', ...(await engineMemory(docker, running)) };
  for (const { pid } of running) await whenExecuted(pid, 'sleep', signal);
  return { by: 'kernel', ...measureContainers(running.map(({ pid }) => pid)) };
}

/**
 * An engine answers a start before the container's program is executed: until then the process is the runtime, which
 * is much larger.
 */
async function whenExecuted(pid: number, program: string, signal: AbortSignal): Promise<void> {
  for (let left = 100; left > 0 && processArguments(pid)[0] !== program; left--) {
    await sleep(20, undefined, { signal });
  }
}

interface EngineStats {
  readonly memory_stats?: {
    readonly usage?: number;
    readonly stats?: { readonly cache?: number; readonly file?: number };
  };
}

/** What the engine itself says of the cgroups, where their files are on another machine. */
async function engineMemory(
  docker: Dockerode,
  running: readonly Running[],
): Promise<{ usageBytes: number; cacheBytes: number }> {
  const all = await Promise.all(
    running.map(
      async ({ id }) =>
        (await docker.getContainer(id).stats({ stream: false, 'one-shot': true })) as EngineStats,
    ),
  );
  const sum = (value: (stats: EngineStats) => number | undefined): number =>
    all.reduce((total, stats) => total + (value(stats) ?? Number.NaN), 0);
  return {
    usageBytes: sum(({ memory_stats }) => memory_stats?.usage),
    cacheBytes: sum(({ memory_stats }) => memory_stats?.stats?.file ?? memory_stats?.stats?.cache),
  };
}

/** Takes the shared file out of the page cache, lets them read it one after the other, and looks who is charged. */
async function whoIsCharged(running: readonly Running[], signal: AbortSignal): Promise<Charge> {
  const [first] = running as [Running];
  const cacheOf = ({ pid }: Running): number => readCgroupMemory(memoryCgroup(pid)).cache;
  // What starting a process charges is not to be counted.
  for (const each of running) await runScript(each, `head -c 1 ${SHARED_FILE} >/dev/null`);
  const shared = (await first.files()).file(SHARED_FILE, constants.O_RDONLY);
  const evicted = await evictFile(shared, signal).finally(() => closeSync(shared));
  if (!evicted) return { kind: 'not evicted' };
  const bytes: number[] = [];
  for (const each of running) {
    signal.throwIfAborted();
    const before = cacheOf(each);
    await runScript(each, `cat ${SHARED_FILE} >/dev/null`);
    bytes.push(cacheOf(each) - before);
  }
  return { kind: 'grown', fileBytes: SHARED_BYTES, bytes };
}

const LIMIT_BYTES = LIMIT_MEBIBYTES << 20;
const ALLOCATE = `dd if=/dev/zero of=/dev/null bs=${ALLOCATED_MEBIBYTES}M count=1`;

async function tryLimit(context: MeasureContext): Promise<LimitFacts> {
  const { sandbox, docker, signal, say, seesKernel } = context;
  say(`allocating ${ALLOCATED_MEBIBYTES} MiB under a limit of ${LIMIT_MEBIBYTES} MiB`);
  const options = {
    Image: context.image,
    User: '0',
    // As much with swap as without: none of it may go there.
    HostConfig: { NetworkMode: 'none', Memory: LIMIT_BYTES, MemorySwap: LIMIT_BYTES },
  };
  const entrypoint = await sandbox.create({ ...options, Cmd: ALLOCATE.split(' ') }, 'limit');
  await entrypoint.start();
  const ended = (await entrypoint.wait({ abortSignal: signal })) as { StatusCode: number };
  const oomKilled = await isOomKilled(docker, entrypoint.id);

  const shellContainer = await sandbox.start({ ...options, Cmd: ['sleep', '600'] }, 'limit');
  const told = await runScript(shellContainer, `${ALLOCATE} 2>/dev/null; echo $?`);
  const memory = seesKernel ? readCgroupMemory(memoryCgroup(shellContainer.pid)) : undefined;
  const message = seesKernel ? oomKillMessage(entrypoint.id) : undefined;
  await shellContainer.remove();
  return {
    seen: {
      exitCode: ended.StatusCode,
      oomKilled,
      childStatus: Number(told),
      oomKills: memory?.oomKills,
    },
    lines: memory?.lines ?? [],
    message,
  };
}

/** The engine learns of it by an event of its own, which may trail the container's end. */
async function isOomKilled(docker: Dockerode, id: string): Promise<boolean> {
  for (let attempt = 0; ; attempt++) {
    const { State } = await docker.getContainer(id).inspect();
    if (State.OOMKilled || attempt === 10) return State.OOMKilled;
    await sleep(100);
  }
}
