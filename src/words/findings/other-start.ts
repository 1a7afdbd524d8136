import { plural } from '../../base/count.js';
import { type FindingWords, ms } from './text.js';

export const otherStart: FindingWords<'other-start'> = ({ ns, facts: { waits, actor, pid } }) => ({
  title: `waited ${ms(ns)} ms for the start of another container`,
  evidence: `${plural(waits, 'wait')}; the longest was ended by another container's ${actor}, pid ${pid}`,
  remedy: "starts at once wait for each other's locks: start fewer at a time",
});
