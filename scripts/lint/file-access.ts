/**
 * Finds where a module changes files past the one writer, makes a path into a container's root by itself, or reads the
 * whole of a file that is not known to be small and there: src/platform/files/whole-file.ts, root-files.ts and input-files.ts
 * do that, safely in folders of other users.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { packagePath } from '../../src/platform/package-files.js';

/** Who may, and why. */
const MAY_CHANGE: Readonly<Record<string, string>> = {
  'platform/files/held-folder.ts': 'names in a folder that is held',
  'platform/files/safe-path.ts': 'the walk along a path',
  'platform/files/whole-file.ts': 'the one writer',
  'platform/files/output-file.ts': 'devices and FIFOs, by a place that was found',
  'platform/files/own-folder.ts': 'mkdtemp below a folder that is safe',
  'platform/files/temporary.ts': 'files without a name',
  'platform/files/file-lock.ts': "locks in folders of dit's own",
  'engine/private/private-engine.ts': "an engine's folders, which are root's",
  'engine/private/cgroups.ts': "cgroups of dit's own engine",
  'engine/private/clear.ts': "an engine's folders, which are root's",
  'engine/private/outside.ts': "an engine's folders, which are root's",
  'engine/private/state.ts': "an engine's folders, which are root's",
  'measure/files/page-cache.ts': '/proc/sys/vm/drop_caches',
  'checks/memory/kernel-log.ts': '/dev/kmsg, for reading',
  'tracefile/trace-sink.ts': 'frames, on a descriptor of the one writer',
  'bench/journal.ts': 'lines, on a descriptor of the one writer',
  'store/table-cache.ts': 'times of files in the cache',
  'capture/bpftrace/own-name.ts': '/proc/self/comm',
};
const MAY_ENTER = new Set(['platform/files/root-files.ts']);

const KERNEL = 'what the kernel says';
const OWN = "dit's own";
/** Who may read a whole file by its path, and what these files are. */
const MAY_READ: Readonly<Record<string, string>> = {
  'platform/files/input-files.ts': 'what was named, within a limit',
  'engine/builtin-image.ts': 'the busybox of the distribution',
  'doctor/machine.ts': KERNEL,
  'engine/private/private-engine.ts': OWN,
  'engine/private/bridge.ts': OWN,
  'engine/private/outside.ts': OWN,
  'engine/private/processes.ts': KERNEL,
  'engine/private/state.ts': OWN,
  'platform/host-info.ts': KERNEL,
  'platform/mounts.ts': KERNEL,
  'platform/files/owner.ts': '/etc/passwd',
  'platform/package-files.ts': OWN,
  'platform/processes/process-identity.ts': KERNEL,
  'platform/processes/process-table.ts': KERNEL,
  'query/named-queries.ts': OWN,
  'engine/daemons.ts': KERNEL,
  'capture/bpftrace/bpftrace-source.ts': OWN,
  'capture/bpftrace/own-name.ts': KERNEL,
  'platform/clocks.ts': KERNEL,
  'capture/strace/attach.ts': KERNEL,
  'capture/strace/feature.ts': KERNEL,
  'capture/strace/strace-source.ts': KERNEL,
  'capture/strace/tracees.ts': KERNEL,
  'container/cgroup/cgroup-keys.ts': KERNEL,
  'container/cgroup/cgroup-memory.ts': KERNEL,
  'container/cgroup/container-cgroup.ts': KERNEL,
  'checks/namespaces/check.ts': KERNEL,
  'checks/namespaces/read-views.ts': KERNEL,
  'checks/overlay/check.ts': KERNEL,
  'container/process/process-memory.ts': KERNEL,
  'container/posture/read-posture.ts': KERNEL,
  'store/table-cache.ts': OWN,
  'cli/actions/trace/query.ts': "an answer in a folder of dit's own",
  'cli/export/page-file.ts': OWN,
};

/** Of node:fs and node:fs/promises: what opens by a path in any way, changes, makes or removes. */
const CHANGES =
  /^(?:append|chmod|chown|copy|cp|createWrite|fchmod|fchown|ftruncate|lchmod|lchown|lutimes|link|mkdir|mkdtemp|open|rename|rm|symlink|truncate|unlink|utimes|write(?!Sync$|vSync$))/;
const READS = /^(?:readFile|createRead)/;
const IMPORT = /import\s+([^;]*?)\s+from\s+'(?:node:)?fs(?:\/promises)?'/g;
const OTHER_IMPORT =
  /(?:\bimport|\brequire|getBuiltinModule)\(\s*'(?:node:)?fs(?:\/promises)?'\s*\)(?!\.(?:Dirent|Stats)\b)/;
const CONTAINER_ROOT = /\/proc\/[^\s'"`]*\/(?:root|cwd)\b/;

/** @param path below src/ @returns what it must not do, a sentence each */
export function fileAccessFaults(path: string, text: string): string[] {
  const faults: string[] = [];
  const add = (what: string, instead: string): number => faults.push(`${path} ${what}: ${instead}`);
  const code = text
    .split('\n')
    .filter((line) => !/^\s*(?:\*|\/\*|\/\/)/.test(line))
    .join('\n');
  const names = importedNames(code);
  if (!(path in MAY_READ)) {
    for (const name of names) {
      if (READS.test(name)) add(`imports ${name}`, 'use platform/files/input-files.ts');
    }
  }
  if (!(path in MAY_CHANGE)) {
    const writer = 'use platform/files/whole-file.ts, folders.ts, output-file.ts or held-folder.ts';
    for (const [, imported = ''] of code.matchAll(IMPORT)) {
      if (!imported.includes('{') || /^\w|\*/.test(imported.replace(/^type\s/, ''))) {
        add('imports all of node:fs', 'name the functions');
      }
    }
    for (const name of names) {
      if (CHANGES.test(name)) add(`imports ${name}`, writer);
    }
    if (OTHER_IMPORT.test(code)) add('loads node:fs at run time', 'import the functions by name');
  }
  if (!MAY_ENTER.has(path) && CONTAINER_ROOT.test(code)) {
    add("makes a path into a process's root", 'use platform/files/root-files.ts');
  }
  return faults;
}

const importedNames = (code: string): string[] =>
  [...code.matchAll(IMPORT)].flatMap(([, imported = '']) =>
    imported
      .replace(/[{}]/g, '')
      .split(',')
      .map((each) => each.trim().split(/\s+/)[0] ?? ''),
  );

/** Modules that are excused and gone, or no longer need it. */
const staleExcuses = (texts: ReadonlyMap<string, string>): string[] =>
  [
    ...Object.keys(MAY_CHANGE).filter((path) => !/'node:fs/.test(texts.get(path) ?? '')),
    ...Object.keys(MAY_READ).filter(
      (path) => !importedNames(texts.get(path) ?? '').some((name) => READS.test(name)),
    ),
  ].map((path) => `${path} is excused and needs no excuse: take it off the list`);

export function allFileAccessFaults(): string[] {
  const src = packagePath('src');
  const texts = new Map(
    readdirSync(src, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [relative(src, path), readFileSync(path, 'utf8')]),
  );
  const faults = [...texts].flatMap(([path, text]) => fileAccessFaults(path, text));
  return [...faults, ...staleExcuses(texts)];
}
