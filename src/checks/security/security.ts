/** The security test: what the default container, a hardened one and every container that runs may do to the machine. */

import { existsSync } from 'node:fs';
import type Dockerode from 'dockerode';
import { quoting, raw } from '../../base/foreign.js';
import type { Posture } from '../../container/posture/posture.js';
import { findingsOf, type Machine } from '../../container/posture/posture-rules.js';
import { readPosture } from '../../container/posture/read-posture.js';
import { RUN_LABEL } from '../../engine/owner-labels.js';
import type { MeasureContext } from '../../measure/context.js';
import { type ContainerOptions, containerEnded } from '../../measure/sandbox/sandbox.js';
import type { CheckFinding, CheckResult, Figure } from '../../model/checks/check.js';
import type { Check } from '../contract/check.js';

export const securityCheck: Check = {
  name: 'security',
  shows: 'what containers may do to the machine: the default one, a hardened one, those that run',
  thresholds:
    'fail: a running container or the default one has a finding of severity high (a way to the machine), or the hardened one has any (the engine does not enforce what it is asked for); ' +
    'warn: a running container has one of severity medium (a layer of defence is gone); ' +
    'findings of severity low, and what the default container has of medium, do not count',
  run,
};

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

const STAYS = ['sleep', '300'];

async function run(context: MeasureContext): Promise<CheckResult> {
  const { docker, seesKernel, sandbox, image, signal, say } = context;
  const machine = { sockets: seesKernel ? engineSockets(context) : [] };
  // Another dit may be testing too.
  const listed = (await docker.listContainers()).filter(({ Labels }) => !(RUN_LABEL in Labels));
  const running: Posture[] = [];
  for (const [index, { Id }] of listed.entries()) {
    signal.throwIfAborted();
    if (index % 20 === 0) say(`reading container ${index + 1} of ${listed.length}`);
    const posture = await readPosture(docker, Id, seesKernel);
    if (posture !== undefined) running.push(posture);
  }
  say('starting the default container and a hardened one');
  const own = async (name: string, options: Partial<ContainerOptions>): Promise<Posture> => {
    signal.throwIfAborted();
    const { id } = await sandbox.start({ ...options, Image: image, Cmd: STAYS }, 'posture');
    const posture = await readPosture(docker, id, seesKernel);
    if (posture === undefined) throw containerEnded(STAYS);
    return { ...posture, name };
  };
  const byDefault = await own('the default container', {});
  const hardened = await own('the hardened container', HARDENED);
  return resultOf({ running, byDefault, hardened, machine, seesKernel });
}

/** @throws nothing */
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

interface Seen {
  readonly running: readonly Posture[];
  readonly byDefault: Posture;
  readonly hardened: Posture;
  readonly machine: Machine;
  readonly seesKernel: boolean;
}

function resultOf({ running, byDefault, hardened, machine, seesKernel }: Seen): CheckResult {
  const ofRunning = findingsOf(running, machine);
  const ofDefault = findingsOf([byDefault], machine);
  const ofHardened = findingsOf([hardened], machine);
  const all = [byDefault, hardened, ...running];
  return {
    ...verdictOf(ofRunning, ofDefault, ofHardened, running.length),
    figures: all.flatMap((posture) => figuresOf(posture, machine)),
    findings: [...findingsOf(all, machine), ...(seesKernel ? [] : [LEFT_OUT])],
    evidence: all.flatMap((posture) => [
      ...posture.evidence.map((line) => `${posture.name}: ${line}`),
      `${posture.name}: effective: ${posture.effective.join(' ') || 'none'}`,
      `${posture.name}: bounding: ${posture.bounding.join(' ') || 'none'}`,
    ]),
  };
}

const LEFT_OUT: CheckFinding = {
  severity: 'info',
  id: 'engine-only',
  title:
    "the kernel's files of the containers are out of reach: this is what the engine was asked for, without masks, filters, mounts and devices as they are",
  remedy: "run dit as root on the engine's machine",
};

type Verdict = Pick<CheckResult, 'verdict' | 'reason' | 'remedy'>;

/** @param count of running containers */
export function verdictOf(
  ofRunning: readonly CheckFinding[],
  ofDefault: readonly CheckFinding[],
  ofHardened: readonly CheckFinding[],
  count: number,
): Verdict {
  const high = (findings: readonly CheckFinding[]): CheckFinding[] =>
    findings.filter(({ severity }) => severity === 'high');
  const [enforced] = ofHardened;
  if (enforced !== undefined) {
    return {
      verdict: 'fail',
      reason: quoting`the engine does not enforce what it is asked for: ${enforced.title}`,
      remedy: 'see the options of the engine and of its default runtime: docker info',
    };
  }
  const [worst] = [...high(ofRunning), ...high(ofDefault)];
  if (worst !== undefined) {
    const others = high(ofRunning).length + high(ofDefault).length - 1;
    return {
      verdict: 'fail',
      reason: quoting`a container can take over the host: ${worst.title}${others > 0 ? `, and ${others} more` : ''}`,
      remedy: worst.remedy,
    };
  }
  const medium = ofRunning.filter(({ severity }) => severity === 'medium');
  const [first] = medium;
  if (first !== undefined) {
    return {
      verdict: 'warn',
      reason: quoting`in running containers ${medium.length} ${medium.length === 1 ? 'layer of defence is' : 'layers of defence are'} gone: ${first.title}${medium.length > 1 ? ' …' : ''}`,
      remedy: first.remedy,
    };
  }
  return {
    verdict: 'pass',
    reason: `the hardened container has no finding; ${count === 0 ? 'no other container runs' : `the ${count} running have none above low`}; the default one has ${ofDefault.length}`,
    remedy: '',
  };
}

function figuresOf(posture: Posture, machine: Machine): Figure[] {
  const exact = posture.certainty === 'exact';
  const source = exact ? 'CapEff and CapBnd of /proc/PID/status' : "the engine's inspection";
  const common = { unit: 'count' as const, certainty: posture.certainty, group: posture.name };
  const findings = findingsOf([posture], machine);
  const count = (severity: CheckFinding['severity']): Figure => ({
    ...common,
    name: `findings of severity ${severity}`,
    value: findings.filter((finding) => finding.severity === severity).length,
    source: 'the rules of this test',
  });
  const { seccompFilters } = posture;
  return [
    { ...common, name: 'effective capabilities', value: posture.effective.length, source },
    { ...common, name: 'bounding capabilities', value: posture.bounding.length, source },
    ...(seccompFilters === undefined
      ? []
      : [
          {
            ...common,
            name: 'seccomp filters',
            value: seccompFilters,
            source: 'Seccomp_filters of /proc/PID/status',
          },
        ]),
    count('high'),
    count('medium'),
    count('low'),
  ];
}
