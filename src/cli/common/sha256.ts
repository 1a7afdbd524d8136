import { createHash } from 'node:crypto';

/** Base64, as policies of pages name what may run and be applied. */
export const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64');
