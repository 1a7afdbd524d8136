/** The options of `dit trace run` as commander parses them, and what they ask of the engine. */

import type Dockerode from 'dockerode';
import { own } from '../../base/own.js';
import type { SourceName } from '../../capture/sources.js';
import type { UntilOption } from './option-values.js';

export interface TraceRunOptions {
  /** Absent: a new file in the traces folder. */
  readonly output?: string;
  readonly redact?: true;
  readonly json?: true;
  readonly strict?: true;
  readonly quiet?: true;
  readonly source: 'auto' | SourceName;
  readonly syscalls?: 'few' | 'all';
  readonly engine: 'auto' | 'private';
  readonly host?: string;
  readonly until: UntilOption;
  /** MiB. */
  readonly ringMb: number;
  /** Starts one after the other; absent: one, without a summary. */
  readonly runs?: number;
  /** With `runs`: starts before them that are not counted; absent: one. */
  readonly warmup?: number;
  /** With `runs`: every recording stays, not only the median one. */
  readonly keepAll?: true;

  readonly name?: string;
  readonly network?: string;
  readonly entrypoint?: string;
  readonly runtime?: string;
  readonly platform?: string;
  readonly user?: string;
  readonly workdir?: string;
  readonly env?: readonly string[];
  readonly label?: readonly string[];
  readonly volume?: readonly string[];
  readonly tmpfs?: readonly string[];
  readonly capAdd?: readonly string[];
  readonly capDrop?: readonly string[];
  readonly securityOpt?: readonly string[];
  /** Bytes. */
  readonly memory?: number;
  readonly cpus?: number;
  readonly pidsLimit?: number;
  readonly init?: true;
  readonly privileged?: true;
  readonly readOnly?: true;
}

const NANO = 1e9;

/** What POST /containers/create is sent, but for dit's own labels. `command` empty: the image's own. */
export function createOptions(
  image: string,
  command: readonly string[],
  options: TraceRunOptions,
  env: Readonly<Record<string, string | undefined>>,
): Dockerode.ContainerCreateOptions {
  const { env: variables = [], label = [], volume = [], tmpfs = [] } = options;
  const { capAdd = [], capDrop = [], securityOpt = [] } = options;
  return {
    Image: image,
    ...(command.length > 0 ? { Cmd: [...command] } : {}),
    ...(options.name === undefined ? {} : { name: options.name }),
    ...(options.platform === undefined ? {} : { platform: options.platform }),
    ...(options.user === undefined ? {} : { User: options.user }),
    ...(options.workdir === undefined ? {} : { WorkingDir: options.workdir }),
    // An empty entrypoint takes the image's away, as `docker run --entrypoint ""` does.
    ...(options.entrypoint === undefined ? {} : { Entrypoint: [options.entrypoint] }),
    Env: variables.map((variable) => withValue(variable, env)).filter((each) => each !== ''),
    Labels: Object.fromEntries(label.map((each) => split(each, '='))),
    HostConfig: {
      Binds: [...volume],
      Tmpfs: Object.fromEntries(tmpfs.map((mount) => split(mount, ':'))),
      CapAdd: [...capAdd],
      CapDrop: [...capDrop],
      SecurityOpt: [...securityOpt],
      Privileged: options.privileged === true,
      ReadonlyRootfs: options.readOnly === true,
      ...(options.network === undefined ? {} : { NetworkMode: options.network }),
      ...(options.runtime === undefined ? {} : { Runtime: options.runtime }),
      ...(options.memory === undefined ? {} : { Memory: options.memory }),
      ...(options.cpus === undefined ? {} : { NanoCpus: Math.round(options.cpus * NANO) }),
      ...(options.pidsLimit === undefined ? {} : { PidsLimit: options.pidsLimit }),
      ...(options.init === true ? { Init: true } : {}),
    },
  };
}

/** `-e NAME` takes the value of dit's own environment, and nothing where it has none. */
function withValue(variable: string, env: Readonly<Record<string, string | undefined>>): string {
  if (variable.includes('=')) return variable;
  const value = own(env, variable);
  return value === undefined ? '' : `${variable}=${value}`;
}

function split(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
