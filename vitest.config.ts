/** Three groups of tests: pure ones at once, the built program, and one by one what needs this machine. */
import { defineConfig } from 'vitest/config';

/** What a hang is told by, ms: no test passes or fails by how fast a busy machine is. */
const HANG_MS = 300_000;

const common = {
  // An emulated machine has a limit of its own: scripts/kernels says how much.
  testTimeout: Number(process.env.DIT_TEST_TIMEOUT_MS ?? HANG_MS),
  hookTimeout: HANG_MS,
  expect: { poll: { timeout: 60_000 } },
};

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...common,
          name: 'pure',
          include: ['tests/{unit,property,golden}/**/*.test.ts'],
        },
      },
      {
        test: {
          ...common,
          name: 'cli',
          include: ['tests/{cli,fuzz}/**/*.test.ts'],
          globalSetup: ['tests/support/build.ts'],
        },
      },
      {
        test: {
          ...common,
          name: 'machine',
          include: ['tests/{native,live}/**/*.test.ts'],
          fileParallelism: false,
          // After the others: a recording beside busy test workers measures them.
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
