/** dit's own engine and what lies outside its folders: whatever it made goes, all else stays, whatever ends it. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Dockerode from 'dockerode';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ensureBuiltinImage } from '../../src/engine/builtin-image.js';
import { cgroupParentOf } from '../../src/engine/private/cgroups.js';
import { engineLayout, UNPACKED_ENGINE } from '../../src/engine/private/layout.js';
import { startEngine, stopEngine } from '../../src/engine/private/private-engine.js';
import { engineProcesses } from '../../src/engine/private/processes.js';
import { writeState } from '../../src/engine/private/state.js';
import { cgroupFolders } from '../../src/platform/mounts.js';
import { dit, eventually } from '../support/dit.js';
import { changes, changesThatStay, outside, outsideAtRest } from '../support/outside.js';
import { lacks } from '../support/requirements.js';

const name = `outside-${process.pid}`;
const layout = engineLayout(name);
const LIMIT_MS = 300_000;

async function dockerOf(engine: { readonly socketPath: string }): Promise<Dockerode> {
  const docker = new Dockerode({ socketPath: engine.socketPath });
  await ensureBuiltinImage(docker);
  return docker;
}

const sleeper = (options: Dockerode.HostConfig = {}): Dockerode.ContainerCreateOptions => ({
  Image: 'dit-builtin:1',
  Cmd: ['sleep', '1000'],
  ExposedPorts: { '80/tcp': {} },
  HostConfig: options,
});

describe.skipIf(lacks('root', 'docker'))(
  'outside the engine’s folders',
  { timeout: LIMIT_MS },
  () => {
    let before: string[];
    beforeEach(async () => {
      before = await outsideAtRest();
    }, LIMIT_MS);
    afterEach(async () => {
      await stopEngine({ name, purge: true });
    }, LIMIT_MS);

    test('files that are there are neither changed nor seen, and stay', async () => {
      const folders = [
        '/run/docker/plugins',
        '/run/containers',
        '/run/crun/x',
        '/run/containerd/s',
      ];
      const mine = folders.map((folder) => join(folder, `dit-test-${process.pid}`));
      const made = folders.flatMap((folder) => mkdirSync(folder, { recursive: true }) ?? []);
      try {
        for (const file of mine) writeFileSync(file, 'content');
        const there = outside();
        const engine = await startEngine({ name });
        const docker = await dockerOf(engine);
        await (await docker.createContainer(sleeper())).start();
        for (const file of mine) expect(existsSync(`/proc/${engine.pid}/root${file}`)).toBe(false);
        const made = /^\+ (name|path) \/(etc|run|opt|var\/lib)\/[\w/]+: (d|folder .*)$/;
        const meanwhile = changes(there, outside()).filter((line) => /^. (path|name) /.test(line));
        // Mount points, with nothing in them.
        expect(meanwhile.filter((line) => !made.test(line))).toEqual([]);
        await stopEngine({ name });
        expect(await changesThatStay(there)).toEqual([]);
      } finally {
        for (const file of mine) rmSync(file, { force: true });
        for (const folder of made) rmSync(folder, { recursive: true });
      }
      expect(await changesThatStay(before)).toEqual([]);
    });

    test('what others put there meanwhile stays', async () => {
      await startEngine({ name });
      const theirs = `/run/crun/dit-test-${process.pid}`;
      writeFileSync(theirs, 'of a container that was started meanwhile');
      await stopEngine({ name });
      expect(existsSync(theirs)).toBe(true);
      rmSync(theirs);
      const after = await changesThatStay(before);
      expect(after.filter((line) => !/ \/run\/crun: /.test(line))).toEqual([]);
      if (after.length > 0) rmSync('/run/crun', { recursive: true });
    });

    test('the first of two engines that ends leaves the other’s', async () => {
      const other = `${name}-b`;
      try {
        await startEngine({ name });
        const second = await startEngine({ name: other });
        const docker = await dockerOf(second);
        await stopEngine({ name, purge: true });
        const container = await docker.createContainer(sleeper());
        await container.start();
        expect((await container.inspect()).State.Running).toBe(true);
      } finally {
        await stopEngine({ name: other, purge: true });
      }
      expect(await changesThatStay(before)).toEqual([]);
    });

    test('who sees another /run takes away nothing of the engines that he does not see', async () => {
      await startEngine({ name });
      const there = await outsideAtRest();
      const own = `--name ${name}-b`;
      // Without an engine of his own, and with one that comes and goes.
      for (const script of [`"$@" stop ${own}`, `"$@" start ${own}; "$@" stop --purge ${own}`]) {
        const hidden = ['unshare', '--mount', 'sh', '-ec', `mount -t tmpfs tmpfs /run; ${script}`];
        const end = await dit(['engine'], { wrapper: [...hidden, 'sh'] });
        expect(end, end.stderr).toMatchObject({ code: 0 });
        expect(await changesThatStay(there)).toEqual([]);
      }
      await stopEngine({ name });
      expect(await changesThatStay(before)).toEqual([]);
    });

    test('a killed engine leaves no port proxy, network, cgroup or folder after the stop', async () => {
      const engine = await startEngine({ name });
      const docker = await dockerOf(engine);
      await docker.createNetwork({ Name: 'extra', Driver: 'bridge' });
      const container = await docker.createContainer(
        sleeper({ NetworkMode: 'extra', PortBindings: { '80/tcp': [{ HostIp: '127.0.0.1' }] } }),
      );
      await container.start();
      await container.pause();
      const programs = engineProcesses(layout).map(({ argv }) => argv[0]?.split('/').at(-1));
      expect(programs).toContain('docker-proxy');
      for (const { pid } of engineProcesses(layout)) process.kill(pid, 'SIGKILL');
      await stopEngine({ name, purge: true });
      expect(engineProcesses(layout)).toEqual([]);
      expect(await changesThatStay(before)).toEqual([]);
    });

    test('the cgroups of a runtime that was killed in the middle go with the engine', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'dit-runtime-'));
      const path = join(folder, 'runtime');
      const bin = [`${UNPACKED_ENGINE}/usr/sbin`, `${UNPACKED_ENGINE}/usr/bin`].join(':');
      writeFileSync(
        path,
        `#!/bin/sh
       PATH=$PATH:${bin}
       case " $* " in *' create '*) ;; *) exec runc "$@" ;; esac
       for id; do :; done
       runc "$@" & runtime=$!
       has_cgroup() {
         for folder in /sys/fs/cgroup/dit/*/$id /sys/fs/cgroup/*/dit/*/$id; do
           [ ! -d "$folder" ] || return 0
         done
         return 1
       }
       until has_cgroup; do kill -0 $runtime || break; done
       kill -KILL $runtime
       exit 1`,
        { mode: 0o755 },
      );
      try {
        const engine = await startEngine({ name, config: { runtimes: { killed: { path } } } });
        const docker = await dockerOf(engine);
        const container = await docker.createContainer(sleeper({ Runtime: 'killed' }));
        await expect(container.start()).rejects.toThrow();
        await container.remove({ force: true });
        const left = () =>
          cgroupFolders(cgroupParentOf(layout)).filter((each) => each.includes(container.id));
        expect(left()).not.toEqual([]);
        await stopEngine({ name });
        expect(left()).toEqual([]);
      } finally {
        rmSync(folder, { recursive: true });
      }
      expect(await changesThatStay(before)).toEqual([]);
    });

    /** What is there when the process that starts the engine is killed. */
    const MOMENTS: Readonly<Record<string, () => boolean>> = {
      'before anything is made': () => existsSync(layout.runDir),
      'when it has noted what it will make': () => existsSync(layout.stateFile),
      'with a bridge': () =>
        readdirSync('/sys/class/net').some(
          (link) => !before.some((line) => line.startsWith(`link ${link}:`)),
        ),
      'with a daemon that does not answer yet': () => engineProcesses(layout).length > 0,
      'with a containerd': () =>
        engineProcesses(layout).some(({ argv }) => argv[0]?.endsWith('containerd')),
    };

    test.each(Object.keys(MOMENTS))('dit is killed %s', async (moment) => {
      const folder = mkdtempSync(join(tmpdir(), 'dit-engine-'));
      const script = join(folder, 'start.mjs');
      const module = new URL('../../src/engine/private/private-engine.ts', import.meta.url).href;
      writeFileSync(
        script,
        `import { startEngine } from ${JSON.stringify(module)};
       await startEngine({ name: ${JSON.stringify(name)} });`,
      );
      try {
        const starter = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), script]);
        const ended = once(starter, 'exit');
        await eventually(() => MOMENTS[moment]?.() || undefined);
        starter.kill('SIGKILL');
        await ended;
      } finally {
        rmSync(folder, { recursive: true });
      }
      await stopEngine({ name, purge: true });
      expect(engineProcesses(layout)).toEqual([]);
      expect(existsSync(layout.runDir)).toBe(false);
      expect(await changesThatStay(before)).toEqual([]);
    });

    test('a bridge that did not get its mark any more goes; another’s of that name stays', async () => {
      const bridge = 'dit-half';
      const add = () => execFileSync('ip', ['link', 'add', 'name', bridge, 'type', 'bridge']);
      const remember = async (): Promise<void> => {
        mkdirSync(layout.runDir, { recursive: true });
        mkdirSync(layout.dataRoot, { recursive: true });
        const cgroupParent = cgroupParentOf(layout);
        await writeState(layout, { dataRoot: layout.dataRoot, cgroupParent, bridge });
      };
      try {
        await remember();
        add();
        await stopEngine({ name });
        expect(readdirSync('/sys/class/net')).not.toContain(bridge);
        await remember();
        add();
        execFileSync('ip', ['link', 'set', 'dev', bridge, 'alias', 'somebody’s']);
        await stopEngine({ name });
        expect(readdirSync('/sys/class/net')).toContain(bridge);
      } finally {
        if (readdirSync('/sys/class/net').includes(bridge))
          execFileSync('ip', ['link', 'delete', bridge]);
      }
    });
  },
);
