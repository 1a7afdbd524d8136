/** Prints docs/sources.md: `npx tsx scripts/docs-sources.ts > docs/sources.md`. */
import { pathToFileURL } from 'node:url';
import { generalSourceTable } from '../src/cli/common/source-table.js';
import { SOURCES_LEGEND, sourcesMarkdown } from '../src/render/text/sources.js';

export function sourcesDocument(): string {
  return `# Sources

How events are captured; \`dit doctor --sources\` prints this table with what works on the machine. \`--source auto\`
takes the first that works, from left to right.

${sourcesMarkdown(generalSourceTable())}
${SOURCES_LEGEND.split('; ')
  .map((line) => `- ${line}`)
  .join('\n')}

- **ebpf** follows every syscall, switch and wake-up of the participants with BPF programs of dit's own. It takes Linux
  with BTF, the native addon, and root or CAP_BPF, CAP_PERFMON and CAP_SYS_PTRACE. Copy-ups are exact where the
  kernel allows fentry or kprobes, else inferred.
- **bpftrace** runs a bundled script ([docs/bpftrace.md](bpftrace.md)): for machines where the addon cannot be built.
- **strace** attaches to the engine's processes ([docs/strace.md](strace.md)) and slows them: the trace says by how
  much, and its durations are not compared with those of other sources. Every syscall with \`--syscalls all\`.
- **api** sees requests, answers and the engine's events: for engines on other machines, Docker Desktop, and users
  without privileges. What the engine did in between is unattributed.

None of them sees what a program does through io_uring: it is not a syscall. The trace warns where io_uring was set up.
`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  process.stdout.write(sourcesDocument());
}
