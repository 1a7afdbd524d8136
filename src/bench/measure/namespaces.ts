/** Making namespaces: the time inside unshare(2), of each kind and of those that a container gets at once. */
import { DitError, EXIT } from '../../base/errors.js';
import { NS_PER_MS } from '../../base/time.js';
import { measureNamespaces, NAMESPACE_KINDS } from '../../measure/namespaces.js';
import type { Dimension, Reading } from '../contract/dimension.js';

const TOGETHER: readonly string[] = ['mnt', 'uts', 'ipc', 'pid', 'net'];

const SETS: readonly { readonly group: string; readonly kinds: readonly string[] }[] = [
  { group: 'namespace_create', kinds: TOGETHER },
  ...NAMESPACE_KINDS.map((kind) => ({ group: `namespace_create_${kind}`, kinds: [kind] })),
];

export const namespacesDimension: Dimension = {
  name: 'namespaces',
  measures:
    `inside unshare(2), by events of the kernel; namespace_create: ${TOGETHER.join(', ')} at once, as for a ` +
    'container; the others: one kind by itself',
  finer: {},
  measurements: ({ iterations }) => [
    {
      name: 'namespaces',
      dimension: 'namespaces',
      iterations,
      guessMs: 2500,
      gives: SETS.map(({ group }) => ({ dimension: 'namespaces', group })),
    },
  ],
  prepare: async ({ seesKernel }) => {
    if (!seesKernel) throw outOfReach();
    return async (_measurement, { signal }): Promise<readonly Reading[]> => {
      const { costs } = await measureNamespaces(
        SETS.map(({ kinds }) => kinds),
        1,
        signal,
      );
      return costs.flatMap(({ ns }, index) =>
        ns.slice(0, 1).map((value) => ({
          dimension: 'namespaces',
          group: SETS[index]?.group ?? '',
          value: value / NS_PER_MS,
        })),
      );
    };
  },
};

const outOfReach = (): DitError =>
  new DitError({
    code: 'kernel-unseen',
    exitCode: EXIT.unavailable,
    message: "the kernel's events are out of reach: dit is not root on the engine's machine",
    remedy: 'run it there as root: sudo dit bench',
  });
