/** What the strace source needs: strace, new enough, and the right to attach. Tried on a process of its own. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Feature } from '../../model/checks/feature.js';
import { examine } from '../../platform/examine.js';
import { startProgram } from '../../platform/processes/child-process.js';
import { attachStrace } from './attach.js';
import { findStrace } from './program.js';
import { straceFlags } from './syscall-lists.js';

/** linux/capability.h */
const CAP_SYS_PTRACE = 19;

export function straceFeature(): Promise<Feature> {
  return examine({ id: 'strace', title: 'strace', required: false, find: tryStrace });
}

async function tryStrace(): Promise<{ available: boolean; evidence: string; remedy: string }> {
  const program = await findStrace();
  const child = startProgram('sh', ['-c', 'read -r _'], {
    endedBy: 'its starter',
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const exited = once(child, 'exit');
  try {
    await once(child, 'spawn');
    const begin = performance.now();
    const tracer = await attachStrace(program, straceFlags('few'), [child.pid as number]);
    const attachedMs = performance.now() - begin;
    await tracer.stop();
    tracer.log.close();
    const evidence = `${program.version}, attached in ${attachedMs.toFixed(0)} ms`;
    // An engine is another user's process.
    const privileged = mayTraceOthers();
    return {
      available: privileged,
      evidence: privileged ? evidence : `${evidence} to a process of one's own, but to no other's`,
      remedy: 'run as root: sudo dit …, or give the capability CAP_SYS_PTRACE',
    };
  } finally {
    child.kill('SIGKILL');
    await exited;
  }
}

function mayTraceOthers(): boolean {
  const status = readFileSync('/proc/self/status', 'utf8');
  const mask = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`);
  return ((mask >> BigInt(CAP_SYS_PTRACE)) & 1n) === 1n;
}
