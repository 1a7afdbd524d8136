/** Who is alive and who is not, seen from the same pid namespace, from outside, and from inside of one. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { isOrphan, ownerLabels } from '../../../../src/engine/owner-labels.js';
import { makeOwnFolder } from '../../../../src/platform/files/own-folder.js';
import { namespaceOf } from '../../../../src/platform/processes/pid-namespace.js';
import {
  hasEnded,
  identityOf,
  ownIdentity,
} from '../../../../src/platform/processes/process-identity.js';
import { processStat } from '../../../../src/platform/processes/process-table.js';
import { lacks } from '../../../support/requirements.js';

const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
const labelled = (owner: string) => ({ 'dev.dit.owner': owner });

const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

describe('a process in the same pid namespace', () => {
  it('lives, until it has ended', () => {
    const own = ownIdentity();
    expect(hasEnded(own)).toBe(false);
    expect(isOrphan(ownerLabels('0'.repeat(32)))).toBe(false);
    // This pid lives, but it began at another time: it has been given again.
    expect(hasEnded({ ...own, startTicks: own.startTicks + 1 })).toBe(true);
    const { pid } = spawnSync('true');
    expect(hasEnded({ ...own, pid })).toBe(true);
  });
});

describe('labels', () => {
  it('of another boot, and of nobody, are not of an orphan', () => {
    const { pid, startTicks, namespace } = ownIdentity();
    const dead = `${pid}.${startTicks + 1}.${namespace}`;
    expect(isOrphan(labelled(`${boot}.${dead}`))).toBe(true);
    expect(isOrphan(labelled(`00000000-0000-0000-0000-000000000000.${dead}`))).toBe(false);
    for (const owner of [
      '',
      boot,
      `${boot}.`,
      `${boot}.x.y.z`,
      `${boot}.-1.2.3`,
      `${boot}.1e9.1`,
    ]) {
      expect(isOrphan(labelled(owner))).toBe(false);
    }
    expect(isOrphan(undefined)).toBe(false);
    expect(identityOf('4711', '8154')).toEqual({ pid: 4711, startTicks: 8154, namespace: 0 });
  });
});

/** The first process of a new pid namespace. */
async function inNamespace(): Promise<{ child: ChildProcess; outerPid: number }> {
  const child = spawn('unshare', ['--pid', '--fork', '--kill-child', 'sleep', '300'], {
    stdio: 'ignore',
  });
  started.push(child);
  const outerPid = await vi.waitUntil(
    () => {
      const children = `/proc/${child.pid}/task/${child.pid}/children`;
      const pid = Number(readFileSync(children, 'utf8').trim() || 0);
      return pid !== 0 && processStat(pid)?.comm === 'sleep' ? pid : undefined;
    },
    { timeout: 15_000 },
  );
  return { child, outerPid };
}

describe.skipIf(lacks('root'))('a process in a pid namespace of its own', () => {
  it('lives, seen from outside, whatever has its number here; then it has ended', async () => {
    const { child, outerPid } = await inNamespace();
    const namespace = namespaceOf(outerPid, 'pid') as number;
    const startTicks = processStat(outerPid)?.startTicks as number;
    expect(namespace).not.toBe(ownIdentity().namespace);
    const container = `${boot}.1.${startTicks}`;
    expect(isOrphan(labelled(`${container}.${namespace}`))).toBe(false);
    // As an earlier dit labels what it makes.
    expect(isOrphan(labelled(container))).toBe(false);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await vi.waitUntil(() => processStat(outerPid) === undefined, { timeout: 15_000 });
    expect(isOrphan(labelled(`${container}.${namespace}`))).toBe(true);
    expect(isOrphan(labelled(container))).toBe(true);
  });

  it('does not take those outside for dead, nor their folders', () => {
    const below = mkdtempSync(join(tmpdir(), 'dit-identity-'));
    try {
      const kept = makeOwnFolder(below, 'io');
      const program = `
        const { hasEnded } = await import('./src/platform/processes/process-identity.ts');
        const { makeOwnFolder } = await import('./src/platform/files/own-folder.ts');
        const { isOrphan } = await import('./src/engine/owner-labels.ts');
        makeOwnFolder(${JSON.stringify(below)}, 'io');
        const { pid, startTicks } = ${JSON.stringify(ownIdentity())};
        console.log(JSON.stringify([
          hasEnded(${JSON.stringify(ownIdentity())}),
          isOrphan(${JSON.stringify(ownerLabels('0'.repeat(32)))}),
          hasEnded({ pid, startTicks, namespace: 0 }),
        ]));`;
      const node = [process.execPath, '--import', 'tsx', '--input-type=module', '--eval', program];
      const { stdout, stderr } = spawnSync(
        'unshare',
        ['--pid', '--fork', '--mount-proc', ...node],
        {
          encoding: 'utf8',
        },
      );
      expect({ stdout, stderr }).toEqual({ stdout: '[false,false,false]\n', stderr: '' });
      expect(readdirSync(below)).toHaveLength(2);
      expect(readdirSync(below).map((name) => join(below, name))).toContain(kept);
    } finally {
      rmSync(below, { recursive: true });
    }
  });
});
