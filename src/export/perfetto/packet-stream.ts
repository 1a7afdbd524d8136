/** Bytes of a Perfetto trace: packets one after the other, handed out in chunks; and its clock. */
import protobuf from 'protobufjs/minimal.js';
import type { ClockSnapshot } from '../../model/recording/recording.js';
import { CLOCK, TAG } from './fields.js';

const CHUNK_BYTES = 1 << 18;
const TWO_32 = 2 ** 32;

/** Halves of 64 bits, as protobufjs takes them: absolute times may be beyond 2^53. */
export interface Halves {
  low: number;
  high: number;
  readonly unsigned: true;
}

export class PacketStream {
  readonly writer = protobuf.Writer.create();
  readonly #base: Halves;
  readonly #time: Halves = { low: 0, high: 0, unsigned: true };

  /** @param startNs the session base, absolute CLOCK_MONOTONIC */
  constructor(startNs: bigint) {
    this.#base = halvesOf(startNs);
  }

  /** Trace time → absolute CLOCK_MONOTONIC; 0 for what would lie before that. Valid until the next call. */
  absolute(time: number): Halves {
    const low = this.#base.low + Math.trunc(time);
    const carry = Math.floor(low / TWO_32);
    const high = this.#base.high + carry;
    this.#time.low = high < 0 ? 0 : low - carry * TWO_32;
    this.#time.high = Math.max(high, 0);
    return this.#time;
  }

  /** One instant on the clocks that the recording read; the file's own time is CLOCK_MONOTONIC. */
  clockSnapshot(
    { trace, realtimeOffset, boottimeOffset }: ClockSnapshot,
    realtimeNs: bigint,
  ): void {
    this.#clocks(trace, [
      [CLOCK.realtime, halvesOf(realtimeNs + BigInt(Math.trunc(realtimeOffset)))],
      [CLOCK.boottime, { ...this.absolute(trace + boottimeOffset) }],
    ]);
  }

  /** For a recording without snapshots: the two clocks that its header names. */
  firstClocks(realtimeNs: bigint): void {
    this.#clocks(0, [[CLOCK.realtime, halvesOf(realtimeNs)]]);
  }

  #clocks(time: number, others: readonly (readonly [id: number, timestamp: Halves])[]): void {
    const { writer } = this;
    writer.uint32(TAG.trace.packet).fork().uint32(TAG.packet.clockSnapshot).fork();
    for (const [id, timestamp] of [[CLOCK.monotonic, this.absolute(time)] as const, ...others]) {
      writer.uint32(TAG.clocks.clock).fork().uint32(TAG.clocks.id).uint32(id);
      writer.uint32(TAG.clocks.timestamp).uint64(timestamp).ldelim();
    }
    writer.uint32(TAG.clocks.primary).uint32(CLOCK.monotonic).ldelim().ldelim();
  }

  get isFull(): boolean {
    return this.writer.pos >= CHUNK_BYTES;
  }

  /** What was written since the last call. */
  take(): Uint8Array {
    const bytes = this.writer.finish();
    this.writer.reset();
    return bytes;
  }
}

function halvesOf(value: bigint): Halves {
  const bits = BigInt.asUintN(64, value);
  return { low: Number(bits & 0xffff_ffffn), high: Number(bits >> 32n), unsigned: true };
}
