/** The namespaces test: a container's against the host's, seen from both sides, and what making them costs. */

import { readFileSync } from 'node:fs';
import { DitError, EXIT, messageOf } from '../../base/errors.js';
import { type Foreign, quoting } from '../../base/foreign.js';
import type { MeasureContext } from '../../measure/context.js';
import {
  measureNamespaces,
  NAMESPACE_KINDS,
  type NamespaceCall,
  namespaceCalls,
} from '../../measure/namespaces.js';
import { needProgram } from '../../platform/processes/child-process.js';
import { defineCheck, Skip } from '../contract/check.js';
import {
  judgeNamespaces,
  type NamespaceCostFacts,
  type NamespacesFacts,
  type NamespacesReason,
  setKey,
} from './judge.js';
import { seeFromHost, seeFromInside } from './read-views.js';
import { namespacesText } from './text.js';

export const namespacesCheck = defineCheck({
  name: 'namespaces',
  measure,
  judge: judgeNamespaces,
  text: namespacesText,
});

const TIMES = 9;
const STARTS = 5;

async function measure(context: MeasureContext): Promise<NamespacesFacts | Skip<NamespacesReason>> {
  const { seesKernel, signal } = context;
  if (!seesKernel) return new Skip({ kind: 'kernel out of reach' });
  const seen = await look(context);
  signal.throwIfAborted();
  return { ...seen, ...(await costOrWhyNot(context)) };
}

async function look(context: MeasureContext): Promise<Pick<NamespacesFacts, 'views' | 'pidLine'>> {
  const { sandbox, image, say } = context;
  say('looking from inside and from outside');
  const container = await sandbox.start(
    {
      Image: image,
      Cmd: ['sh', '-c', 'sleep 600'],
      // An interface of its own may be called what the host's is called.
      HostConfig: { NetworkMode: 'none' },
    },
    'namespaces',
  );
  const queue = await makeQueue(context);
  const views = { inside: await seeFromInside(container), host: seeFromHost(), queue };
  const pidLine = statusLine(container.pid, 'NSpid');
  await container.remove();
  return { views, pidLine };
}

/** On the host, for as long as the check runs. */
async function makeQueue({ sandbox }: MeasureContext): Promise<string | undefined> {
  try {
    const { stdout } = await needProgram('ipcmk', ['-Q']);
    const id = / (\d{1,10})$/.exec(stdout.trimEnd())?.[1];
    if (id === undefined) return undefined;
    sandbox.undo(`removing message queue ${id}`, async () => {
      await needProgram('ipcrm', ['-q', id]);
    });
    return id;
  } catch {
    // Without ipcmk, or without a queue to spare, the check says that it made none.
    return undefined;
  }
}

function statusLine(pid: number, field: string): Foreign {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const line = status.split('\n').find((each) => each.startsWith(`${field}:`)) ?? '';
    return line.replace(/\s+/g, ' ');
  } catch (error) {
    return quoting`/proc/${pid}/status: ${messageOf(error)}`;
  }
}

async function costOrWhyNot(
  context: MeasureContext,
): Promise<Pick<NamespacesFacts, 'cost' | 'notMeasured'>> {
  try {
    return { cost: await measureCost(context), notMeasured: '' };
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof DitError && error.exitCode === EXIT.unavailable)) throw error;
    return { cost: undefined, notMeasured: error.message };
  }
}

async function measureCost(context: MeasureContext): Promise<NamespaceCostFacts> {
  const { image, record, signal, say } = context;
  const starts: NamespaceCall[][] = [];
  let recorder: Foreign = '';
  for (let n = 1; n <= STARTS; n++) {
    signal.throwIfAborted();
    say(`recording start ${n} of ${STARTS}`);
    const { trace, run } = await record({ Image: image, Entrypoint: ['true'], Cmd: [] });
    recorder = trace.recording.header.source.name;
    starts.push(namespaceCalls(trace, run));
  }
  say('making each kind of namespace by itself');
  const made = starts.flat().map(({ kinds }) => kinds);
  const sets = distinctSets([...NAMESPACE_KINDS.map((kind) => [kind]), ...made]);
  return { alone: await measureNamespaces(sets, TIMES, signal), starts, recorder };
}

const distinctSets = (sets: readonly (readonly string[])[]): (readonly string[])[] => [
  ...new Map(sets.map((kinds) => [setKey(kinds), kinds])).values(),
];
