/** Three groups of tests: pure ones at once, the built program, and one by one what needs this machine. */
import { defineConfig } from 'vitest/config';

const common = {
  // An emulated machine takes more: scripts/kernels says how much.
  testTimeout: Number(process.env.DIT_TEST_TIMEOUT_MS ?? 20_000),
  hookTimeout: 60_000,
  // Of 1 s, a busy machine or an emulated one takes more.
  expect: { poll: { timeout: 15_000 } },
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
