/** The private engine's own bridge, in the benchmarking range that no real network may use (RFC 2544). */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DitError, EXIT, messageOf } from '../../base/errors.js';
import { quoting } from '../../base/foreign.js';
import { programFailed, runProgram } from '../../platform/processes/child-process.js';
import type { EngineLayout } from './layout.js';
import { dataRootIdentity } from './state.js';

export interface Bridge {
  readonly name: string;
  /** The bridge's own address with its prefix length: "198.18.0.1/24". */
  readonly address: string;
}

/** Networks that people make in a private engine come from here; bridges from the rest of 198.18.0.0/15. */
export const NETWORK_POOL = 'base=198.18.128.0/17,size=24';

/** Candidate /24s for bridges: 198.18.0–127, then 198.19.0–127. */
const BRIDGE_NETWORKS = [18, 19].flatMap((second) =>
  Array.from({ length: 128 }, (_, third) => `198.${second}.${third}`),
);

export interface Link {
  readonly ifname: string;
  readonly ifalias?: string;
  readonly addr_info?: readonly { readonly local?: string; readonly family?: string }[];
  readonly linkinfo?: { readonly info_kind?: string };
}

interface Route {
  readonly dst?: string;
}

/**
 * The mark by which an engine knows its own bridge again, also after a crash: its name, and the identity
 * of its data root, because an engine in another mount namespace (a container) may bear the same name.
 */
function markOf(layout: EngineLayout): string | undefined {
  const root = dataRootIdentity(layout);
  return root && `dit engine ${layout.name} ${root}`;
}

/**
 * The data root must exist.
 * @param signal breaks it off, with a bridge half-made maybe
 * @param announce called with its name before it is made: a bridge gets its mark a moment later, and whoever is killed
 *   in that moment leaves it without
 */
export async function createBridge(
  layout: EngineLayout,
  announce: (name: string) => Promise<void>,
  signal?: AbortSignal,
): Promise<Bridge> {
  const links = await listLinks();
  const routes = await ip<Route>(['-4', 'route', 'show', 'table', 'all']);
  for (const { name, address } of freeBridges(links, routes)) {
    signal?.throwIfAborted();
    await announce(name);
    if (!(await addBridge(name))) continue;
    await runIp(['link', 'set', 'dev', name, 'alias', markOf(layout) ?? '']);
    await runIp(['address', 'add', address, 'dev', name]);
    await runIp(['link', 'set', 'dev', name, 'up']);
    return { name, address };
  }
  throw new DitError({
    code: 'engine-network',
    exitCode: EXIT.unavailable,
    message: 'no /24 of 198.18.0.0/15 is free for the private engine',
    remedy: 'see what uses it: ip -4 route show table all | grep 198.1',
  });
}

/** False where another engine was faster, whose lock this one does not share (in a container). */
async function addBridge(name: string): Promise<boolean> {
  try {
    await runIp(['link', 'add', 'name', name, 'type', 'bridge']);
    return true;
  } catch (error) {
    if ((await listLinks()).some(({ ifname }) => ifname === name)) return false;
    throw error;
  }
}

export async function findBridge(layout: EngineLayout): Promise<Bridge | undefined> {
  const mark = markOf(layout);
  if (mark === undefined) return undefined;
  const link = (await listLinks()).find((each) => each.ifalias === mark);
  if (link === undefined) return undefined;
  const address = link.addr_info?.find((each) => each.family === 'inet')?.local;
  return { name: link.ifname, address: address === undefined ? '' : `${address}/24` };
}

/**
 * Also removes the bridges of networks made in the engine: dockerd leaves them when it ends.
 * @param announced the name that `createBridge` last announced
 */
export async function removeBridges(layout: EngineLayout, announced?: string): Promise<void> {
  const mark = markOf(layout);
  // docker names them after the network's id, and its network database holds every such name.
  const database = await readFile(join(layout.dataRoot, 'network/files/local-kv.db')).catch(() =>
    Buffer.alloc(0),
  );
  for (const link of await listLinks()) {
    const { ifname, ifalias } = link;
    const forNetwork = /^br-[0-9a-f]{12}$/.test(ifname) && database.includes(ifname);
    const marked = mark !== undefined && ifalias === mark;
    if (marked || forNetwork || isHalfMade(link, announced)) {
      await runIp(['link', 'delete', 'dev', ifname]);
    }
  }
}

const isHalfMade = ({ ifname, ifalias, linkinfo }: Link, announced?: string): boolean =>
  ifname === announced && (ifalias ?? '') === '' && linkinfo?.info_kind === 'bridge';

/**
 * Those whose name no link has, and in whose network no address lies and no route leads (a default route leads
 * anywhere). A network has one name, so that the kernel gives it to one engine only.
 */
export function freeBridges(links: readonly Link[], routes: readonly Route[]): Bridge[] {
  const names = new Set(links.map(({ ifname }) => ifname));
  const taken: Range[] = [];
  for (const link of links) {
    for (const { local, family } of link.addr_info ?? []) {
      if (family === 'inet' && local !== undefined) taken.push(rangeOf(local));
    }
  }
  for (const { dst } of routes) {
    if (dst !== undefined && dst !== 'default' && dst !== '0.0.0.0/0') taken.push(rangeOf(dst));
  }
  return BRIDGE_NETWORKS.flatMap((network, i) => {
    const name = `dit${i}`;
    const candidate = rangeOf(`${network}.0/24`);
    const isTaken =
      names.has(name) ||
      taken.some((each) => each.first <= candidate.last && candidate.first <= each.last);
    return isTaken ? [] : [{ name, address: `${network}.1/24` }];
  });
}

interface Range {
  readonly first: number;
  readonly last: number;
}

/** The addresses of "a.b.c.d" or "a.b.c.d/n" as numbers; an empty range for what is no IPv4 address. */
function rangeOf(text: string): Range {
  const [address = '', prefix = '32'] = text.split('/');
  const bytes = address.split('.').map(Number);
  if (bytes.length !== 4 || bytes.some((byte) => !(byte >= 0 && byte < 256))) {
    return { first: 1, last: 0 };
  }
  const size = 2 ** (32 - Number(prefix));
  const value = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  const first = Math.floor(value / size) * size;
  return { first, last: first + size - 1 };
}

const listLinks = (): Promise<Link[]> => ip<Link>(['-details', 'address', 'show']);

async function ip<T>(args: readonly string[]): Promise<T[]> {
  const answer: unknown = JSON.parse((await runIp(['-json', ...args])) || '[]');
  return Array.isArray(answer) ? answer : [];
}

async function runIp(args: readonly string[]): Promise<string> {
  const ran = await runProgram('ip', args);
  if (ran.status === 0) return ran.stdout;
  const failed = programFailed(ran);
  throw new DitError({
    code: 'engine-network',
    exitCode: EXIT.unavailable,
    message: quoting`the private engine's bridge cannot be set up: ${messageOf(failed)}`,
    remedy: 'run dit as root, with CAP_NET_ADMIN',
    cause: failed,
  });
}
