/** Branded identifiers, so that a pid is never taken for a row number or a cgroup id. */

declare const containerId: unique symbol;
declare const processKey: unique symbol;
declare const stringId: unique symbol;

/** The engine's full container id: 64 hex digits. */
export type ContainerId = string & { readonly [containerId]: true };

/** One life of one pid: an index into the process table, because pids are reused. */
export type ProcessKey = number & { readonly [processKey]: true };

/** Index into a trace's string table; 0 is "absent". */
export type StringId = number & { readonly [stringId]: true };

const CONTAINER_ID = /^[0-9a-f]{64}$/;

export function parseContainerId(text: string): ContainerId | undefined {
  return CONTAINER_ID.test(text) ? (text as ContainerId) : undefined;
}

export const shortId = (id: ContainerId): string => id.slice(0, 12);
