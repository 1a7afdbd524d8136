/** What the command's programs asked an engine for: the requests that they wrote to its socket. */
import { raw } from '../../base/foreign.js';
import type { ContainerId } from '../../base/ids.js';
import { own } from '../../base/own.js';
import type { TraceTime } from '../../base/time.js';
import { RECORDED_ARGUMENTS } from '../../model/syscalls/syscalls.js';
import type { ProcessDraft } from '../order/process-table.js';
import { type TraceView, viewCall } from '../view/run-view.js';

export interface ClientRequest {
  readonly time: TraceTime;
  /** The call that wrote it. */
  readonly row: number;
  readonly life: ProcessDraft;
  /** Several creates were under way in the same program: which was for which container is not told. */
  readonly ambiguous: boolean;
}

/** The requests for one container. */
export interface ContainerRequests {
  create: ClientRequest | undefined;
  start: ClientRequest | undefined;
  readonly life: ProcessDraft;
}

const REQUEST = /^POST (?:\/v[\d.]+)?(?:\/libpod)?\/containers\/([\w.-]+)(?:\/([\w.-]+))?$/;

/** Creates of one program that no container was taken for yet: those from `taken` on. */
interface WaitingCreates {
  readonly requests: ClientRequest[];
  taken: number;
}

const countOf = ({ requests, taken }: WaitingCreates): number => requests.length - taken;

/** By container id. A create names none: it is taken for the container that the same program names next. */
export function clientRequests(view: TraceView): Map<ContainerId, ContainerRequests> {
  const found = new Map<ContainerId, ContainerRequests>();
  const creates = new Map<ProcessDraft, WaitingCreates>();
  for (const call of view.calls) {
    if (call.actor !== 'client') continue;
    const request = own(RECORDED_ARGUMENTS, call.name)?.request;
    if (request === undefined) continue;
    const [, id, verb] = REQUEST.exec(raw(viewCall(view, call).text(request))) ?? [];
    if (id === undefined) continue;
    const { life, time, row } = call;
    const waiting = creates.get(life) ?? { requests: [], taken: 0 };
    if (id === 'create') {
      waiting.requests.push({ time, row, life, ambiguous: countOf(waiting) > 0 });
      creates.set(life, waiting);
      continue;
    }
    let requests = found.get(id as ContainerId);
    if (requests === undefined) {
      const create = waiting.requests[waiting.taken];
      if (create !== undefined) waiting.taken++;
      const ambiguous = create?.ambiguous === true || countOf(waiting) > 0;
      requests = {
        create: create === undefined ? undefined : { ...create, ambiguous },
        start: undefined,
        life,
      };
      found.set(id as ContainerId, requests);
    }
    if (verb === 'start') requests.start ??= { time, row, life, ambiguous: false };
  }
  return found;
}
