/** Who acts in a container's start. */
export type ActorKind =
  | 'client'
  | 'dockerd'
  | 'containerd'
  | 'shim'
  | 'runc create'
  | 'runc start'
  | 'runc delete'
  | 'runc'
  | 'hook'
  | 'init'
  | 'entrypoint'
  | 'other';

/** In the order of a start: the order of lanes in every picture. */
export const ACTORS: readonly ActorKind[] = [
  'client',
  'dockerd',
  'containerd',
  'shim',
  'runc create',
  'init',
  'hook',
  'runc start',
  'runc',
  'entrypoint',
  'runc delete',
  'other',
];
