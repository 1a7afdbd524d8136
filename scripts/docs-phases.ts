/**
 * Prints docs/phases.md from the rules themselves: npx tsx scripts/docs-phases.ts > docs/phases.md
 * A test compares the two.
 */
import { PHASE_RULES } from '../src/analysis/path/phase-rules.js';

const PROGRAM = 'the program: client, dockerd, containerd, shim, runc …';

export function phasesDocument(): string {
  const rows = PHASE_RULES.map(({ id, phase, category, because }) => {
    const name = typeof category === 'string' ? category : PROGRAM;
    return `| ${id} | ${phase} | ${name} | ${because} |`;
  });
  return `# Phases and categories

Each segment of the critical path belongs to exactly one phase and category. dit tries the rules in this order, and the
first that applies decides. The rules are data: [src/analysis/path/phase-rules.ts](../src/analysis/path/phase-rules.ts).

| rule | phase | category | applies when |
|---|---|---|---|
${rows.join('\n')}

If no rule applies, the segment is \`unattributed\`, and dit prints it so.
`;
}

if (process.argv[1]?.endsWith('docs-phases.ts') === true) process.stdout.write(phasesDocument());
