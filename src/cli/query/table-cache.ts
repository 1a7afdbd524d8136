/**
 * Analysed traces as Parquet, so that the second question over the same files is quick: one file a trace and table,
 * found by the trace's path, size and time and by the code that analysed it. It may be deleted at any time.
 */
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TABLES_VERSION, type TableName } from '../../export/tables/schema.js';
import { packageVersion } from '../../platform/package-files.js';
import { makeFolders } from '../user-files.js';
import { writeWholeFile } from '../write-whole-file.js';

type Env = Readonly<Record<string, string | undefined>>;

/** What all files may take together; the ones that were not used for longest go first. */
export interface CacheLimits {
  readonly bytes: number;
  readonly files: number;
}

const LIMITS: CacheLimits = { bytes: 2 ** 30, files: 100_000 };
const END = '.parquet';

export class TableCache {
  readonly folder: string;
  /** It is gone when the command ends: no folder of the user's could be written. */
  readonly temporary: boolean;
  readonly #version = analysisVersion();
  readonly #used = new Set<string>();
  readonly #limits: CacheLimits;
  #wrote = false;

  private constructor(folder: string, temporary: boolean, limits: CacheLimits) {
    this.folder = folder;
    this.temporary = temporary;
    this.#limits = limits;
  }

  /** $XDG_CACHE_HOME/dit/query/VERSION; a temporary folder where that cannot be made. */
  static open(env: Env, limits = LIMITS): TableCache {
    const cache = env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache');
    const folder = join(cache, 'dit/query', String(TABLES_VERSION));
    try {
      makeFolders(folder, 0o700);
      return new TableCache(folder, false, limits);
    } catch {
      return new TableCache(mkdtempSync(join(tmpdir(), 'dit-query-')), true, limits);
    }
  }

  /** Names the trace as it is now. @throws the system's error where it is gone */
  keyOf(trace: string): string {
    const path = realpathSync(trace);
    const { size, mtimeNs } = statSync(path, { bigint: true });
    const facts = [this.#version, path, size, mtimeNs].join('\0');
    return createHash('sha256').update(facts).digest('hex').slice(0, 40);
  }

  /** The file with a trace's rows of a table; undefined: it is not there. */
  find(key: string, table: TableName): string | undefined {
    const path = this.#path(key, table);
    if (!existsSync(path)) return undefined;
    this.#used.add(path);
    return path;
  }

  /** @throws the system's error where there is no room */
  put(key: string, table: TableName, bytes: Uint8Array): void {
    writeWholeFile(this.#path(key, table), bytes);
    this.#used.add(this.#path(key, table));
    this.#wrote = true;
  }

  /** Remembers what was used, and makes room if something was added. Never fails. */
  close(): void {
    if (this.temporary) {
      rmSync(this.folder, { recursive: true, force: true });
      return;
    }
    const now = new Date();
    for (const path of this.#used) {
      try {
        utimesSync(path, now, now);
      } catch {
        // Another query made room.
      }
    }
    if (this.#wrote) this.#makeRoom();
  }

  #makeRoom(): void {
    const files = readdirSync(this.folder).flatMap((name) => {
      const path = join(this.folder, name);
      const stat = statSync(path, { throwIfNoEntry: false });
      return stat === undefined ? [] : [{ path, bytes: stat.size, used: stat.mtimeMs }];
    });
    let bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    let left = files.length;
    for (const file of files.sort((a, b) => a.used - b.used)) {
      if (bytes <= this.#limits.bytes && left <= this.#limits.files) return;
      if (this.#used.has(file.path)) continue;
      rmSync(file.path, { force: true });
      bytes -= file.bytes;
      left--;
    }
  }

  #path(key: string, table: TableName): string {
    return join(this.folder, `${key}.${table}${END}`);
  }
}

/** The code that turns a file into rows, by its content: another analysis gives other rows. */
function analysisVersion(): string {
  const hash = createHash('sha256').update(packageVersion());
  for (const folder of ['analysis', 'export/tables', 'model', 'tracefile']) {
    const path = fileURLToPath(new URL(`../../${folder}`, import.meta.url));
    const files = readdirSync(path, { recursive: true, encoding: 'utf8' }).sort();
    for (const file of files) {
      if (/\.[jt]s$/.test(file)) hash.update(readFileSync(join(path, file)));
    }
  }
  return hash.digest('hex');
}
