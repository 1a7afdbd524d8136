/**
 * What each request to a Docker engine answers, as far as dit reads it: the one place where an answer becomes
 * typed. Whoever listens at a socket may be no engine, or a broken one, and what it says is checked before anybody
 * relies on it. A request that is not in the table is not sent.
 */

import { DitError, EXIT } from '../../base/errors.js';
import { own } from '../../base/own.js';

/** Says what does not fit; undefined: nothing. */
type Check = (value: unknown, at: string) => string | undefined;

const text: Check = (value, at) => (typeof value === 'string' ? undefined : `${at} is not a text`);
const number: Check = (value, at) => (Number.isFinite(value) ? undefined : `${at} is not a number`);
const flag: Check = (value, at) =>
  typeof value === 'boolean' ? undefined : `${at} is not true or false`;
/** It becomes a part of paths and messages. */
const id: Check = (value, at) =>
  typeof value === 'string' && /^[A-Za-z0-9][\w.:-]{0,255}$/.test(value)
    ? undefined
    : `${at} is not an id`;

/** Engines write null for what is empty. */
const maybe =
  (check: Check): Check =>
  (value, at) =>
    value === undefined || value === null ? undefined : check(value, at);

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const object =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value, at) => {
    if (!isObject(value)) return `${at} is not an object`;
    for (const [name, check] of Object.entries(fields)) {
      const misfit = check(own(value, name), `${at}.${name}`);
      if (misfit !== undefined) return misfit;
    }
    return undefined;
  };

const list =
  (check: Check): Check =>
  (value, at) =>
    Array.isArray(value)
      ? firstMisfit(value.entries(), (each, index) => check(each, `${at}[${index}]`))
      : `${at} is not a list`;

const map =
  (check: Check): Check =>
  (value, at) =>
    isObject(value)
      ? firstMisfit(Object.entries(value), (each) => check(each, `a value of ${at}`))
      : `${at} is not an object`;

function firstMisfit<K>(
  entries: Iterable<[K, unknown]>,
  check: (value: unknown, key: K) => string | undefined,
): string | undefined {
  for (const [key, value] of entries) {
    const misfit = check(value, key);
    if (misfit !== undefined) return misfit;
  }
  return undefined;
}

const labels = maybe(map(text));
const texts = maybe(list(text));

const CONTAINER = object({
  Id: id,
  Name: text,
  State: object({
    Pid: number,
    Running: flag,
    Status: text,
    OOMKilled: maybe(flag),
  }),
  AppArmorProfile: maybe(text),
  Config: maybe(object({ User: maybe(text) })),
  GraphDriver: maybe(object({ Name: maybe(text), Data: maybe(map(maybe(text))) })),
  HostConfig: maybe(
    object({
      Privileged: maybe(flag),
      SecurityOpt: texts,
      CapAdd: texts,
      CapDrop: texts,
      ReadonlyPaths: texts,
      MaskedPaths: texts,
      Devices: maybe(list(object({ PathInContainer: maybe(text) }))),
      ReadonlyRootfs: maybe(flag),
      PidsLimit: maybe(number),
      Memory: maybe(number),
      PidMode: maybe(text),
      NetworkMode: maybe(text),
      IpcMode: maybe(text),
      UTSMode: maybe(text),
      CgroupnsMode: maybe(text),
    }),
  ),
  Mounts: maybe(
    list(
      object({
        Type: text,
        Name: maybe(text),
        Source: maybe(text),
        Destination: text,
        Driver: maybe(text),
        RW: maybe(flag),
      }),
    ),
  ),
  NetworkSettings: maybe(
    object({
      Networks: maybe(map(object({ IPAddress: maybe(text), Gateway: maybe(text) }))),
      Ports: maybe(map(maybe(list(object({ HostIp: maybe(text), HostPort: maybe(text) }))))),
    }),
  ),
});

const COUNTS = map(maybe(number));
const STATS = object({
  read: text,
  cpu_stats: object({
    cpu_usage: object({ total_usage: number }),
    throttling_data: maybe(COUNTS),
  }),
  memory_stats: maybe(object({ usage: maybe(number), stats: maybe(COUNTS) })),
});

const VERSION = object({
  Version: text,
  ApiVersion: maybe(text),
  Arch: maybe(text),
  Platform: maybe(object({ Name: maybe(text) })),
  Components: maybe(list(object({ Name: maybe(text), Version: maybe(text) }))),
});

const INFO = object({
  NCPU: maybe(number),
  Driver: maybe(text),
  CgroupDriver: maybe(text),
  CgroupVersion: maybe(text),
  DefaultRuntime: maybe(text),
  DockerRootDir: maybe(text),
});

/** How long a request may take: that of `ENGINE_LIMITS`, or for what lasts as long as it lasts, none. */
type Pace = 'answer' | 'work' | 'idle' | 'none';

/** What comes back: JSON that is checked, a stream, or nothing that anybody reads. */
type AnswerKind = Check | 'stream' | 'ignored';

export interface RequestRule {
  readonly pace: Pace;
  readonly answer: AnswerKind;
  /** It makes something in the engine, whose id is needed to take it away. */
  readonly makes: boolean;
}

const ID = '[\\w.:-]+';
const NAME = '.+';

const RULES: readonly (readonly [RegExp, RequestRule])[] = [
  rule('GET', '/_ping', 'answer', 'ignored'),
  rule('GET', '/version', 'answer', VERSION),
  rule('GET', '/info', 'answer', INFO),
  rule('GET', '/events', 'answer', 'stream'),
  rule('GET', '/containers/json', 'answer', list(object({ Id: id, Labels: labels }))),
  makes('/containers/create', object({ Id: id })),
  rule('GET', `/containers/${ID}/json`, 'answer', CONTAINER),
  rule('GET', `/containers/${ID}/stats`, 'answer', STATS),
  rule(
    'GET',
    `/containers/${ID}/changes`,
    'work',
    maybe(list(object({ Path: text, Kind: number }))),
  ),
  rule('POST', `/containers/${ID}/(start|kill|stop)`, 'work', 'ignored'),
  rule('POST', `/containers/${ID}/wait`, 'none', object({ StatusCode: number })),
  rule('POST', `/containers/${ID}/attach`, 'work', 'stream'),
  rule('PUT', `/containers/${ID}/archive`, 'work', 'ignored'),
  rule('DELETE', `/containers/${ID}`, 'work', 'ignored'),
  rule('POST', `/containers/${ID}/exec`, 'work', object({ Id: id })),
  rule('POST', `/exec/${ID}/start`, 'work', 'stream'),
  rule('GET', `/exec/${ID}/json`, 'answer', object({ ExitCode: maybe(number) })),
  makes('/commit', object({ Id: id })),
  rule('GET', '/images/json', 'answer', list(object({ Id: id, Labels: labels }))),
  rule('POST', '/images/create', 'idle', 'stream'),
  rule('GET', `/images/${NAME}/json`, 'answer', object({ Id: id })),
  rule('DELETE', `/images/${NAME}`, 'work', 'ignored'),
  rule(
    'GET',
    '/volumes',
    'answer',
    object({ Volumes: maybe(list(object({ Name: id, Labels: labels }))) }),
  ),
  makes('/volumes/create', object({ Name: id })),
  rule(
    'GET',
    `/volumes/${ID}`,
    'answer',
    object({ Name: id, Mountpoint: text, Driver: text, Options: maybe(map(text)) }),
  ),
  rule('DELETE', `/volumes/${ID}`, 'work', 'ignored'),
  rule('GET', '/networks', 'answer', list(object({ Id: id, Name: text, Labels: labels }))),
  makes('/networks/create', object({ Id: id })),
  rule('GET', `/networks/${ID}`, 'answer', object({ Id: id, Name: text })),
  rule('DELETE', `/networks/${ID}`, 'work', 'ignored'),
];

function rule(
  method: string,
  path: string,
  pace: Pace,
  answer: AnswerKind,
): readonly [RegExp, RequestRule] {
  return [new RegExp(`^${method} ${path}$`), { pace, answer, makes: false }];
}

function makes(path: string, answer: Check): readonly [RegExp, RequestRule] {
  return [new RegExp(`^POST ${path}$`), { pace: 'work', answer, makes: true }];
}

/** @param path with or without its query */
export function requestRule(method: string, path: string): RequestRule {
  const asked = requestName(method, path);
  const found = RULES.find(([pattern]) => pattern.test(asked));
  if (found === undefined) throw new Error(`the answer to '${asked}' is not in the table`);
  return found[1];
}

/** "GET /containers/json": for people, without the query. */
const requestName = (method: string, path: string): string => `${method} ${path.split('?', 1)[0]}`;

/** @returns the JSON that `body` holds @throws DitError engine-nonsense where it is not what the request answers */
export function checkedAnswer(method: string, path: string, body: string): unknown {
  const { answer } = requestRule(method, path);
  if (typeof answer === 'string') return undefined;
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    // The parser's words quote the answer, which may hold anything.
    throw nonsense(method, path, 'it is not JSON');
  }
  const misfit = answer(value, 'the answer');
  if (misfit !== undefined) throw nonsense(method, path, misfit);
  return value;
}

export const nonsense = (method: string, path: string, why: string): DitError =>
  new DitError({
    code: 'engine-nonsense',
    exitCode: EXIT.engine,
    message: `what answers '${requestName(method, path)}' does not speak the Docker API: ${why}`,
    remedy: 'check the address of the engine: docker context ls, or name another with --host',
  });

export const silent = (method: string, path: string, ms: number): DitError =>
  new DitError({
    code: 'engine-silent',
    exitCode: EXIT.engine,
    message: `the engine does not answer '${requestName(method, path)}' within ${ms / 1000} s`,
    remedy: 'check its health: docker info; or restart it',
  });
