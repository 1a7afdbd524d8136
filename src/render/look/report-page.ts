/** A report as one page that runs no program. */
import { escapeText } from '../../base/escape.js';
import type { Foreign } from '../../base/foreign.js';
import { renderPage, type Sha256 } from './page.js';
import { REPORT_STYLE } from './report-style.js';

export interface ReportPage {
  /** Untrusted. */
  readonly title: Foreign;
  /** Markup, in lines. */
  readonly body: readonly string[];
}

export function reportPage({ title, body }: ReportPage, sha256: Sha256): string {
  return renderPage(
    {
      title: escapeText(title),
      style: REPORT_STYLE,
      script: '',
      head: [],
      body: ['<main>', ...body, '</main>'],
    },
    sha256,
  );
}
