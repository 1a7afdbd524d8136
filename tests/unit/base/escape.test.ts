import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeText, markdownText, safeJson } from '../../../src/base/escape.js';
import { ACTED_ON } from '../../support/terminal.js';

/** Text of any code units, rich in what is dangerous. */
const anyText = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
      fc.constantFrom(
        '\x1b[31m',
        '\x9b2J',
        '\u202e',
        '\u2066',
        '\n',
        '\ud83d',
        '\u{e0041}',
        'é',
        '漢',
      ),
    ),
  )
  .map((parts) => parts.join(''));

describe('escapeText', () => {
  it.each([
    ['plain', 'plain'],
    ['\x1b[31mred', '\\x1b[31mred'],
    ['a\nb\tc\r', 'a\\nb\\tc\\r'],
    ['\x9b31m', '\\x9b31m'],
    ['\u202egnp', '\\u202egnp'],
    ['\ud800', '\\ud800'],
    ['\u{e0041}', '\\u{e0041}'],
    ['é 漢 😀', 'é 漢 😀'],
  ])('%j', (text, escaped) => expect(escapeText(text)).toBe(escaped));

  it('keeps a few combining marks and shows a pile of them', () => {
    expect(escapeText('e\u0301')).toBe('e\u0301');
    expect(escapeText(`e${'\u0301'.repeat(5)}`)).toBe(`e${'\u0301'.repeat(3)}\\u0301\\u0301`);
  });

  it('leaves nothing that a terminal acts on', () => {
    fc.assert(fc.property(anyText, (text) => !ACTED_ON.test(escapeText(text))));
  });

  it('does nothing to what it has escaped', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const once = escapeText(text);
        return escapeText(once) === once;
      }),
    );
  });
});

describe('markdownText', () => {
  it.each([
    ['/etc/@octocat', '/etc/@<!-- -->octocat'],
    ['fixes #12', 'fixes \\#<!-- -->12'],
    ['https://x.test www.x.test', 'https<!-- -->://x.test www<!-- -->.x.test'],
    ['[a](b) ![c](d)', '\\[a\\](b) \\!\\[c\\](d)'],
    ['<b> &lt;', '\\<b\\> \\&lt;'],
    ['a | b\nc', 'a \\| b\\\\nc'],
    ['5 % of 10 MB/s (p 0.05)', '5 % of 10 MB/s (p 0.05)'],
  ])('%j', (text, escaped) => expect(markdownText(text)).toBe(escaped));
});

describe('safeJson', () => {
  it('means the same as JSON and is safe to print', () => {
    fc.assert(
      fc.property(fc.dictionary(anyText, anyText), (value) => {
        const json = safeJson(value);
        expect(ACTED_ON.test(json)).toBe(false);
        expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('indents', () => expect(safeJson({ a: '\u202e' }, 2)).toBe('{\n  "a": "\\u202e"\n}'));
});
