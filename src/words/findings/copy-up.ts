import { quoting } from '../../base/foreign.js';
import { copiedText } from '../copied-text.js';
import { type FindingWords, mb, ms } from './text.js';

export const copyUp: FindingWords<'copy-up'> = ({ ns, facts: { copied, bytes, longest } }) => ({
  title: `${copiedText(copied)} copied up from the image: ${mb(bytes)} MB, ${ms(ns)} ms`,
  evidence: quoting`${longest.path}: ${mb(longest.bytes)} MB in ${ms(longest.ns)} ms, by ${longest.trigger} (${longest.certainty})`,
  remedy: 'put files that are changed on a volume, or do not change them at start',
});
