import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import Dockerode from 'dockerode';
import { afterEach, describe, expect, test } from 'vitest';
import { ensureBuiltinImage } from '../../src/engine/builtin-image.js';
import { engineLayout } from '../../src/engine/private/layout.js';
import {
  type EngineHandle,
  engineStatus,
  startEngine,
  stopEngine,
} from '../../src/engine/private/private-engine.js';
import { engineProcesses, startTicksOf, waitForEnd } from '../../src/engine/private/processes.js';
import { cgroupMounts, readMounts } from '../../src/platform/mounts.js';
import { lacks } from '../support/requirements.js';

const name = `test-${process.pid}`;
const layout = engineLayout(name);
const LIMIT_MS = 300_000;

/** Everything of the engine's that the machine still shows; the data root is to stay. */
async function remains(handle?: EngineHandle): Promise<unknown> {
  return {
    processes: engineProcesses(layout).map((live) => live.argv.join(' ')),
    runDir: existsSync(layout.runDir),
    mounts: readMounts().filter(({ target }) => target.startsWith(layout.dataRoot)),
    cgroups: cgroupMounts()
      .map(({ target }) => join(target, 'dit'))
      .flatMap((folder) => (existsSync(folder) ? readdirSync(folder) : []))
      .filter((folder) => folder.startsWith(`${name}-`)),
    bridge: handle !== undefined && handle.bridge in networkInterfaces(),
    status: (await engineStatus(name)).state,
  };
}

const NOTHING = {
  processes: [],
  runDir: false,
  mounts: [],
  cgroups: [],
  bridge: false,
  status: 'stopped',
};

const clientOf = (handle: EngineHandle): Dockerode =>
  new Dockerode({ socketPath: handle.socketPath });

/** Runs a container that ends only when it is killed; returns the pid of its first process here. */
async function runSleeper(docker: Dockerode, options: object = {}): Promise<number> {
  const { image } = await ensureBuiltinImage(docker);
  const container = await docker.createContainer({
    Image: image,
    Cmd: ['sleep', '1000'],
    HostConfig: options,
  });
  await container.start();
  return (await container.inspect()).State.Pid;
}

describe.skipIf(lacks('root', 'docker'))('private engine', { timeout: LIMIT_MS }, () => {
  afterEach(async () => {
    await stopEngine({ name, purge: true });
  }, LIMIT_MS);

  test('runs the built-in image, which is made once', async () => {
    const docker = clientOf(await startEngine({ name }));
    expect(await ensureBuiltinImage(docker)).toEqual({ image: 'dit-builtin:1', created: true });
    expect(await ensureBuiltinImage(docker)).toEqual({ image: 'dit-builtin:1', created: false });
    const container = await docker.createContainer({ Image: 'dit-builtin:1' });
    await container.start();
    expect(await container.wait()).toMatchObject({ StatusCode: 0 });
    const log = await container.logs({ stdout: true });
    expect(log.toString('utf8')).toContain('hello from dit');
    const { Config } = await docker.getImage('dit-builtin:1').inspect();
    expect(Config.Labels).toEqual({ 'dev.dit.object': 'builtin-image' });
  });

  test('a second start finds the first, also at the same time', async () => {
    const [one, two] = await Promise.all([startEngine({ name }), startEngine({ name })]);
    expect([one.started, two.started].sort()).toEqual([false, true]);
    expect(two.pid).toBe(one.pid);
    expect(await engineStatus(name)).toEqual({ state: 'running', ...one, started: false });
  });

  test('a stop leaves nothing, whatever ran in it, and keeps the images', async () => {
    const handle = await startEngine({ name });
    const docker = clientOf(handle);
    await runSleeper(docker);
    await runSleeper(docker, { RestartPolicy: { Name: 'always' } });
    const network = await docker.createNetwork({ Name: 'extra', Driver: 'bridge' });
    const networkBridge = `br-${network.id.slice(0, 12)}`;
    expect(readdirSync('/sys/class/net')).toContain(networkBridge);
    expect(await stopEngine({ name })).toBe(true);
    expect(await remains(handle)).toEqual(NOTHING);
    expect(readdirSync('/sys/class/net')).not.toContain(networkBridge);
    expect(await stopEngine({ name })).toBe(false);

    const again = await startEngine({ name });
    expect(await ensureBuiltinImage(clientOf(again))).toMatchObject({ created: false });
  });

  test('a killed dockerd is cleared away by the next start', async () => {
    const killed = await startEngine({ name });
    const inContainer = await runSleeper(clientOf(killed));
    const processes = engineProcesses(layout);
    process.kill(killed.pid, 'SIGKILL');
    const daemon = processes.filter((live) => live.pid === killed.pid);
    expect(await waitForEnd(daemon, 5000)).toBe(true);
    expect(await engineStatus(name)).toEqual({ state: 'stopped', name, leftovers: true });

    const next = await startEngine({ name });
    expect(next.started).toBe(true);
    expect(next.pid).not.toBe(killed.pid);
    expect(startTicksOf(inContainer)).toBeUndefined();
    const alive = processes.filter((live) => startTicksOf(live.pid) === live.startTicks);
    expect(alive).toEqual([]);
    const containers = await clientOf(next).listContainers({ all: true });
    expect(containers.map((container) => container.State)).toEqual(['exited']);
  });

  test('a stop after a kill leaves nothing', async () => {
    const killed = await startEngine({ name });
    const docker = clientOf(killed);
    await runSleeper(docker);
    await docker.getContainer((await docker.listContainers())[0]?.Id ?? '').pause();
    process.kill(killed.pid, 'SIGKILL');
    await stopEngine({ name, purge: true });
    expect(await remains(killed)).toEqual(NOTHING);
    expect(existsSync(layout.dataRoot)).toBe(false);
  });

  test('an engine that does not answer is named, and can be stopped', async () => {
    const handle = await startEngine({ name });
    process.kill(handle.pid, 'SIGSTOP');
    expect(await engineStatus(name)).toMatchObject({ state: 'silent', pid: handle.pid });
    await expect(startEngine({ name })).rejects.toMatchObject({
      code: 'engine-silent',
      exitCode: 4,
      remedy: expect.stringContaining('engine stop'),
    });
    expect(await stopEngine({ name })).toBe(true);
    expect(await remains(handle)).toEqual(NOTHING);
  });

  test('keeps away from a containerd of the system', async () => {
    const systemSocket = '/run/containerd/containerd.sock';
    const pretended = !existsSync(systemSocket);
    mkdirSync('/run/containerd', { recursive: true, mode: 0o711 });
    if (pretended) writeFileSync(systemSocket, '');
    try {
      const docker = clientOf(await startEngine({ name }));
      await runSleeper(docker);
      const programs = engineProcesses(layout).map((live) => basename(live.argv[0] ?? ''));
      expect(programs.sort()).toEqual(['containerd', 'containerd-shim-runc-v2', 'dockerd']);
    } finally {
      if (pretended) rmSync(systemSocket);
    }
  });

  test('a dockerd that fails is quoted, and leaves nothing', async () => {
    const failing = startEngine({ name, config: { 'no-such-setting': true } });
    await expect(failing).rejects.toMatchObject({
      code: 'engine-start',
      exitCode: 4,
      message: expect.stringContaining('no-such-setting'),
    });
    await stopEngine({ name, purge: true });
    expect(await remains()).toEqual(NOTHING);
  });

  test('outlives the process that started it, and its terminal', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dit-engine-'));
    const script = join(folder, 'start.mjs');
    const engine = new URL('../../src/engine/private/private-engine.ts', import.meta.url).href;
    writeFileSync(
      script,
      `import { startEngine } from ${JSON.stringify(engine)};
       console.log((await startEngine({ name: ${JSON.stringify(name)} })).pid);`,
    );
    const loader = import.meta.resolve('tsx');
    const starter = spawn(process.execPath, ['--import', loader, script], {
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    starter.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8');
    });
    expect(await new Promise((resolve) => starter.once('close', resolve))).toBe(0);
    rmSync(folder, { recursive: true });
    expect(await engineStatus(name)).toMatchObject({ state: 'running', pid: Number(output) });
    const stat = readFileSync(`/proc/${Number(output)}/stat`, 'latin1')
      .split(') ')[1]
      ?.split(' ');
    expect(stat?.[3]).toBe(output.trim());
  });

  test('engines live side by side', async () => {
    const other = `${name}-b`;
    try {
      const one = await startEngine({ name });
      const two = await startEngine({ name: other });
      expect(two.bridge).not.toBe(one.bridge);
      expect(two.address).not.toBe(one.address);
      await stopEngine({ name: other, purge: true });
      expect(await engineStatus(name)).toMatchObject({ state: 'running', pid: one.pid });
      expect(Object.keys(networkInterfaces())).toContain(one.bridge);
    } finally {
      await stopEngine({ name: other, purge: true });
    }
  });
});
