/** Namespaces: what proves one, what it costs, and what is said of both. */
import { describe, expect, test } from 'vitest';
import { resultOf } from '../../../../src/checks/contract/check.js';
import {
  agreementOf,
  judgeNamespaces,
  type NamespaceCostFacts,
  type Proof,
  proveNamespaces,
} from '../../../../src/checks/namespaces/judge.js';
import { namespacesText } from '../../../../src/checks/namespaces/text.js';
import { NAMESPACES, type NamespaceView, viewOf } from '../../../../src/checks/namespaces/view.js';
import { costsOf, type NamespaceCall, namespaceCalls } from '../../../../src/measure/namespaces.js';
import type { ContainerRun } from '../../../../src/model/trace/trace.js';
import { sampleTrace } from '../../../support/samples.js';
import { Stream } from '../../../support/stream.js';

const [NEWNS, NEWNET] = [0x20000, 0x40000000];

const links = (own: readonly string[], side: string): Map<string, string> =>
  new Map(NAMESPACES.map((kind) => [kind, `${kind}:[${own.includes(kind) ? side : 'host'}]`]));

const host: NamespaceView = viewOf(
  links([], 'host'),
  [
    'machine\n',
    '27 1 254:0 / / rw - ext4 /dev/vda rw\n28 27 0:5 / /dev rw - devtmpfs dev rw\n',
    'Inter-|   Receive\n face |bytes\n    lo: 1 2\n  eth0: 3 4\n',
    '       key      msqid perms\n         0         42   644 0 0 0 0\n',
    '         0          0 4294967295\n',
    '2:cpu:/user.slice\n0::/user.slice\n',
  ],
  ['1', '2', '3', '4', 'self', 'sys'],
);

const OWN = ['pid', 'uts', 'mnt', 'net', 'ipc'];
const container = (changes: Partial<NamespaceView> = {}, own = OWN): NamespaceView => ({
  links: links(own, 'own'),
  hostname: '8532cf669080',
  processes: 2,
  mounts: ['106 90 0:44 / / rw - overlay overlay rw'],
  interfaces: ['lo'],
  queues: [],
  uidMap: ['0 0 4294967295'],
  cgroups: ['/docker/85'],
  ...changes,
});

test('what /proc says is read as it is', () => {
  expect(host).toMatchObject({
    hostname: 'machine',
    processes: 4,
    interfaces: ['lo', 'eth0'],
    queues: ['42'],
    uidMap: ['0 0 4294967295'],
    cgroups: ['/user.slice', '/user.slice'],
  });
});

describe('a proof', () => {
  const of = (inside: NamespaceView, kind: string): Proof | undefined =>
    proveNamespaces({ inside, host, queue: '42' }).find((proof) => proof.kind === kind);

  test.each(OWN)('of %s: its own, and the host is not seen', (kind) => {
    expect(of(container(), kind)).toMatchObject({ own: true, holds: true });
  });

  test.each([
    ['pid', { processes: 4 }],
    ['uts', { hostname: 'machine' }],
    ['mnt', { mounts: host.mounts }],
    ['net', { interfaces: ['lo', 'eth0'] }],
    ['ipc', { queues: ['42'] }],
  ] as const)('of %s does not hold where the host is seen', (kind, changes) => {
    expect(of(container(changes), kind)).toMatchObject({ own: true, holds: false });
  });

  test("the host's own namespace promises nothing", () => {
    expect(of(container(), 'user')).toMatchObject({ own: false, holds: true });
    expect(of(container({ queues: ['42'] }, []), 'ipc')).toMatchObject({ own: false, holds: true });
  });

  test('nothing to look for is no proof', () => {
    const proofs = proveNamespaces({ inside: container(), host, queue: undefined });
    const ipc = proofs.find(({ kind }) => kind === 'ipc');
    expect(ipc).toBeDefined();
    expect(ipc?.holds).toBeUndefined();
  });
});

const call = (ns: number, ...kinds: string[]): NamespaceCall => ({ name: 'unshare', kinds, ns });
const facts = (startNs: number): NamespaceCostFacts => ({
  alone: {
    costs: [
      { kinds: ['net'], ns: [600], medianNs: 600 },
      { kinds: ['mnt', 'net'], ns: [900, 1100], medianNs: 1000 },
      { kinds: ['cgroup'], ns: [100], medianNs: 100 },
    ],
    source: 'ebpf',
    lost: 0,
  },
  starts: [
    [call(startNs - 100, 'net', 'mnt'), call(100, 'cgroup')],
    [call(startNs - 100, 'net', 'mnt'), call(100, 'cgroup')],
    [call(startNs * 50, 'net', 'mnt'), call(100, 'cgroup')],
  ],
  recorder: 'ebpf',
});

describe('the cost', () => {
  test('is the time inside unshare by the kinds that it names; failures and threads do not count', () => {
    const stream = new Stream()
      .syscall('unshare', 0, 40, 9, 9, { arguments: [NEWNET] })
      .syscall('unshare', 50, 110, 9, 9, { arguments: [NEWNET] })
      .syscall('unshare', 120, 420, 9, 9, { arguments: [NEWNET + NEWNS] })
      .syscall('unshare', 430, 440, 9, 9, { arguments: [NEWNS], result: -1 })
      .syscall('unshare', 450, 460, 9, 9, { arguments: [0x200] })
      .syscall('clone', 470, 490, 9, 9, { arguments: [NEWNET], result: 10 });
    const costs = costsOf(stream, [['net'], ['mnt', 'net'], ['mnt']]);
    expect(costs.map(({ ns }) => ns)).toEqual([[40, 60], [300], []]);
    expect(costs[0]?.medianNs).toBe(50);
    expect(costs[2]?.medianNs).toBeNaN();
  });

  test.each(['docker-20.10/none.dit', 'docker-28.5/none.dit'])('of a start in %s', (sample) => {
    const trace = sampleTrace(sample);
    const calls = namespaceCalls(trace, trace.runs[0] as ContainerRun);
    expect(calls.flatMap(({ kinds }) => kinds)).toEqual(
      expect.arrayContaining(['mnt', 'uts', 'ipc', 'pid', 'net']),
    );
    for (const { ns } of calls) expect(ns).toBeGreaterThan(0);
  });

  test('a start is held against the same sets made alone; one slow start decides nothing', () => {
    expect(agreementOf(facts(1650))).toEqual({ startNs: 1650, aloneNs: 1100, ratio: 1.5 });
    expect(agreementOf({ ...facts(1650), starts: [[]] })).toBeUndefined();
    expect(agreementOf({ ...facts(1650), starts: [[call(9, 'pid')]] })).toBeUndefined();
  });
});

describe('the verdict', () => {
  const result = (inside: NamespaceView, cost: NamespaceCostFacts | undefined, notMeasured = '') =>
    resultOf(
      { judge: judgeNamespaces, text: namespacesText },
      { views: { inside, host, queue: '42' }, cost, notMeasured, pidLine: 'NSpid: 4711 1' },
    );

  test('pass, with the kinds that are shared as findings', () => {
    const said = result(container(), facts(1650));
    expect(said.verdict).toBe('pass');
    expect(said.findings.map(({ id }) => id)).toEqual([
      'shared-user-namespace',
      'shared-cgroup-namespace',
    ]);
    expect(said.evidence.join('\n')).toContain('NSpid: 4711 1');
    expect(said.evidence).toContain(
      "net: net:[own], the host's net:[host]; interfaces inside: lo; on the host: lo, eth0",
    );
  });

  test('has the kinds as data', () => {
    const views = { inside: container({ queues: ['42'] }, OWN.slice(1)), host, queue: '42' };
    const judged = judgeNamespaces({ views, cost: undefined, notMeasured: '', pidLine: '' });
    expect(judged).toMatchObject({
      verdict: 'fail',
      reason: { kind: 'not isolated', shared: ['pid'], leaking: ['ipc'] },
    });
    expect(judged.findings.map(({ kind, severity }) => [kind, severity])).toEqual([
      ['pid', 'high'],
      ['user', 'low'],
      ['cgroup', 'info'],
    ]);
  });

  test('fail where the container sees the host, or shares what it should not', () => {
    expect(result(container({ queues: ['42'] }), facts(1650)).verdict).toBe('fail');
    const shared = result(container({}, ['uts', 'mnt', 'net', 'ipc']), facts(1650));
    expect(shared).toMatchObject({ verdict: 'fail', reason: expect.stringContaining('pid') });
  });

  test('warn where the two measurements are further apart than twice, either way, or there is none', () => {
    expect(result(container(), facts(2300)).verdict).toBe('warn');
    expect(result(container(), facts(500)).verdict).toBe('warn');
    const said = result(container(), undefined, 'no eBPF here');
    expect(said).toMatchObject({
      verdict: 'warn',
      reason: expect.stringContaining('no eBPF here'),
    });
  });
});
