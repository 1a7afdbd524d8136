import { percent } from '../../base/count.js';
import { type FindingWords, ms } from './text.js';

export const networkHook: FindingWords<'network-hook'> = ({
  ns,
  facts: { pid, execs, windowNs },
}) => ({
  title: `the network hook re-executed dockerd${execs > 1 ? ` ${execs} times` : ''}: ${ms(ns)} ms, ${percent(ns / windowNs)} of the start`,
  evidence: `libnetwork-setkey as pid ${pid}, between its exec and its exit, on the critical path`,
  remedy: 'newer engines (Docker 28 and later) set the network up without it: upgrade',
});
