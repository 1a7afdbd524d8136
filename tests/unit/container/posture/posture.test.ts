import type Dockerode from 'dockerode';
import { describe, expect, test } from 'vitest';
import { HARDENED } from '../../../../src/checks/security/check.js';
import {
  mountLines,
  unmaskedPaths,
  writableKernelPaths,
} from '../../../../src/container/mounts/mount-lines.js';
import {
  type KernelFiles,
  type Posture,
  postureOf,
} from '../../../../src/container/posture/posture.js';
import { findingsOf } from '../../../../src/container/posture/posture-rules.js';
import {
  CAPABILITY_NAMES,
  DEFAULT_CAPABILITIES,
  decodeCapabilities,
} from '../../../../src/container/process/capability-names.js';

const everywhere = (): boolean => true;

const inspected = (
  host: Record<string, unknown>,
  more: Record<string, unknown> = {},
): Dockerode.ContainerInspectInfo =>
  ({
    Name: '/web',
    Config: { User: '' },
    HostConfig: host,
    Mounts: [],
    ...more,
  }) as unknown as Dockerode.ContainerInspectInfo;

const hardened = inspected(HARDENED.HostConfig, { Config: { User: HARDENED.User } });

const idsOf = (posture: Posture, sockets: readonly string[] = []): string[] => [
  ...new Set(findingsOf([posture], { sockets }).map(({ id }) => id)),
];

describe('capabilities', () => {
  test("Docker's default mask is its fourteen names", () => {
    expect(decodeCapabilities('00000000a80425fb')).toEqual(DEFAULT_CAPABILITIES);
  });

  test('a full mask is every name, and what newer kernels add is told by its bit', () => {
    expect(decodeCapabilities('000001ffffffffff')).toEqual(CAPABILITY_NAMES);
    expect(decodeCapabilities('0000020000200000')).toEqual(['SYS_ADMIN', 'bit 41']);
  });

  test('no mask is none', () => {
    expect(decodeCapabilities('0000000000000000')).toEqual([]);
    expect(decodeCapabilities('')).toEqual([]);
    expect(decodeCapabilities('xyz')).toEqual([]);
  });
});

/** Of a container of Docker 28 on a kernel with cgroup version 1, shortened. */
const MOUNTS = `500 400 0:60 / / ro,relatime - overlay overlay rw,lowerdir=/l
501 500 0:61 / /proc rw,nosuid,nodev,noexec,relatime - proc proc rw
502 500 0:62 / /dev rw,nosuid - tmpfs tmpfs rw,size=65536k,mode=755
505 500 0:22 / /sys ro,nosuid,nodev,noexec,relatime - sysfs sysfs ro
506 505 0:65 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime - tmpfs tmpfs rw,mode=755
507 506 0:29 /docker/ab /sys/fs/cgroup/cpu ro,nosuid - cgroup cgroup rw,cpu
508 501 0:61 /sys /proc/sys ro,nosuid,nodev,noexec,relatime - proc proc rw
509 501 0:61 /bus /proc/bus ro,relatime - proc proc rw
510 501 0:61 /fs /proc/fs ro,relatime - proc proc rw
511 501 0:61 /irq /proc/irq ro,relatime - proc proc rw
512 501 0:61 /sysrq-trigger /proc/sysrq-trigger ro,relatime - proc proc rw
513 501 0:66 / /proc/acpi ro,relatime - tmpfs tmpfs ro
514 501 0:62 /null /proc/kcore rw,nosuid - tmpfs tmpfs rw,size=65536k,mode=755
515 505 0:67 / /sys/firmware ro,relatime - tmpfs tmpfs ro
516 500 0:19 /docker.sock /tmp/a\\040b rw - tmpfs tmpfs rw`;

describe('mounts', () => {
  const mounts = mountLines(MOUNTS);

  test('are read with their blanks', () => {
    expect(mounts.at(-1)).toEqual({
      root: '/docker.sock',
      target: '/tmp/a b',
      type: 'tmpfs',
      readOnly: false,
    });
  });

  test('that are read-only leave nothing of the kernel to write', () => {
    expect(writableKernelPaths(mounts, everywhere)).toEqual([]);
    const open = mounts.filter(({ target }) => target !== '/proc/sys');
    expect(writableKernelPaths(open, everywhere)).toEqual(['/proc/sys']);
    expect(writableKernelPaths(open, (path) => path !== '/proc/sys')).toEqual([]);
  });

  test('of cgroups and of /sys that can be written to are named', () => {
    const open = mounts.map((mount) => ({ ...mount, readOnly: false }));
    expect(writableKernelPaths(open, everywhere)).toEqual(
      expect.arrayContaining(['/sys', '/sys/fs/cgroup/cpu', '/proc/sysrq-trigger']),
    );
  });

  test('over the kernel’s files mask them', () => {
    expect(unmaskedPaths(mounts, (path) => path === '/proc/kcore')).toEqual([]);
    expect(unmaskedPaths(mounts, everywhere)).toContain('/proc/keys');
    // Nothing of the kernel's is there where its file systems are not mounted.
    expect(unmaskedPaths(mounts.slice(0, 1), everywhere)).toEqual([]);
  });
});

const kernel = (more: Partial<KernelFiles> = {}): KernelFiles => ({
  status: `Name:\tsleep
Uid:\t65534\t65534\t65534\t65534
CapEff:\t0000000000000000
CapBnd:\t0000000000000000
NoNewPrivs:\t1
Seccomp:\t2
Seccomp_filters:\t1`,
  profile: undefined,
  uidMap: '         0          0 4294967295\n',
  mountInfo: MOUNTS.split('\n').slice(0, -1).join('\n'),
  hostNamespaces: [],
  devices: [],
  pidsMax: '64',
  memoryMax: '67108864',
  hasPath: (path) => MOUNTS.includes(` ${path} `),
  ...more,
});

describe('a posture', () => {
  test('by the kernel: the hardened container has no finding', () => {
    const posture = postureOf(hardened, [], kernel());
    expect(posture).toMatchObject({
      certainty: 'exact',
      userId: 65534,
      seccompMode: 2,
      seccompFilters: 1,
      readOnlyRoot: true,
    });
    expect(idsOf(posture)).toEqual([]);
    expect(posture.evidence).toContain('CapEff: 0000000000000000');
  });

  test('by the engine alone: the hardened container has no finding', () => {
    const posture = postureOf(hardened, [], undefined);
    expect(posture.certainty).toBe('inferred');
    expect(idsOf(posture)).toEqual([]);
  });

  test('the kernel’s word counts more than what the engine was asked for', () => {
    const status = kernel().status.replace(/CapEff:.*/, 'CapEff:\t0000000000200000');
    expect(idsOf(postureOf(hardened, [], kernel({ status })))).toEqual(['powerful-capability']);
  });

  test.each<[string, Partial<KernelFiles>]>([
    ['security-module-off', { profile: 'unconfined' }],
    ['security-module-off', { profile: 'docker-default (complain)' }],
    ['security-module-off', { profile: 'system_u:system_r:spc_t:s0' }],
    ['no-pids-limit', { pidsMax: 'max' }],
    ['no-memory-limit', { memoryMax: '9223372036854771712' }],
    ['no-memory-limit', { memoryMax: 'max' }],
    ['host-network', { hostNamespaces: ['net'] }],
    ['devices', { devices: [{ path: '/dev/vda', kind: 'block' }] }],
    ['engine-socket', { mountInfo: MOUNTS }],
  ])('%s is seen in the kernel’s files', (id, files) => {
    expect(idsOf(postureOf(hardened, [], kernel(files)))).toEqual([id]);
  });

  test.each([
    'docker-default (enforce)',
    'system_u:system_r:container_t:s0:c1,c2',
  ])('a process is confined by "%s"', (profile) => {
    expect(idsOf(postureOf(hardened, [], kernel({ profile })))).toEqual([]);
  });

  test('root of a user namespace is somebody else outside', () => {
    const status = kernel().status.replace(/Uid:.*/, 'Uid:\t100000\t100000\t100000\t100000');
    const posture = postureOf(hardened, [], kernel({ status, uidMap: '0 100000 65536\n' }));
    expect(posture.innerUserId).toBe(0);
    expect(findingsOf([posture], { sockets: [] })).toMatchObject([
      { id: 'root-user', severity: 'low' },
    ]);
  });

  test.each<[string, Record<string, unknown>]>([
    ['privileged', { Privileged: true }],
    ['powerful-capability', { CapAdd: ['CAP_SYS_ADMIN'] }],
    ['default-capabilities', { CapDrop: null }],
    ['seccomp-off', { SecurityOpt: ['no-new-privileges', 'seccomp=unconfined'] }],
    ['new-privileges', { SecurityOpt: null }],
    ['host-pid', { PidMode: 'host' }],
    ['host-cgroup', { CgroupnsMode: 'host' }],
    ['writable-kernel-paths', { ReadonlyPaths: [] }],
    ['unmasked-kernel-paths', { MaskedPaths: [] }],
    ['devices', { Devices: [{ PathInContainer: '/dev/kmsg' }] }],
    ['writable-root', { ReadonlyRootfs: false }],
    ['no-pids-limit', { PidsLimit: null }],
    ['no-memory-limit', { Memory: 0 }],
  ])('%s is seen in what the engine was asked for', (id, host) => {
    const changed = inspected(
      { ...HARDENED.HostConfig, ...host },
      { Config: { User: HARDENED.User } },
    );
    expect(idsOf(postureOf(changed, [], undefined))).toContain(id);
  });
});

describe('mounts of the machine', () => {
  const withMount = (source: string, writable: boolean): Posture => ({
    ...postureOf(hardened, [], kernel()),
    mounts: [{ source, target: '/x', writable }],
  });
  const severityOf = (source: string, writable: boolean): string | undefined =>
    findingsOf([withMount(source, writable)], { sockets: [] })[0]?.severity;

  test.each([
    ['/', false, 'high'],
    ['/etc', true, 'high'],
    ['/etc', false, 'medium'],
    ['/etc/nginx', true, 'medium'],
    ['/etc/localtime', false, undefined],
    ['/etc/kubernetes/pki', false, 'high'],
    ['/var/run', true, 'high'],
    ['/var/lib/docker/volumes', true, 'high'],
    ['/srv/data', true, undefined],
    ['/etcetera', true, undefined],
    ['/home/me/project', true, undefined],
  ])('%s, writable: %s, is %s', (source, writable, severity) => {
    expect(severityOf(source, writable)).toBe(severity);
  });

  test.each([
    '/var/run/docker.sock',
    '/run/containerd/containerd.sock',
    '/run/own/engine.sock',
    '/run/own',
  ])('%s is a way to an engine, read-only or not', (source) => {
    expect(idsOf(withMount(source, false), ['/run/own/engine.sock'])).toEqual(['engine-socket']);
  });

  const ofVolume = (Options: Record<string, string> | null, RW = true, Driver = 'local') =>
    postureOf(
      inspected(HARDENED.HostConfig, {
        Config: { User: HARDENED.User },
        Mounts: [{ Type: 'volume', Name: 'v', Source: '/a/_data', Destination: '/x', Driver, RW }],
      }),
      [{ Name: 'v', Driver, Options }],
      kernel(),
    );

  test.each([
    [{ type: 'none', o: 'bind', device: '/' }, true, { source: '/', writable: true }],
    [{ type: 'none', o: 'rw,rbind', device: '/etc/' }, true, { source: '/etc', writable: true }],
    [{ type: 'none', o: 'bind,ro', device: '/etc' }, true, { source: '/etc', writable: false }],
    [{ type: 'none', o: 'bind', device: '/etc' }, false, { source: '/etc', writable: false }],
  ])('a volume that is one counts as one: %j, writable: %s', (options, writable, bound) => {
    const posture = ofVolume(options, writable);
    expect(posture.mounts).toEqual([{ target: '/x', ...bound }]);
    expect(idsOf(posture)).toEqual(['sensitive-mount']);
  });

  test.each([
    [null, 'local'],
    [{ type: 'tmpfs', device: 'tmpfs', o: 'size=1m' }, 'local'],
    [{ o: 'bind', device: '/' }, 'a/plugin'],
  ])('other volumes are none: %j of %s', (options, driver) => {
    expect(ofVolume(options, true, driver).mounts).toEqual([]);
  });

  test('a socket that is no engine’s is not', () => {
    expect(idsOf(withMount('/run/postgresql/.s.PGSQL.5432', true))).toEqual([]);
  });
});

describe('findings', () => {
  const named = (name: string): Posture => ({
    ...postureOf(hardened, [], kernel({ hostNamespaces: ['pid', 'uts'] })),
    name,
  });

  test('are the worst first, and containers share what is the same', () => {
    const many = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map(named);
    expect(findingsOf(many, { sockets: [] })).toMatchObject([
      {
        severity: 'high',
        id: 'host-pid',
        containers: ['a', 'b', 'c', 'd', 'e', 'f', 'g'],
      },
      { severity: 'low', id: 'host-uts' },
    ]);
  });

  test('of a privileged user count more where they are effective than where they cannot be gained', () => {
    const base = postureOf(hardened, [], kernel());
    const severities = [
      { ...base, effective: ['SYS_ADMIN'], bounding: ['SYS_ADMIN'] },
      { ...base, bounding: ['SYS_ADMIN'], noNewPrivileges: false },
      { ...base, bounding: ['SYS_ADMIN'] },
    ].map((posture) => findingsOf([posture], { sockets: [] })[0]?.severity);
    expect(severities).toEqual(['high', 'medium', 'low']);
  });
});
