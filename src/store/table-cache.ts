/**
 * Analysed traces as Parquet, so that the second question over the same files is quick: one file a trace and table,
 * found by the trace's path, size and time and by the code that analysed it. It may be deleted at any time.
 */

import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DitError, EXIT, messageOf } from '../base/errors.js';
import { quoting } from '../base/foreign.js';
import { TABLES_VERSION, type TableName } from '../export/tables/schema.js';
import { makeFolders } from '../platform/files/folders.js';
import { removeOwnFolder } from '../platform/files/own-folder.js';
import { type Owner, sudoUser, userFolder } from '../platform/files/owner.js';
import { makeTemporaryFolder } from '../platform/files/temporary.js';
import { removeFile, writeWholeFile } from '../platform/files/whole-file.js';
import { packageVersion } from '../platform/package-files.js';

type Env = Readonly<Record<string, string | undefined>>;

/** What all files may take together; the ones that were not used for longest go first. */
export interface CacheLimits {
  readonly bytes: number;
  readonly files: number;
}

const LIMITS: CacheLimits = { bytes: 2 ** 30, files: 100_000 };
const END = '.parquet';
const MODE = 0o600;

export class TableCache {
  /** dit/query/VERSION in the XDG cache folder of who typed the command. */
  readonly #folder: string;
  /** What is put goes there where the user's folder cannot be written; it is gone when the command ends. */
  #temporary: string | undefined;
  readonly #version = analysisVersion();
  readonly #used = new Set<string>();
  readonly #limits: CacheLimits;
  readonly #owner: Owner | undefined;
  #wrote = false;

  /** @throws DitError where nothing can be written, not even in the folder for temporary files */
  constructor(env: Env, limits = LIMITS) {
    this.#folder = join(userFolder('cache', env), 'dit/query', String(TABLES_VERSION));
    this.#owner = sudoUser(env);
    this.#limits = limits;
    try {
      makeFolders(this.#folder, { mode: 0o700, owner: this.#owner });
      accessSync(this.#folder, constants.W_OK | constants.X_OK);
    } catch {
      // A home that cannot be written to: the tables are made for this question only.
      this.#temporary = makeTemporaryFolder('query');
    }
  }

  /** The next question will not find what is put. */
  get temporary(): boolean {
    return this.#temporary !== undefined;
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
    const folders = this.#temporary === undefined ? [] : [this.#temporary];
    const paths = [...folders, this.#folder].map((folder) => pathIn(folder, key, table));
    const path = paths.find((each) => existsSync(each));
    if (path !== undefined) this.#used.add(path);
    return path;
  }

  /** @throws DitError if there is no space anywhere */
  put(key: string, table: TableName, bytes: Uint8Array): void {
    if (this.#temporary === undefined) {
      try {
        const path = pathIn(this.#folder, key, table);
        writeWholeFile(path, bytes, { mode: MODE, owner: this.#owner });
        this.#used.add(path);
        this.#wrote = true;
        return;
      } catch {
        // The disk is full, or somebody took the folder away.
        this.#temporary = makeTemporaryFolder('query');
      }
    }
    const path = pathIn(this.#temporary, key, table);
    try {
      writeWholeFile(path, bytes, { mode: MODE, owner: undefined });
    } catch (error) {
      throw unwritable(path, error);
    }
  }

  /** Remembers what was used, and makes room if something was added. Never fails. */
  close(): void {
    this.#removeTemporary();
    const now = new Date();
    for (const path of this.#used) {
      try {
        utimesSync(path, now, now);
      } catch {
        // Another query made room.
      }
    }
    try {
      if (this.#wrote) this.#makeRoom();
    } catch {
      // Somebody took the folder away, or made it theirs: the next question tries.
    }
  }

  #removeTemporary(): void {
    if (this.#temporary === undefined) return;
    try {
      removeOwnFolder(this.#temporary);
    } catch {
      // The next dit tries again.
    }
  }

  #makeRoom(): void {
    const files = readdirSync(this.#folder).flatMap((name) => {
      const path = join(this.#folder, name);
      const stat = statSync(path, { throwIfNoEntry: false });
      return stat === undefined ? [] : [{ path, bytes: stat.size, used: stat.mtimeMs }];
    });
    let bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    let left = files.length;
    for (const file of files.sort((a, b) => a.used - b.used)) {
      if (bytes <= this.#limits.bytes && left <= this.#limits.files) return;
      if (this.#used.has(file.path)) continue;
      removeFile(file.path);
      bytes -= file.bytes;
      left--;
    }
  }
}

const pathIn = (folder: string, key: string, table: TableName): string =>
  join(folder, `${key}.${table}${END}`);

const unwritable = (path: string, error: unknown): DitError =>
  new DitError({
    code: 'query-no-room',
    exitCode: EXIT.usage,
    message: quoting`the tables of the traces cannot be written to "${path}": ${messageOf(error)}`,
    remedy: 'make room there, or name another folder: XDG_CACHE_HOME=DIR, TMPDIR=DIR',
    cause: error,
  });

/** The code that turns a file into rows, by its content: another analysis gives other rows. */
function analysisVersion(): string {
  const hash = createHash('sha256').update(packageVersion());
  for (const folder of ['analysis', 'export/tables', 'model', 'tracefile']) {
    const path = fileURLToPath(new URL(`../${folder}`, import.meta.url));
    const files = readdirSync(path, { recursive: true, encoding: 'utf8' }).sort();
    for (const file of files) {
      if (/\.[jt]s$/.test(file)) hash.update(readFileSync(join(path, file)));
    }
  }
  return hash.digest('hex');
}
