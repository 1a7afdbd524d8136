/** Options that several commands have, in the same words. */
import { Option } from './commander.js';
import { numberBetween } from './option-values.js';

export const LAST_TRACE = 'trace file (default: the last recording)';
export const AS_JSON = 'print JSON (docs/json.md)';
export const ONE_RUN = 'only the container with this ID or name, or with this prefix of it';
export const STRICT = 'exit with 5 if events were lost';
export const NEW_TRACE = 'trace file to write (default: a new file in the traces folder)';
export const ANY_HOST = 'Docker engine: unix:///path, tcp://host:port or ssh://user@host';

export const collect = (value: string, before: readonly string[] = []): string[] => [
  ...before,
  value,
];

export const widthOption = () =>
  new Option('--width <columns>', "line width (default: the terminal's)").argParser(
    numberBetween('--width', 40, 1000),
  );

export const leastOption = (description: string, defaultMs: number) =>
  new Option('--least <ms>', description)
    .argParser(numberBetween('--least', 0, 1e9, 'decimal'))
    .default(defaultMs);

export const engineOption = () =>
  new Option(
    '--engine <which>',
    '"auto": the running engine, or a private one if none is running; "private": always a private engine',
  )
    .choices(['auto', 'private'] as const)
    .default('auto' as const);

export const ringOption = () =>
  new Option('--ring-mb <n>', 'size of the ring buffer in MiB, a power of two')
    .argParser(numberBetween('--ring-mb', 1, 2048))
    .default(64);

export const sourceOption = () =>
  new Option(
    '--source <name>',
    'how to capture events; "auto" uses the first source that works (see: dit doctor --sources)',
  )
    .choices(['auto', 'ebpf', 'bpftrace', 'strace', 'api'] as const)
    .default('auto' as const);

export const syscallsOption = () =>
  new Option(
    '--syscalls <which>',
    'with strace: "few" records the syscalls that show the steps of a start, "all" records every one (default: few)',
  ).choices(['few', 'all'] as const);
