/**
 * Hostile file systems against everything that opens files as root: links, FIFOs, devices and folders of others at
 * each depth of a path, exchanged while dit works. Nothing outside may be read, written, made or given away.
 * DIT_LAYOUTS=10000 tries as many, DIT_SEED=N others.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  lchownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DitError } from '../../src/base/errors.js';
import { layerSize } from '../../src/container/mounts/layer-size.js';
import { readUpper } from '../../src/container/mounts/upper-entries.js';
import { writeSequentially } from '../../src/measure/files/writes.js';
import { makeFolders, makeNewFolder, removeEmptyFolder } from '../../src/platform/files/folders.js';
import { type HeldFolder, removeTree } from '../../src/platform/files/held-folder.js';
import { openInput, readInput } from '../../src/platform/files/input-files.js';
import { openOutput } from '../../src/platform/files/output-file.js';
import { makeOwnFolder, removeOwnFolder } from '../../src/platform/files/own-folder.js';
import { RootFiles } from '../../src/platform/files/root-files.js';
import { openToExtend, removeFile, writeWholeFile } from '../../src/platform/files/whole-file.js';
import { randomFrom } from '../../src/stats/random.js';
import { fileSink } from '../../src/tracefile/trace-sink.js';
import { asUser } from '../support/dit.js';
import { lacks } from '../support/requirements.js';
import { SMALL_INPUT } from '../support/small-input.js';

const LAYOUTS = Number(process.env.DIT_LAYOUTS ?? 300);
/** One in seven was lost where a new folder was told from another by its times. */
const RACES = 300;
const SEED = Number(process.env.DIT_SEED ?? 1);
const SECRET = 'what only root may read';
const MALLORY = { uid: 1234, gid: 1234 };
const OLD = new Date(1e12);
const NEW_FILE = { mode: 0o600, owner: MALLORY };
const { O_RDONLY, O_WRONLY } = constants;

let base: string;
let outside: string;
let swapper: ChildProcess;
let random: () => number;
const chance = (share: number): boolean => random() < share;
const oneOf = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;

/** Everything that must stay; it looks at names alone, so that looking is not seen as reading. */
const SENTINELS = ['', 'secret', 'empty', 'folder', 'folder/file', 'folder/sub'] as const;

function layOutside(): void {
  rmSync(outside, { recursive: true, force: true });
  for (const name of ['', 'empty', 'folder', 'folder/sub']) {
    mkdirSync(join(outside, name), { mode: 0o700 });
  }
  for (const name of ['secret', 'folder/file']) writeFileSync(join(outside, name), SECRET);
  // The times are old: whatever reads or writes is seen by a new one.
  for (const name of SENTINELS.toReversed()) utimesSync(join(outside, name), OLD, OLD);
}

const look = (path: string) => {
  const { ino, mode, uid, gid, nlink, size, atimeMs, mtimeMs, ctimeMs } = lstatSync(path);
  return { ino, mode, uid, gid, nlink, size, atimeMs, mtimeMs, ctimeMs };
};
const lookOutside = () =>
  Object.fromEntries(SENTINELS.map((name) => [name, look(join(outside, name))]));

const NAMES = ['a', 'b', 'c', 'd'] as const;
/** What may lie at a name, as another user or an image puts it there. */
const KINDS = [
  'folder',
  'file',
  'absolute',
  'relative',
  'inside',
  'dangling',
  'fifo',
  'device',
] as const;

function put(path: string, kind: (typeof KINDS)[number], depth: number): void {
  const up = '../'.repeat(depth + 1);
  const target = oneOf(['', '/secret', '/folder', '/folder/file', '/empty', '/folder/new', '/new']);
  switch (kind) {
    case 'folder':
      mkdirSync(path, { mode: 0o755 });
      if (chance(0.2)) chmodSync(path, 0o1777);
      if (chance(0.1)) return;
      break;
    case 'file':
      writeFileSync(path, 'theirs');
      break;
    case 'absolute':
      symlinkSync(`${outside}${target}`, path);
      break;
    case 'relative':
      symlinkSync(`${up}outside${target}`, path);
      break;
    case 'inside':
      symlinkSync(
        oneOf(['.', '..', 'a', 'a/b', './b/../c', '/a', '/../../a', '/proc/self/root']),
        path,
      );
      break;
    case 'dangling':
      symlinkSync(`${outside}/new/below`, path);
      break;
    case 'fifo':
      execFileSync('mkfifo', [path]);
      break;
    case 'device':
      execFileSync('mknod', [path, 'c', '1', '3']);
  }
  lchownSync(path, MALLORY.uid, MALLORY.gid);
}

interface Layout {
  readonly inside: string;
  /** What dit is given, in it. */
  readonly path: string;
  /** Names that are exchanged meanwhile. */
  readonly pairs: [string, string][];
  /** The inode of a folder of root's in the other user's: it is moved about, and must stay root's. */
  readonly trap: number | undefined;
}

/** 0 too where the inode is gone: one that was removed was not given away. Node's own walk follows links since 22. */
function ownerOf(folder: string, inode: number): number {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const stat = lstatSync(path);
    if (!stat.isDirectory()) continue;
    const uid = stat.ino === inode ? stat.uid : ownerOf(path, inode);
    if (uid !== 0) return uid;
  }
  return 0;
}

/** @param climbs whether ".." may lead to outside: by a path of the host that is what its user asked for */
function lay(number: number, climbs: boolean): Layout {
  const inside = join(base, `inside-${number}`);
  mkdirSync(inside);
  chownSync(inside, MALLORY.uid, MALLORY.gid);
  if (chance(0.2)) chmodSync(inside, 0o1777);
  const depth = 1 + Math.floor(random() * 3);
  const path: string[] = [];
  const pairs: [string, string][] = [];
  for (let level = 0; level <= depth; level++) {
    const name = oneOf(NAMES);
    const at = join(inside, ...path, name);
    const isLast = level === depth;
    // Mostly folders: else the end of the path would hardly be reached.
    const kind = chance(isLast ? 0.3 : 0.7) ? 'folder' : oneOf(KINDS);
    if (!isLast || chance(0.6)) {
      put(at, chance(0.5) && isLast ? oneOf(KINDS) : kind, level);
      if (chance(0.7)) {
        put(`${at}.other`, oneOf(KINDS), level);
        pairs.push([at, `${at}.other`]);
      }
    }
    path.push(name);
    if (kind !== 'folder') {
      path.push(...NAMES.slice(0, depth - level));
      break;
    }
    if (!lstatSync(at, { throwIfNoEntry: false })?.isDirectory()) break;
  }
  let trap: number | undefined;
  if (chance(0.3)) {
    const at = join(inside, 'trap');
    mkdirSync(at, { mode: 0o700 });
    trap = lstatSync(at).ino;
    pairs.push([join(inside, path[0] as string), at]);
  }
  if (climbs && chance(0.2)) path.splice(1, 0, '..', '..', 'outside');
  return { inside, path: path.join('/'), pairs, trap };
}

type Work = (inside: string, path: string) => unknown;
const { signal } = new AbortController();

function read(file: number): string {
  const bytes = Buffer.alloc(100);
  const text = bytes.toString('utf8', 0, readSync(file, bytes));
  closeSync(file);
  return text;
}

/** In a container's root, whose "/" is the layout. */
const inRoot =
  (work: (root: RootFiles, path: string) => unknown): Work =>
  async (inside, path) => {
    const root = RootFiles.at(inside);
    try {
      return await work(root, path);
    } finally {
      root.close();
    }
  };
const inFolder = (work: (folder: HeldFolder, name: string) => unknown): Work =>
  inRoot(async (root, path) => {
    const folder = root.folder(dirname(path), { links: chance(0.7) });
    try {
      return await work(folder, oneOf(NAMES));
    } finally {
      folder.close();
    }
  });

/** In the root of a container or a layer. */
const IN_ROOT: Readonly<Record<string, Work>> = {
  'a file of a root': inRoot((root, path) => read(root.file(path, O_RDONLY))),
  'a written file of a root': inRoot((root, path) => closeSync(root.file(path, O_WRONLY))),
  'a new file': inFolder((folder, name) => {
    const file = folder.create(name, O_WRONLY);
    writeSync(file, 'dit');
    closeSync(file);
  }),
  'a written file': inFolder((folder, name) => {
    const file = folder.file(name, O_WRONLY);
    writeSync(file, 'dit');
    closeSync(file);
  }),
  'a measured file': inFolder((folder, name) =>
    writeSequentially({ folder, name }, 'buffered', 1 << 20, signal),
  ),
  'a new folder': inFolder((folder, name) => {
    folder.makeFolder(name);
    folder.rename(name, `${name}.renamed`);
    folder.folder(`${name}.renamed`).close();
  }),
  'a layer': inFolder((folder) => layerSize(folder, signal)),
  'a tree that goes': inFolder((folder, name) => removeTree(folder, name)),
  'an upper layer': inFolder(async (folder) => {
    if (chance(0.1)) await readUpper(folder, signal);
  }),
};

/** By a path that a user named, in a folder of another. */
const BY_PATH: Readonly<Record<string, Work>> = {
  'a whole file': (inside, path) => writeWholeFile(join(inside, path), 'dit', NEW_FILE),
  'an output': async (inside, path) => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(new Error('nobody reads')), 30).unref();
    const file = await openOutput(join(inside, path), NEW_FILE, abort.signal);
    await file.write('dit');
    file.keep();
  },
  'a recording': (inside, path) => {
    const sink = fileSink(join(inside, path), { owner: MALLORY });
    sink.write(Buffer.from('dit'));
    if (chance(0.5)) sink.close();
    else sink.discard();
  },
  'a journal': (inside, path) => {
    const file = openToExtend(join(inside, path), NEW_FILE);
    writeSync(file, 'dit');
    closeSync(file);
  },
  folders: (inside, path) => makeFolders(join(inside, path, 'made/below'), NEW_FILE),
  'one folder': (inside, path) => makeNewFolder(join(inside, path), NEW_FILE),
  'an empty folder that goes': (inside, path) => removeEmptyFolder(join(inside, path)),
  'a file that goes': (inside, path) => removeFile(join(inside, path)),
  'an input': (inside, path) => readInput(join(inside, path), SMALL_INPUT).toString(),
  'an opened input': (inside, path) => read(openInput(join(inside, path))),
  'a temporary folder': (inside) => removeOwnFolder(makeOwnFolder(inside, 'test')),
};

const WORKS = Object.entries({ ...IN_ROOT, ...BY_PATH });

/** Whatever the layout makes of it, dit says so as an error of the system or of its own. */
function isTold(error: unknown): boolean {
  return error instanceof DitError || (error instanceof Error && !(error instanceof TypeError));
}

describe.skipIf(lacks('root'))('hostile layouts', { timeout: 300_000 + 100 * LAYOUTS }, () => {
  beforeAll(async () => {
    base = mkdtempSync(join(tmpdir(), 'dit-layouts-'));
    // A read is to be seen by its time.
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'strictatime,mode=755', 'tmpfs', base]);
    outside = join(base, 'outside');
    random = randomFrom(SEED);
    const program = new URL('../support/swap-names.mjs', import.meta.url).pathname;
    const [setpriv = '', ...args] = [...asUser(MALLORY.uid), process.execPath, program];
    swapper = spawn(setpriv, args, { stdio: ['pipe', 'pipe', 'inherit'], cwd: '/' });
    await once(swapper, 'spawn');
  });

  afterAll(async () => {
    swapper.kill('SIGKILL');
    execFileSync('umount', ['--lazy', base]);
    rmSync(base, { recursive: true });
  });

  const swap = async (pairs: [string, string][]): Promise<void> => {
    const taken = once(swapper.stdout as NodeJS.ReadableStream, 'data');
    swapper.stdin?.write(`${JSON.stringify(pairs)}\n`);
    await taken;
  };

  test(`${LAYOUTS} of them, seed ${SEED}: nothing outside is read, written, made or given away`, async () => {
    let done = 0;
    let refused = 0;
    for (let number = 0; number < LAYOUTS; number++) {
      layOutside();
      const before = lookOutside();
      const [name, work] = WORKS[number % WORKS.length] as [string, Work];
      const { inside, path, pairs, trap } = lay(number, name in IN_ROOT);
      await swap(pairs);
      const what = `layout ${number} of seed ${SEED}: ${name} at ${path}`;
      // Once is seldom the wrong moment.
      for (let attempt = 0; attempt < 5; attempt++) {
        try {
          const text = await work(inside, path);
          if (typeof text === 'string') expect(text, what).not.toContain(SECRET);
          done++;
        } catch (error) {
          if (!isTold(error)) throw new Error(what, { cause: error });
          refused++;
        }
      }
      await swap([]);
      expect(lookOutside(), what).toEqual(before);
      if (trap !== undefined) expect(ownerOf(inside, trap), what).toBe(0);
      rmSync(inside, { recursive: true, force: true });
    }
    // Neither has everything failed, nor was everything harmless.
    expect(done).toBeGreaterThan(LAYOUTS / 2);
    expect(refused).toBeGreaterThan(LAYOUTS / 2);
    console.log(`${LAYOUTS} layouts: ${done} works done, ${refused} refused`);
  });

  test('a folder of root’s that takes the place of one just made stays root’s', async () => {
    let made = 0;
    for (let round = 0; round < RACES; round++) {
      const inside = join(base, `race-${round}`);
      const [path, trap] = [join(inside, 'made'), join(inside, 'trap')];
      mkdirSync(inside);
      chownSync(inside, MALLORY.uid, MALLORY.gid);
      mkdirSync(trap, { mode: 0o700 });
      const { ino } = lstatSync(trap);
      await swap([[path, trap]]);
      for (let attempt = 0; attempt < 5; attempt++) {
        try {
          made += makeFolders(path, NEW_FILE).length;
        } catch (error) {
          if (!isTold(error)) throw error;
        }
      }
      await swap([]);
      expect(ownerOf(inside, ino), `round ${round}`).toBe(0);
      rmSync(inside, { recursive: true });
    }
    // Else nothing was tried.
    expect(made).toBeGreaterThan(RACES / 10);
  });
});
