/** Values of one name that were measured in two ways: their difference is one of methods. */
import type { ComparedGroup, DataFinding, Platform } from '../../model/bench/bench-comparison.js';

interface Methods {
  readonly study: string;
  readonly dit: string;
}

/** By dimension; `write` is what dit measures too. */
const METHODS: Readonly<Record<string, Methods>> = {
  startup: {
    study: 'the wall time of `docker run --rm`, with the client and the removal',
    dit: "the time from the create request to the entrypoint's exec",
  },
  copyup: {
    study: 'the time of writing a new file, less that of a start: nothing is copied up',
    dit: "the kernel's copy of a file of a lower layer",
  },
  cpu: {
    study: 'how many programs a shell starts with the limit, of those without it',
    dit: "the CPU time that the container's cgroup was charged",
  },
  metadata: {
    study: 'the time of a shell that makes the files, less that of a start',
    dit: 'the time of the system calls that make them',
  },
  pull: {
    study: 'a pull from the internet',
    dit: 'a pull from a registry on the loopback',
  },
  namespaces: {
    study: 'the time of unshare(1) with the processes that it starts',
    dit: 'the time inside unshare(2)',
  },
  network: {
    study: 'round trips to an address in the internet',
    dit: 'round trips to the gateway, to another container, and on the machine',
  },
  memory: {
    study: 'a figure for each container, and its product with their number',
    dit: 'what each container maps (RSS), and what they take together (PSS)',
  },
};

/** Of platforms of CSV files alone, in the groups in which there are values of dit's to compare them with. */
export function findOtherMethods(
  platforms: readonly Platform[],
  groups: readonly ComparedGroup[],
): DataFinding[] {
  return platforms.flatMap(({ source }, platform) =>
    source === 'bench.json'
      ? []
      : Object.entries(METHODS).flatMap(([dimension, methods]): DataFinding[] => {
          const meant = groups
            .filter((each) => each.dimension === dimension)
            .filter(({ summaries }) => summaries[platform] !== undefined)
            .filter(({ summaries }) =>
              summaries.some(
                (other, index) => other !== undefined && platforms[index]?.source === 'bench.json',
              ),
            );
          return meant.length === 0
            ? []
            : [
                {
                  id: 'other-method',
                  severity: 'wrong',
                  platform,
                  dimension,
                  groups: meant.map(({ group }) => group),
                  what: `there is no bench.json that says how the CSV file came to be; in the study of its columns the values are ${methods.study}; dit's are ${methods.dit}`,
                  effect:
                    'a difference between the two is one of the methods: nothing follows about the platforms',
                  remedy:
                    'measure both with dit bench, and keep bench.json beside the CSV files; the data of the study compare with each other',
                },
              ];
        }),
  );
}
