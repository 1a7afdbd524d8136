/** The built-in queries: traces/queries/NAME.sql; the first line of each, a comment, is its title. */
import { readdirSync, readFileSync } from 'node:fs';
import { packagePath } from '../platform/package-files.js';

const FOLDER = packagePath('traces/queries/');
const END = '.sql';

export interface NamedQuery {
  readonly name: string;
  /** The comment's first line. */
  readonly title: string;
  readonly sql: string;
}

/** By name. */
export function namedQueries(): NamedQuery[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(END))
    .sort()
    .map((file) => {
      const sql = readFileSync(FOLDER + file, 'utf8');
      const [first = ''] = sql.split('\n');
      return { name: file.slice(0, -END.length), title: first.replace(/^--\s*/, ''), sql };
    });
}
