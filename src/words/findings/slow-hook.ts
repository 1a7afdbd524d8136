import { percent } from '../../base/count.js';
import { quoting } from '../../base/foreign.js';
import { type FindingWords, ms } from './text.js';

export const slowHook: FindingWords<'slow-hook'> = ({ ns, facts: { program, windowNs } }) => ({
  title: `an OCI hook held the start up for ${ms(ns)} ms`,
  evidence: quoting`${program ?? 'a process'} on the critical path, ${percent(ns / windowNs)} of the start`,
  remedy:
    'hooks run one after the other while the container waits: make it shorter, or do its work elsewhere',
});
