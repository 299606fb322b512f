import type { DiskFile } from '../../base/disk.js';
import type { Index } from '../core/types.js';
import { encodeFrameHead, type FramePayload, frameHeadBytes } from './frame.js';
import type { SealedSegment } from './recovery.js';
import { segmentHeaderBytes } from './segment-header.js';
import type { SpareFile } from './spare-segment.js';

/** The segment that is being written. Frames go one after the other; each is durable before the next is written. */
export class Segment {
  readonly path: string;
  readonly sequence: number;
  readonly #file: DiskFile;
  readonly #seed: number;
  /** {@link SealedSegment.seeds} */
  readonly #seeds: readonly number[] | null;
  /** Size of the file; more than was preallocated when frames went beyond. */
  #fileBytes: number;
  /** Where the next frame goes. Invariant: everything before it is durable or in the one frame being synced. */
  #position: number;
  /** Checksum of the last frame. */
  #chain: number;
  #maxIndex: Index;

  /** Continues a segment that has its header. */
  constructor(state: {
    readonly path: string;
    readonly sequence: number;
    readonly file: DiskFile;
    readonly fileBytes: number;
    readonly seed: number;
    readonly position: number;
    readonly chain: number;
    readonly maxIndex: Index;
    readonly seeds: readonly number[] | null;
  }) {
    this.path = state.path;
    this.sequence = state.sequence;
    this.#file = state.file;
    this.#fileBytes = state.fileBytes;
    this.#seed = state.seed;
    this.#seeds = state.seeds;
    this.#position = state.position;
    this.#chain = state.chain;
    this.#maxIndex = state.maxIndex;
  }

  /** Begins a segment in a preallocated file by writing its header. `path` is the name it will be given. */
  static begin(
    spare: SpareFile,
    segment: {
      readonly path: string;
      readonly sequence: number;
      readonly chainSeed: number;
      readonly headerBytes: Uint8Array;
      readonly seed: number;
    },
  ): Segment {
    spare.file.write(0, [segment.headerBytes]);
    return new Segment({
      path: segment.path,
      sequence: segment.sequence,
      file: spare.file,
      fileBytes: spare.fileBytes,
      seed: segment.seed,
      seeds: [...spare.seeds, segment.seed],
      position: segmentHeaderBytes,
      chain: segment.chainSeed,
      maxIndex: 0,
    });
  }

  get chain(): number {
    return this.#chain;
  }

  get position(): number {
    return this.#position;
  }

  get fileBytes(): number {
    return this.#fileBytes;
  }

  get isEmpty(): boolean {
    return this.#position === segmentHeaderBytes;
  }

  /** True when the frame stays within the `segmentBytes` that were preallocated. */
  fits(payloadBytes: number, segmentBytes: number): boolean {
    return this.#position + frameHeadBytes + payloadBytes <= segmentBytes;
  }

  /** Hands one frame of encoded records to the disk. */
  write(payload: FramePayload, maxIndex: Index): void {
    const { head, checksum } = encodeFrameHead({
      seed: this.#seed,
      previous: this.#chain,
      offset: this.#position,
      payload,
    });
    this.#file.write(this.#position, [head, ...payload.pieces]);
    this.#position += head.length + payload.byteLength;
    this.#fileBytes = Math.max(this.#fileBytes, this.#position);
    this.#chain = checksum;
    this.#maxIndex = Math.max(this.#maxIndex, maxIndex);
  }

  /** {@link DiskFile.sync} */
  sync(): Promise<number> {
    return this.#file.sync();
  }

  /** {@link DiskFile.syncBlocking} */
  syncBlocking(): number {
    return this.#file.syncBlocking();
  }

  /** What is to be remembered of it once the next segment has taken over. */
  seal(): SealedSegment {
    return {
      path: this.path,
      sequence: this.sequence,
      fileBytes: this.#fileBytes,
      maxIndex: this.#maxIndex,
      seeds: this.#seeds,
    };
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
