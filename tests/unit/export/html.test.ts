import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type HtmlPage, renderHtml } from '../../../src/export/html.js';
import { PAGE_BEGIN } from '../../../src/render/look/page.js';
import { PAGE_STYLE } from '../../../src/render/look/style.js';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64');

const page = (changes: Partial<HtmlPage> = {}): string =>
  renderHtml(
    {
      title: 'a.dit',
      script: 'show();',
      style: 'body{margin:0}',
      traces: [Uint8Array.of(1, 2, 255)],
      ditVersion: '0.1.0',
      ...changes,
    },
    sha256,
  );

const between = (text: string, begin: string, end: string): string =>
  text.slice(text.indexOf(begin) + begin.length, text.indexOf(end, text.indexOf(begin)));

describe('renderHtml', () => {
  test('the policy allows the page its own script and style, by their sums, and no request', () => {
    const html = page();
    expect(html.startsWith(PAGE_BEGIN)).toBe(true);
    const policy = between(html, 'http-equiv="Content-Security-Policy" content="', '">');
    expect(policy.split('; ')).toEqual([
      "default-src 'none'",
      `script-src 'sha256-${sha256('show();')}'`,
      `style-src 'sha256-${sha256(`${PAGE_STYLE}body{margin:0}`)}'`,
      "base-uri 'none'",
      "form-action 'none'",
    ]);
    expect(html.indexOf('Content-Security-Policy')).toBeLessThan(html.indexOf('<style>'));
    expect(html).not.toMatch(/\b(src|href)=/);
  });

  test('the data are base64, a trace each', () => {
    const html = page({ traces: [Uint8Array.of(1, 2, 255), Uint8Array.of()] });
    const blocks = [...html.matchAll(/<script type="application\/x-dit-trace">([^<]*)<\/script>/g)];
    expect(blocks.map(([, text]) => [...Buffer.from(text as string, 'base64')])).toEqual([
      [1, 2, 255],
      [],
    ]);
  });

  test('a title is text, whatever it holds', () => {
    const html = page({ title: '</title><img src=x onerror=alert(1)>"\'&' });
    expect(html).not.toContain('<img');
    expect(between(html, '<title>', '</title>')).toBe(
      '&lt;/title&gt;&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;',
    );
  });

  test('nothing in the script or the style ends it, and the sums are of what stands there', () => {
    const html = page({
      script: 'a="</script><script>alert(1)//";b="<!--";',
      style: 'a::before{content:"</style><b>"}',
    });
    const script = between(html, '\n<script>', '</script>');
    expect(script).toBe('a="<\\/script><script>alert(1)//";b="<\\!--";');
    expect(html).toContain(`'sha256-${sha256(script)}'`);
    const style = between(html, '<style>', '</style>');
    expect(style).toBe(`${PAGE_STYLE}a::before{content:"<\\/style><b>"}`);
    expect(html).toContain(`'sha256-${sha256(style)}'`);
  });
});
