/**
 * When dockerd sets a network up: it talks netlink, enters network namespaces, executes iptables. What it does
 * between two such steps that are close together belongs to them.
 */
import { raw } from '../../base/foreign.js';
import { namespacesOf } from '../../model/syscalls/syscall-view.js';
import { type RunView, viewCall } from '../view/run-view.js';

export interface Episode {
  readonly from: number;
  readonly to: number;
}

/** Steps further apart than this are two episodes. */
const GAP_NS = 3_000_000;
/** sizeof(struct sockaddr_nl): no other address family's address has this size. */
const NETLINK_ADDRESS_BYTES = 12;
const FIREWALL_TOOLS = /\/(ip6?tables|xtables|nft|ipset)[^/]*$/;

/** Disjoint, in time order. */
export function networkEpisodes(run: RunView): Episode[] {
  const steps: Episode[] = [];
  for (const call of run.calls) {
    if (call.actor !== 'dockerd' || !isNetworkStep(run, call)) continue;
    const end = run.activity.syscallEnd(call.row);
    steps.push({ from: call.time, to: Number.isFinite(end) ? end : call.time });
  }
  for (const life of run.lives.processes) {
    const exec = life.execs.find(({ filename }) => FIREWALL_TOOLS.test(raw(filename)));
    if (exec === undefined || run.actors[life.key]?.at(-1)?.actor !== 'dockerd') continue;
    steps.push({ from: life.start ?? exec.time, to: life.end ?? exec.time });
  }
  return merge(steps.sort((a, b) => a.from - b.from));
}

function isNetworkStep(run: RunView, call: RunView['calls'][number]): boolean {
  switch (call.name) {
    case 'sendto':
      return viewCall(run, call).arguments[5] === NETLINK_ADDRESS_BYTES;
    case 'setns':
    case 'unshare': {
      const view = viewCall(run, call);
      return namespacesOf(view).includes('net') || view.file(0).includes('net');
    }
    default:
      return false;
  }
}

function merge(steps: readonly Episode[]): Episode[] {
  const merged: { from: number; to: number }[] = [];
  for (const { from, to } of steps) {
    const last = merged.at(-1);
    if (last !== undefined && from - last.to <= GAP_NS) last.to = Math.max(last.to, to);
    else merged.push({ from, to });
  }
  return merged;
}
