/** bench.json read as what it is: a file from elsewhere, checked to the last field. */
import { DitError, EXIT } from '../../base/errors.js';
import {
  BENCH_SCHEMA,
  type Bench,
  type BenchDimension,
  type BenchUnit,
  DIMENSION_NAME,
} from './bench.js';

const UNITS: readonly BenchUnit[] = ['ms', 'MB/s', 'Mbit/s', 'MB', '%', 'ops/s'];
const DIRECTIONS: readonly BenchDimension['better'][] = ['lower', 'higher', 'neither'];

type Fields = Readonly<Record<string, unknown>>;

/**
 * @param path of the file, for errors
 * @throws DitError naming the field that is not what it should be
 */
export function readBenchJson(text: string, path: string): Bench {
  const refuse = (what: string): never => {
    throw new DitError({
      code: 'bench-file',
      exitCode: EXIT.usage,
      message: `"${path}" ${what}`,
      remedy: 'measure again: dit bench --out DIR; or move the file away to use the CSV files',
    });
  };
  const fields = (value: unknown, at: string): Fields =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Fields)
      : refuse(`has no object at ${at}`);
  const list = (value: unknown, at: string): readonly unknown[] =>
    Array.isArray(value) ? value : refuse(`has no list at ${at}`);
  const string = (value: unknown, at: string): string =>
    typeof value === 'string' ? value : refuse(`has no text at ${at}`);
  const number = (value: unknown, at: string): number =>
    typeof value === 'number' && Number.isFinite(value) ? value : refuse(`has no number at ${at}`);
  const oneOf = <T extends string>(value: unknown, of: readonly T[], at: string): T =>
    of.find((each) => each === value) ?? refuse(`has none of ${of.join(', ')} at ${at}`);
  const labels = (value: unknown, at: string): Record<string, string> =>
    Object.fromEntries(
      Object.entries(fields(value, at)).map(([key, each]) => [key, string(each, `${at}.${key}`)]),
    );

  const dimension = (value: unknown, at: string): BenchDimension => {
    const object = fields(value, at);
    const name = string(object.name, `${at}.name`);
    if (!DIMENSION_NAME.test(name)) refuse(`has no name of a dimension at ${at}.name`);
    const groups = list(object.groups, `${at}.groups`).map((group, index) =>
      string(group, `${at}.groups[${index}]`),
    );
    const known = new Set(groups);
    if (known.size < groups.length) refuse(`names a group twice at ${at}.groups`);
    const inGroup = (each: Fields, place: string): { iteration: number; group: string } => {
      const group = string(each.group, `${place}.group`);
      if (!known.has(group)) refuse(`has an unknown group at ${place}.group`);
      return { iteration: number(each.iteration, `${place}.iteration`), group };
    };
    return {
      name,
      unit: oneOf(object.unit, UNITS, `${at}.unit`),
      better: oneOf(object.better, DIRECTIONS, `${at}.better`),
      groups,
      samples: list(object.samples, `${at}.samples`).map((sample, index) => {
        const place = `${at}.samples[${index}]`;
        const each = fields(sample, place);
        return {
          ...inGroup(each, place),
          value: number(each.value, `${place}.value`),
          order: number(each.order, `${place}.order`),
          ...(each.at === undefined ? {} : { at: number(each.at, `${place}.at`) }),
        };
      }),
      missing: list(object.missing ?? [], `${at}.missing`).map((miss, index) => {
        const place = `${at}.missing[${index}]`;
        const each = fields(miss, place);
        return { ...inGroup(each, place), reason: string(each.reason, `${place}.reason`) };
      }),
    };
  };

  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    // The parser's words quote the text: it is not ours.
    refuse('is no JSON');
  }
  const root = fields(document, 'its top');
  if (root.schema !== BENCH_SCHEMA) refuse(`is not of the schema ${BENCH_SCHEMA}`);
  const environment = fields(root.environment, 'environment');
  const dimensions = list(root.dimensions, 'dimensions').map((each, index) =>
    dimension(each, `dimensions[${index}]`),
  );
  if (new Set(dimensions.map(({ name }) => name)).size < dimensions.length) {
    refuse('names a dimension twice');
  }
  return {
    schema: BENCH_SCHEMA,
    platform: string(root.platform, 'platform'),
    seed: root.seed === null ? null : number(root.seed, 'seed'),
    environment: {
      host: labels(environment.host, 'environment.host'),
      engine: labels(environment.engine, 'environment.engine'),
    },
    started: string(root.started, 'started'),
    ended: string(root.ended, 'ended'),
    dimensions,
    notes: list(root.notes, 'notes').map((note, index) => string(note, `notes[${index}]`)),
  };
}
