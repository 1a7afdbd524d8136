/** Branded identifiers, so that a pid is never taken for a row number or a cgroup id. */
import { type Foreign, raw } from './foreign.js';

declare const containerId: unique symbol;
declare const processKey: unique symbol;
declare const stringId: unique symbol;

/** The engine's full container id, 64 hex digits; or the name that an OCI runtime was given for it. */
export type ContainerId = string & { readonly [containerId]: true };

/** One life of one pid: an index into the process table, because pids are reused. */
export type ProcessKey = number & { readonly [processKey]: true };

/** Index into a trace's string table; 0 is "absent". */
export type StringId = number & { readonly [stringId]: true };

const CONTAINER_ID = /^[0-9a-f]{64}$/;

export function parseContainerId(text: Foreign): ContainerId | undefined {
  return CONTAINER_ID.test(raw(text)) ? (text as ContainerId) : undefined;
}

/** Names that ctr and the OCI runtimes take, which are names of folders: no path, no option. */
const RUNTIME_ID = /^[A-Za-z0-9][A-Za-z0-9_.+-]{0,254}$/;

/** What an OCI runtime's command line names: a container id in its wider sense. */
export function parseRuntimeId(text: Foreign): ContainerId | undefined {
  return RUNTIME_ID.test(raw(text)) ? (text as ContainerId) : undefined;
}

/** The id of a container that no runtime has named: namespaces made by a program itself. */
export const bareContainerId = (pid: number): ContainerId => `pid-${pid}` as ContainerId;

export const isBare = (id: ContainerId): boolean => /^pid-\d+$/.test(id);

export const shortId = (id: ContainerId): string => (CONTAINER_ID.test(id) ? id.slice(0, 12) : id);
