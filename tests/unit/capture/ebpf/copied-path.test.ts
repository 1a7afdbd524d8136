/** The path of a copied file as the kernel's record gives it: at most four components, leaf first. */
import { expect, test } from 'vitest';
import { RecordDecoder } from '../../../../src/capture/ebpf/decode.js';
import { OFFSET, RECORD_KIND, SIZE } from '../../../../src/capture/ebpf/wire.js';
import { EventTable } from '../../../../src/model/recording/event-table.js';
import { StringInterner } from '../../../../src/model/recording/strings.js';

/** One record, as the addon delivers it. */
function copyUpOf(...leafFirst: readonly string[]): Uint8Array {
  const path = Buffer.from(leafFirst.map((name) => `${name}\0`).join(''));
  const frame = new Uint8Array(8 + ((SIZE.copyUp + path.length + 7) & ~7));
  const view = new DataView(frame.buffer, 8);
  new DataView(frame.buffer).setUint32(0, SIZE.copyUp + path.length, true);
  view.setUint16(OFFSET.header.kind, RECORD_KIND.copyUp, true);
  view.setUint16(OFFSET.copyUp.path_bytes, path.length, true);
  frame.set(path, 8 + OFFSET.copyUp.path);
  return frame;
}

test.each([
  [['passwd', 'etc'], '/etc/passwd'],
  [['etc'], '/etc'],
  [['d.txt', 'c', 'b'], '/b/c/d.txt'],
  // There may be more in front.
  [['e.txt', 'd', 'c', 'b'], 'b/c/d/e.txt'],
])('%j is %s', (leafFirst, path) => {
  const [strings, events] = [new StringInterner(), new EventTable()];
  const decoder = new RecordDecoder({ baseNs: 0n, machine: 'x86_64', strings, redact: false });
  decoder.decode(copyUpOf(...leafFirst), events);
  expect(strings.text(events.value(0, 'paths'))).toBe(path);
});
