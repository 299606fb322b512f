import type { Prng } from '../../base/prng.js';
import type { Channel } from '../../rpc/index.js';
import type { Meter } from './meter.js';
import type { LoadSpec } from './spec.js';

/** One client of a load: makes one call at a time. */
export interface LoadClient {
  /** Which of the load's series the latest call belongs to. */
  readonly series: number;
  /** What a success counts for. */
  readonly weight: number;
  /**
   * Makes a call, not before the last has ended, and tells when it has: null when it went well. `startMs` is when it was to
   * start.
   */
  call(onDone: (error: Error | null) => void, startMs: number): void;
}

/** A load that is set up: its clients can make calls. */
export interface Load {
  /** Names of what is measured: `put`, `range`, `delivery`. */
  readonly series: readonly string[];
  readonly clients: readonly LoadClient[];
  /** Told when the measurement begins: what the load measures besides goes there. */
  onBegin?(meter: Meter): void;
  /** After the last call: waits for what is still to come, and says how much of it did not within the time. */
  drain?(timeoutMs: number): Promise<number>;
  /** Ends streams and gives up what the load holds in the store. */
  close(): Promise<void>;
}

/** What a load is set up with. */
export interface LoadContext {
  /** This process' part. */
  readonly spec: LoadSpec;
  /** At least one; their order says over which members they are spread. */
  readonly channels: readonly Channel[];
  readonly prng: Prng;
}

/** Nothing to close. */
export async function closeNothing(): Promise<void> {}
