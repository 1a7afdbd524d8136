/** What marks of dit's own requests say of themselves. */

/**
 * Detail: how long before the mark's start the client library was called, ns. Where it is there, the start is when the
 * request had been written, and the end when the last byte of its answer had been read; in older recordings they are
 * when the library was called and when it returned.
 */
export const ASKED_DETAIL = 'asked_ns';
