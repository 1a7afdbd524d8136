/** The security test: reads the postures of the default container, a hardened one, and every one that runs. */

import { existsSync } from 'node:fs';
import type Dockerode from 'dockerode';
import { raw } from '../../base/foreign.js';
import type { Posture } from '../../container/posture/posture.js';
import { readPosture } from '../../container/posture/read-posture.js';
import { RUN_LABEL } from '../../engine/owner-labels.js';
import type { MeasureContext } from '../../measure/context.js';
import { type ContainerOptions, containerEnded } from '../../measure/sandbox/sandbox.js';
import { defineCheck } from '../contract/check.js';
import { judgeSecurity, type SecurityFacts } from './judge.js';
import { securityText } from './text.js';

export const securityCheck = defineCheck({
  name: 'security',
  measure,
  judge: judgeSecurity,
  text: securityText,
});

/** All that Docker offers against a container that turns bad, besides a user namespace and a runtime of its own. */
export const HARDENED = {
  User: '65534:65534',
  HostConfig: {
    NetworkMode: 'none',
    CapDrop: ['ALL'],
    SecurityOpt: ['no-new-privileges:true'],
    ReadonlyRootfs: true,
    PidsLimit: 64,
    Memory: 64 << 20,
    MemorySwap: 64 << 20,
    IpcMode: 'private',
    // On cgroup v1 Docker's default is the machine's.
    CgroupnsMode: 'private',
  },
} satisfies Dockerode.ContainerCreateOptions & { HostConfig: { CgroupnsMode: string } };

async function measure(context: MeasureContext): Promise<SecurityFacts> {
  const { seesKernel, say } = context;
  const machine = { sockets: seesKernel ? engineSockets(context) : [] };
  const running = await readRunning(context);
  say('starting the default container and a hardened one');
  const byDefault = await readOwn(context, 'the default container', {});
  const hardened = await readOwn(context, 'the hardened container', HARDENED);
  return { running, byDefault, hardened, machine, seesKernel };
}

/** Containers of others. */
async function readRunning({
  docker,
  seesKernel,
  signal,
  say,
}: MeasureContext): Promise<Posture[]> {
  // Another dit may be testing too.
  const listed = (await docker.listContainers()).filter(({ Labels }) => !(RUN_LABEL in Labels));
  const running: Posture[] = [];
  for (const [index, { Id }] of listed.entries()) {
    signal.throwIfAborted();
    if (index % 20 === 0) say(`reading container ${index + 1} of ${listed.length}`);
    const posture = await readPosture(docker, Id, seesKernel);
    if (posture !== undefined) running.push(posture);
  }
  return running;
}

const STAYS = ['sleep', '300'];

/** @param name what it is called in the report */
async function readOwn(
  { docker, seesKernel, sandbox, image, signal }: MeasureContext,
  name: string,
  options: Partial<ContainerOptions>,
): Promise<Posture> {
  signal.throwIfAborted();
  const { id } = await sandbox.start({ ...options, Image: image, Cmd: STAYS }, 'posture');
  const posture = await readPosture(docker, id, seesKernel);
  if (posture === undefined) throw containerEnded(STAYS);
  return { ...posture, name };
}

function engineSockets({ engine }: MeasureContext): string[] {
  const own = raw(engine.endpoint).replace(/^unix:\/\//, '');
  return ENGINE_SOCKETS.concat(own.startsWith('/') ? [own] : []).filter((path) => existsSync(path));
}

const ENGINE_SOCKETS: readonly string[] = [
  '/run/docker.sock',
  '/run/containerd/containerd.sock',
  '/run/crio/crio.sock',
  '/run/podman/podman.sock',
];
