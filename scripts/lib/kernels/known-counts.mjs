/**
 * What `dit test ebpf --json` wrote: does each count equal the number of calls that were made, whatever the verdict says
 * of their cost? Exits with 1 where one does not, or where none is there.
 */
import { readFileSync } from 'node:fs';

const { tests } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const [{ figures, reason }] = tests;
const known = figures.flatMap(({ name, value }) => {
  const made = /: (\d+) made$/.exec(name)?.[1];
  return made === undefined ? [] : [{ made: Number(made), counted: value }];
});
// A read and a write of two containers.
if (known.length !== 4 || known.some(({ made, counted }) => counted !== made)) process.exitCode = 1;
console.log(reason);
