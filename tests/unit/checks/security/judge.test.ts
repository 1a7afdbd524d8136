/** What findings of postures make of the security test, and their words. */
import { describe, expect, test } from 'vitest';
import { resultOf } from '../../../../src/checks/contract/check.js';
import {
  judgeSecurity,
  type SecurityFacts,
  verdictOf,
} from '../../../../src/checks/security/judge.js';
import { securityText } from '../../../../src/checks/security/text.js';
import { weaknessText } from '../../../../src/checks/security/weakness-text.js';
import { type Posture, postureOf } from '../../../../src/container/posture/posture.js';
import {
  findingsOf,
  type PostureFinding,
  RULES,
} from '../../../../src/container/posture/posture-rules.js';

const strong: Posture = {
  name: 'web',
  certainty: 'exact',
  privileged: false,
  userId: 65534,
  innerUserId: 65534,
  effective: [],
  bounding: [],
  noNewPrivileges: true,
  seccompMode: 2,
  seccompFilters: 1,
  profile: undefined,
  hostNamespaces: [],
  mounts: [],
  devices: [],
  writableKernelPaths: [],
  unmaskedKernelPaths: [],
  readOnlyRoot: true,
  hasPidsLimit: true,
  hasMemoryLimit: true,
  evidence: [],
};
const textOf = (more: Partial<Posture>): string =>
  findingsOf([{ ...strong, ...more }], { sockets: [] })
    .map((finding) => weaknessText(finding).title)
    .join('\n');

describe('the verdict', () => {
  const [high] = findingsOf([{ ...strong, privileged: true }], { sockets: [] });
  const [medium] = findingsOf([{ ...strong, seccompMode: 0 }], { sockets: [] });
  const [low] = findingsOf([{ ...strong, readOnlyRoot: false }], { sockets: [] });
  const given = { high, medium, low } as Record<'high' | 'medium' | 'low', PostureFinding>;

  test.each([
    ['pass', ['low'], ['medium'], []],
    ['warn', ['medium', 'low'], [], []],
    ['fail', ['high'], [], []],
    ['fail', [], ['high'], []],
    ['fail', [], [], ['low']],
  ] as const)('%s', (verdict, running, byDefault, hardened) => {
    const found = (severities: readonly ('high' | 'medium' | 'low')[]) =>
      severities.map((severity) => given[severity]);
    expect(given.high.severity + given.medium.severity + given.low.severity).toBe('highmediumlow');
    expect(
      verdictOf({
        running: found(running),
        byDefault: found(byDefault),
        hardened: found(hardened),
        count: 3,
      }).verdict,
    ).toBe(verdict);
  });

  const report = (more: Partial<SecurityFacts>) =>
    resultOf(
      { judge: judgeSecurity, text: securityText },
      {
        running: [],
        byDefault: { ...strong, name: 'the default container', readOnlyRoot: false },
        hardened: { ...strong, name: 'the hardened container' },
        machine: { sockets: [] },
        seesKernel: true,
        ...more,
      },
    );

  test('of nothing above low counts what there is', () => {
    expect(report({})).toMatchObject({
      verdict: 'pass',
      reason:
        'the hardened container has no finding; no other container runs; the default one has 1',
    });
    expect(report({ running: [strong, strong] }).reason).toContain(
      'the 2 running have none above low',
    );
  });

  test('of a way to the host names the worst, and what to do about it', () => {
    const bad = { ...strong, name: 'db', privileged: true, hostNamespaces: ['pid'] };
    expect(report({ running: [bad] })).toMatchObject({
      verdict: 'fail',
      reason:
        'a container can take over the host: db: is privileged: root in it is root on the host, and 1 more',
      remedy: expect.stringMatching(/^leave out --privileged/),
    });
  });

  test('of missing layers of defence counts them', () => {
    const open = { ...strong, seccompMode: 0, profile: 'unconfined' };
    expect(report({ running: [open] })).toMatchObject({
      verdict: 'warn',
      reason:
        'in running containers 2 layers of defence are missing: web: may make every syscall: seccomp is off …',
    });
  });

  test('of a hardened container that is not, whatever is missing', () => {
    expect(report({ hardened: { ...strong, name: 'it', readOnlyRoot: false } })).toMatchObject({
      verdict: 'fail',
      reason: 'the engine does not enforce what it is asked for: it: may change its own programs',
    });
  });

  test('by the engine alone is told as such', () => {
    expect(report({ seesKernel: false }).findings.map(({ id }) => id)).toEqual([
      'writable-root',
      'engine-only',
    ]);
  });
});

describe('the words of a weakness', () => {
  test('name a few containers and paths, and count the others', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    const many = names.map((name) => ({ ...strong, name, hostNamespaces: ['pid'] }));
    const [finding] = findingsOf(many, { sockets: [] });
    expect(finding && weaknessText(finding).title).toBe(
      "a, b, c, d, e and 2 more: sees all of the host's processes",
    );
    const devices = names.map((name) => ({ path: `/dev/${name}`, kind: 'block' as const }));
    expect(textOf({ devices })).toBe(
      'web: has devices of the host: /dev/a, /dev/b, /dev/c, /dev/d, /dev/e and 2 more',
    );
  });

  test('tell a capability that is effective from one that can be gained, and from one that cannot', () => {
    const bounding = ['SYS_TIME'];
    expect(textOf({ bounding, effective: bounding })).toContain('has SYS_TIME, which sets the');
    expect(textOf({ bounding, noNewPrivileges: false })).toContain('may gain SYS_TIME by a setuid');
    expect(textOf({ bounding })).toContain('although its user cannot gain it');
  });

  test("tell the host's root from that of a user namespace", () => {
    expect(textOf({ userId: 0, innerUserId: 0 })).toBe("web: runs as the host's root (uid 0)");
    expect(textOf({ userId: 100_000, innerUserId: 0 })).toBe(
      'web: runs as root, which is uid 100000 on the host',
    );
  });

  test('are there for every rule', () => {
    const all = postureOf(
      { Name: '/all', Config: {}, HostConfig: { Privileged: true } } as never,
      [],
      undefined,
    );
    const weak = {
      ...all,
      hostNamespaces: ['pid', 'net', 'ipc', 'uts', 'cgroup'],
      devices: [{ path: '/dev/sda', kind: 'block' as const }],
      mounts: [
        { source: '/run/docker.sock', target: '/s', writable: true },
        { source: '/etc', target: '/e', writable: true },
      ],
    };
    const found = findingsOf([weak], { sockets: [] });
    expect(new Set(found.map(({ id }) => id))).toEqual(new Set(Object.keys(RULES)));
    for (const finding of found) {
      const { title, remedy } = weaknessText(finding);
      expect(title).toMatch(/^all: [a-z].*[^.]$/);
      expect(remedy.length).toBeGreaterThan(10);
    }
  });
});
