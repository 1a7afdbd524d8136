import { quoting } from '../../base/foreign.js';
import { type FindingWords, ms } from './text.js';

export const sealing: FindingWords<'sealing'> = ({ ns, facts: { pid, filename } }) => ({
  title: `runc sealed its own binary: ${ms(ns)} ms`,
  evidence: quoting`pid ${pid} executed itself twice, the second time from ${filename}; its time between the two on the critical path`,
  remedy: 'runc 1.2 and later need much less for it: upgrade',
});
