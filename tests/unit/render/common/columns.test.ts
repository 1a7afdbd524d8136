import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeText } from '../../../../src/base/escape.js';
import {
  alignLeft,
  alignRight,
  columnsOf,
  cut,
  cutStart,
  wrap,
} from '../../../../src/render/common/columns.js';

const text = fc.string({ unit: 'grapheme' }).map(escapeText);

describe('columns', () => {
  it('counts wide characters twice and combining ones not at all', () => {
    expect(columnsOf('abc')).toBe(3);
    expect(columnsOf('漢字')).toBe(4);
    expect(columnsOf('e\u0301')).toBe(1);
  });

  it('cuts with an ellipsis, never through a wide character', () => {
    expect(cut('abcdef', 4)).toBe('abc…');
    expect(cut('abcd', 4)).toBe('abcd');
    expect(cut('漢字漢字', 4)).toBe('漢…');
    expect(cut('abc', 0)).toBe('');
  });

  it('keeps the end where that says most', () => {
    expect(cutStart('/a/b/c', 4)).toBe('…b/c');
    expect(cutStart('/a/b', 4)).toBe('/a/b');
    expect(cutStart('漢字漢字', 4)).toBe('…字');
    expect(cutStart('abc', 0)).toBe('');
  });

  it('fits at either side', () => {
    expect(alignLeft('ab', 4)).toBe('ab  ');
    expect(alignRight('ab', 4)).toBe('  ab');
    expect(alignRight('abcdef', 4)).toBe('abc…');
  });

  it('fits exactly, whatever the text', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 60 }), (any, columns) => {
        expect(columnsOf(alignLeft(any, columns))).toBe(columns);
        expect(columnsOf(alignRight(any, columns))).toBe(columns);
      }),
    );
  });
});

describe('wrap', () => {
  it('breaks at blanks', () => {
    expect(wrap('one two three', 8)).toEqual(['one two', 'three']);
  });

  it('breaks a long word', () => {
    expect(wrap('abcdefghij', 4)).toEqual(['abcd', 'efgh', 'ij']);
  });

  it('does not part a letter from its accent', () => {
    expect(wrap('!⺀⺀A\u0300', 5)).toEqual(['!⺀⺀', 'A\u0300']);
  });

  it('keeps every character but blanks, on lines that fit', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 4, max: 60 }), (any, columns) => {
        const lines = wrap(any, columns);
        expect(lines.every((line) => columnsOf(line) <= columns)).toBe(true);
        expect(lines.join('').replaceAll(' ', '')).toBe(any.replaceAll(' ', ''));
      }),
    );
  });
});
