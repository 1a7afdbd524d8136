/** Prints docs/sources.md: `npx tsx scripts/docs-sources.ts > docs/sources.md`. */
import { pathToFileURL } from 'node:url';
import { generalSourceTable } from '../src/cli/common/source-table.js';
import { SOURCES_LEGEND, sourcesMarkdown } from '../src/render/text/sources.js';

export function sourcesDocument(): string {
  return `# Sources

How dit captures events. \`dit doctor --sources\` prints this table, and which sources work on this machine.
\`--source auto\` takes the first source that works, from left to right.

${sourcesMarkdown(generalSourceTable())}
${SOURCES_LEGEND.split('; ')
  .map((line) => `- ${line}`)
  .join('\n')}

- **ebpf** follows every syscall, switch and wake-up of the participants with dit's own BPF programs. It needs Linux
  with BTF, the native addon, and root or CAP_BPF, CAP_PERFMON and CAP_SYS_PTRACE. Copy-ups are exact if the kernel
  allows fentry or kprobes, else inferred.
- **bpftrace** runs a bundled script ([docs/bpftrace.md](bpftrace.md)). Use it on machines on which the addon cannot be
  built.
- **strace** attaches to the engine's processes ([docs/strace.md](strace.md)) and slows them. The trace holds by how much;
  dit does not compare its durations with those of other sources. \`--syscalls all\` records every syscall.
- **api** sees requests, responses and the engine's events. Use it for engines on other machines, for Docker Desktop, or
  without privileges. What the engine did in between is unattributed.

No source sees what a program does through io_uring, which is not a syscall. The trace warns if io_uring was set up.
`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  process.stdout.write(sourcesDocument());
}
