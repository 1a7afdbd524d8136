/** The words of the namespaces test. */

import { type Foreign, joinForeign, quoting } from '../../base/foreign.js';
import { NS_PER_MS } from '../../base/time.js';
import type { Figure } from '../../model/checks/check.js';
import type { CheckText, ReasonText } from '../contract/check.js';
import {
  type Agreement,
  agreementOf,
  type NamespaceCostFacts,
  type NamespacesFacts,
  type NamespacesFinding,
  type NamespacesReason,
  type Proof,
  proveNamespaces,
  rootMountId,
  THRESHOLDS,
  type Views,
} from './judge.js';
import type { NamespaceKind } from './view.js';

export const namespacesText: CheckText<NamespacesFacts, NamespacesReason, NamespacesFinding> = {
  shows:
    'which namespaces a container has for itself, what that keeps it from seeing, and what the kernel needs to make each of them',
  thresholds: `fails if a ${THRESHOLDS.expected.join(', ')} namespace is the host's, or if the container sees what its namespace should hide; warns if what a start spends making its namespaces differs by more than ${THRESHOLDS.mostRatio} times from the same ones made separately`,
  reason: reasonText,
  finding: ({ kind, views }) => ({
    title: quoting`the container shares the host's ${kind} namespace (${ISOLATES[kind]}): ${OBSERVED[kind](views)}`,
    remedy: REMEDIES[kind] ?? `do not run containers with the host's ${kind} namespace`,
  }),
  figures: figuresOf,
  evidence: evidenceOf,
};

const ISOLATES: Readonly<Record<NamespaceKind, string>> = {
  pid: 'processes',
  uts: 'host name',
  mnt: 'mounts',
  net: 'network interfaces, routes, ports',
  ipc: 'System V IPC objects, POSIX message queues',
  user: 'user and group ids, capabilities',
  cgroup: 'the names of cgroups above the container',
  time: 'the monotonic and the boot clock',
};

/** What was observed on both sides. */
const OBSERVED: Readonly<Record<NamespaceKind, (views: Views) => Foreign>> = {
  pid: ({ inside, host }) =>
    `${inside.processes} processes seen inside, ${host.processes} on the host`,
  uts: ({ inside, host }) =>
    quoting`named "${inside.hostname}" inside, "${host.hostname}" on the host`,
  mnt: ({ inside, host }) =>
    quoting`${inside.mounts.length} mounts inside, ${host.mounts.length} on the host; / is mount ${rootMountId(inside.mounts)} inside, ${rootMountId(host.mounts)} on the host`,
  net: ({ inside, host }) =>
    quoting`interfaces inside: ${joinForeign(inside.interfaces, ', ')}; on the host: ${joinForeign(host.interfaces, ', ')}`,
  ipc: ({ inside, host, queue }) => {
    if (queue === undefined) return 'no message queue could be made on the host to look for';
    const seen = ({ queues }: { readonly queues: readonly string[] }): string =>
      queues.includes(queue) ? 'seen' : 'not seen';
    return `message queue ${queue} was made on the host: ${seen(host)} there, ${seen(inside)} inside`;
  },
  user: ({ inside, host }) =>
    quoting`uid_map inside: ${joinForeign(inside.uidMap, ', ')}; on the host: ${joinForeign(host.uidMap, ', ')}`,
  cgroup: ({ inside }) => quoting`its own cgroup is called ${inside.cgroups.at(-1) ?? ''} inside`,
  time: () => 'engines do not make one',
};

const REMEDIES: Partial<Record<NamespaceKind, string>> = {
  user: 'run the engine with userns-remap, or rootless: then root inside is nobody on the host',
  cgroup: 'docker run --cgroupns private; with cgroup v2 it is the default',
};

function reasonText(reason: NamespacesReason): ReasonText {
  switch (reason.kind) {
    case 'kernel out of reach':
      return {
        reason: 'namespaces can be read only on the machine where the containers run, as root',
        remedy: "run it on the engine's own machine, as root",
      };
    case 'not isolated': {
      const { shared, leaking, views } = reason;
      return {
        reason: joinForeign(
          [
            ...shared.map((kind) => `the ${kind} namespace is the host's`),
            ...leaking.map(
              (kind) => quoting`the ${kind} namespace hides nothing: ${OBSERVED[kind](views)}`,
            ),
          ],
          '; ',
        ),
        remedy: "look at the engine's default runtime and its configuration: docker info",
      };
    }
    case 'cost unknown':
      return {
        reason: quoting`${ownText(reason.own)}; what they cost is not known: ${reason.why || 'the recorded starts made none that could be made separately'}`,
        remedy: 'see what recording needs: dit doctor; unshare is part of util-linux',
      };
    case 'isolated at another cost':
      return {
        reason: `${ownText(reason.own)}; ${comparedText(reason.agreement)}, more than ${THRESHOLDS.mostRatio} times apart`,
        remedy:
          'run it again on an idle machine: namespaces that are just taken down delay new ones',
      };
    case 'isolated':
      return {
        reason: `${ownText(reason.own)}; ${comparedText(reason.agreement)}`,
        remedy: '',
      };
  }
}

const ownText = (own: readonly NamespaceKind[]): string =>
  `${own.length} namespaces of its own (${own.join(', ')}), each proved from inside`;

function comparedText({ startNs, aloneNs, ratio }: Agreement): string {
  const ms = (ns: number): string => (ns / NS_PER_MS).toFixed(2);
  return `a start spends ${ms(startNs)} ms making them, separately they take ${ms(aloneNs)} ms (${ratio.toFixed(2)} times)`;
}

function evidenceOf({ views, cost, notMeasured, pidLine }: NamespacesFacts): Foreign[] {
  return [
    ...proveNamespaces(views).map((proof) => proofLine(proof, views)),
    quoting`the container's first process, on the host and inside: ${pidLine}`,
    ...(cost?.starts[0] ?? []).map(
      ({ name, kinds, ns }) =>
        `a start: ${name} of ${kinds.join(', ')}: ${(ns / NS_PER_MS).toFixed(3)} ms in the kernel`,
    ),
    ...(notMeasured === '' ? [] : [quoting`cost: not measured: ${notMeasured}`]),
  ];
}

const proofLine = ({ kind, own, inside, host }: Proof, views: Views): Foreign =>
  quoting`${kind}: ${own ? `${inside}, the host's ${host}` : `the host's ${host}`}; ${OBSERVED[kind](views)}`;

function figuresOf({ views, cost }: NamespacesFacts): Figure[] {
  const agreement = cost && agreementOf(cost);
  return [
    {
      name: 'namespaces of its own',
      value: proveNamespaces(views).filter(({ own }) => own).length,
      unit: 'count',
      source: '/proc/PID/ns of the container and of the host',
      certainty: 'exact',
    },
    ...(cost === undefined ? [] : costFigures(cost)),
    ...(cost === undefined || agreement === undefined ? [] : agreementFigures(cost, agreement)),
  ];
}

function costFigures({ alone }: NamespaceCostFacts): Figure[] {
  return alone.costs
    .filter(({ ns }) => ns.length > 0)
    .map(({ kinds, ns, medianNs }) => ({
      name: kinds.join(', '),
      value: medianNs,
      unit: 'ns' as const,
      source: `inside unshare(2), recorded by ${alone.source}, median of ${ns.length}`,
      certainty: alone.lost > 0 ? 'inferred' : 'exact',
      group: 'making a namespace, in the kernel',
    }));
}

function agreementFigures(cost: NamespaceCostFacts, agreement: Agreement): Figure[] {
  const { starts, recorder, alone } = cost;
  const calls = [...new Set(starts.flat().map(({ name }) => name))].join(', ');
  const figure = (name: string, ns: number, source: Foreign): Figure => ({
    name,
    value: ns / NS_PER_MS,
    unit: 'ms',
    source,
    certainty: 'exact',
    group: 'namespaces of a start',
  });
  return [
    figure(
      `made by a start, median of ${starts.length}`,
      agreement.startNs,
      quoting`inside ${calls} of the runtime, recorded by ${recorder}`,
    ),
    figure(
      'the same made separately',
      agreement.aloneNs,
      `inside unshare(2), recorded by ${alone.source}`,
    ),
  ];
}
