/** The words of the security test. */

import type { Foreign } from '../../base/foreign.js';
import { quoting } from '../../base/foreign.js';
import type { Posture } from '../../container/posture/posture.js';
import { findingsOf, type Machine } from '../../container/posture/posture-rules.js';
import type { Figure, Severity } from '../../model/checks/check.js';
import type { CheckFindingText, CheckText, ReasonText } from '../contract/check.js';
import type { SecurityFacts, SecurityFinding, SecurityReason } from './judge.js';
import { weaknessText } from './weakness-text.js';

export const securityText: CheckText<SecurityFacts, SecurityReason, SecurityFinding> = {
  shows: 'what containers may do to the host: the default one, a hardened one, those that run',
  thresholds:
    'fail: a running container or the default one has a finding of severity high (it can take over the host), or the hardened one has any (the engine does not enforce what it is asked for); ' +
    'warn: a running container has one of severity medium (a layer of defence is missing); ' +
    'findings of severity low, and those of severity medium in the default container, do not count',
  reason: reasonText,
  finding: findingText,
  figures: (facts) => allOf(facts).flatMap((posture) => figuresOf(posture, facts.machine)),
  evidence: (facts) => allOf(facts).flatMap(evidenceOf),
};

const allOf = ({ byDefault, hardened, running }: SecurityFacts): Posture[] => [
  byDefault,
  hardened,
  ...running,
];

function reasonText(reason: SecurityReason): ReasonText {
  switch (reason.kind) {
    case 'not enforced':
      return {
        reason: quoting`the engine does not enforce what it is asked for: ${weaknessText(reason.finding).title}`,
        remedy: 'see the options of the engine and of its default runtime: docker info',
      };
    case 'way to the host': {
      const { title, remedy } = weaknessText(reason.finding);
      const more = reason.others > 0 ? `, and ${reason.others} more` : '';
      return { reason: quoting`a container can take over the host: ${title}${more}`, remedy };
    }
    case 'defence missing': {
      const { count, finding } = reason;
      const { title, remedy } = weaknessText(finding);
      const missing = count === 1 ? 'layer of defence is' : 'layers of defence are';
      return {
        reason: quoting`in running containers ${count} ${missing} missing: ${title}${count > 1 ? ' …' : ''}`,
        remedy,
      };
    }
    case 'nothing above low': {
      const { running, byDefault } = reason;
      const others =
        running === 0 ? 'no other container runs' : `the ${running} running have none above low`;
      return {
        reason: `the hardened container has no finding; ${others}; the default one has ${byDefault}`,
        remedy: '',
      };
    }
  }
}

function findingText(finding: SecurityFinding): CheckFindingText {
  if (finding.id !== 'engine-only') return weaknessText(finding);
  return {
    title:
      "the kernel's files of the containers cannot be read: this is what the engine was asked for, without masks, filters, mounts and devices as they are",
    remedy: "run dit as root on the engine's machine",
  };
}

const evidenceOf = ({ name, evidence, effective, bounding }: Posture): Foreign[] => [
  ...evidence.map((line) => quoting`${name}: ${line}`),
  quoting`${name}: effective: ${effective.join(' ') || 'none'}`,
  quoting`${name}: bounding: ${bounding.join(' ') || 'none'}`,
];

function figuresOf(posture: Posture, machine: Machine): Figure[] {
  const exact = posture.certainty === 'exact';
  const source = exact ? 'CapEff and CapBnd of /proc/PID/status' : "the engine's inspection";
  const common = { unit: 'count' as const, certainty: posture.certainty, group: posture.name };
  const findings = findingsOf([posture], machine);
  const count = (severity: Severity): Figure => ({
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
