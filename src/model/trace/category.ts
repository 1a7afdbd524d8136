/** What a segment of the critical path was spent on, within its phase. The names are those of JSON, SQL and every picture. */
const CATEGORIES = [
  'scheduling delay',
  'rootfs mount',
  'fsync',
  'cold binaries',
  'disk wait',
  'namespaces',
  'pivot_root',
  'mounts',
  'cgroups',
  'exec',
  'seccomp and capabilities',
  'process creation and exit',
  'Go scheduler',
  'hooks',
  'sleep',
  'network set-up',
  'IPC hand-over',
  // The program itself.
  'client',
  'dockerd',
  'containerd',
  'shim',
  'runc',
  'entrypoint',
  /** No rule applies. */
  'unattributed',
] as const;

export type Category = (typeof CATEGORIES)[number];
