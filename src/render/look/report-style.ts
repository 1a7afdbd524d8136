/** What the reports of `dit test` and `dit compare` add to the look of all pages: a document to read from the top. */
export const REPORT_STYLE = `body { font-size: 15px; line-height: 1.5; }
main { max-width: 1180px; margin: 0 auto; padding: 24px 20px 48px; }
h1 { font-size: 24px; line-height: 1.3; }
h2 { margin: 40px 0 8px; padding-bottom: 4px; border-bottom: 1px solid var(--line); font-size: 19px; }
h3 { margin: 24px 0 6px; font-size: 15px; overflow-wrap: anywhere; }
p + p, ul + p, .table + p { margin-top: 6px; }
ul { padding-left: 20px; }
li, p { overflow-wrap: anywhere; }
.dim, figcaption, summary { color: var(--muted); font-size: 13px; }
.result { padding: 4px 0; font-size: 17px; }
.result strong { font-weight: 650; }
.table { overflow-x: auto; }
table { font-size: 13px; }
th, td { padding: 4px 16px 4px 0; white-space: nowrap; }
th:last-child, td:last-child { padding-right: 0; }
thead th { font-weight: 600; vertical-align: bottom; }
.wide { min-width: 180px; white-space: normal; overflow-wrap: anywhere; }
tr.marked > * { font-weight: 600; }
pre { max-height: 320px; margin: 8px 0; padding: 8px 10px; overflow: auto; background: var(--panel); border: 1px solid var(--line); border-radius: var(--radius); font: 12px/1.5 var(--mono); }
details { margin-top: 6px; }
summary { cursor: pointer; }
svg { display: block; max-width: 100%; height: auto; }
.notice { margin: 10px 0; padding: 6px 12px; background: var(--notice); border-left: 4px solid var(--notice-line); }
.finding { margin: 12px 0; padding: 2px 14px; border-left: 4px solid var(--muted); }
.finding.wrong, .finding.high { border-color: var(--bad); }
.finding.doubtful, .finding.medium { border-color: var(--notice-line); }
.badge { display: inline-block; padding: 0 7px; border: 1px solid currentColor; border-radius: var(--radius); font-size: 12px; font-weight: 600; line-height: 18px; letter-spacing: 0.02em; text-transform: uppercase; white-space: nowrap; }
.pass, .better { color: var(--good); }
.warn { color: var(--warning); }
.fail, .worse, .failed { color: var(--bad); }
.skipped { color: var(--muted); }
.tally { display: flex; flex-wrap: wrap; gap: 10px; padding: 16px 0 8px; list-style: none; }
.tally li { display: flex; gap: 8px; align-items: baseline; min-width: 104px; padding: 6px 12px; background: var(--panel); border: 1px solid var(--line); border-left: 4px solid currentColor; border-radius: var(--radius); }
.tally strong { font-size: 24px; line-height: 1.2; }
.tally span { color: var(--text); }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 440px), 1fr)); gap: 8px 40px; align-items: start; }
.charts > * { min-width: 0; }
.charts h3 { margin-top: 16px; }
.chart svg { width: 100%; }
@media (max-width: 640px) {
main { padding: 14px 12px 32px; }
h1 { font-size: 21px; }
.tally li { min-width: 0; flex: 1 0 auto; }
th, td { padding-right: 12px; }
.wide { min-width: 140px; }
.short table { font-size: 12px; }
.short th, .short td { padding-right: 8px; }
.short tbody th { min-width: 90px; white-space: normal; overflow-wrap: anywhere; }
.short .spare, .seconds { display: none; }
}
@media print {
main { max-width: none; padding: 0; }
h2, h3 { break-after: avoid; }
.finding, svg, tr, .chart { break-inside: avoid; }
pre { max-height: none; white-space: pre-wrap; }
.table { overflow: visible; }
svg, .badge, .tally li { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
