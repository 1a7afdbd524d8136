/** Text in pieces that are worth a write each. */

/** Written at once: larger is no faster, smaller is slower. */
const CHUNK_CHARACTERS = 1 << 16;

/** The same text, so joined that no piece but the last is short. */
export function* inChunks(pieces: Iterable<string>): Generator<string> {
  let chunk = '';
  for (const piece of pieces) {
    chunk += piece;
    if (chunk.length < CHUNK_CHARACTERS) continue;
    yield chunk;
    chunk = '';
  }
  if (chunk !== '') yield chunk;
}
