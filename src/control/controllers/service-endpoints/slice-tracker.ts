import type { Clock } from '../../../base/clock.js';
import type { EndpointSlice } from '../../api/gen/discovery-v1.js';

/** What was written and is not shown after so long has been taken away by somebody, and the informer saw neither. */
const ageMsMax = 60_000;

interface Written {
  /** Null: it was deleted. */
  readonly generation: number | null;
  readonly sinceMs: number;
}

/**
 * What a controller wrote to slices and its informer may not show yet. As long as the informer is behind, a plan would repeat what is
 * done already. Owners are keys of services or endpoints; slices are named by their uid.
 */
export class SliceTracker {
  readonly #clock: Clock;
  readonly #byOwner = new Map<string, Map<string, Written>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A slice was created or updated, and is now `slice`. */
  onWritten(owner: string, { metadata }: EndpointSlice): void {
    this.#set(owner, metadata.uid ?? '', metadata.generation ?? 0);
  }

  /** A slice was deleted. */
  onDeleted(owner: string, { metadata }: EndpointSlice): void {
    this.#set(owner, metadata.uid ?? '', null);
  }

  /** The informer shows a slice. True: in a state that this controller has not made. */
  onShown(owner: string, { metadata }: EndpointSlice): boolean {
    const written = this.#byOwner.get(owner)?.get(metadata.uid ?? '');
    if (written === undefined) return true;
    return written.generation !== null && (metadata.generation ?? 0) > written.generation;
  }

  /** The informer shows that a slice has gone. True: this controller did not delete it. */
  onGone(owner: string, { metadata }: EndpointSlice): boolean {
    const slices = this.#byOwner.get(owner);
    const written = slices?.get(metadata.uid ?? '');
    slices?.delete(metadata.uid ?? '');
    if (slices?.size === 0) this.#byOwner.delete(owner);
    return written?.generation !== null;
  }

  /** What is shown is older than what was written. */
  isBehind(owner: string, shown: readonly EndpointSlice[]): boolean {
    const slices = this.#byOwner.get(owner);
    if (slices === undefined) return false;
    const byUid = new Map(shown.map(({ metadata }) => [metadata.uid ?? '', metadata]));
    for (const [uid, { generation, sinceMs }] of slices) {
      if (this.#clock.now() - sinceMs > ageMsMax) {
        slices.delete(uid);
        continue;
      }
      const seen = byUid.get(uid);
      if (generation === null) {
        if (seen !== undefined) return true;
      } else if (seen === undefined || (seen.generation ?? 0) < generation) {
        return true;
      }
    }
    return false;
  }

  forget(owner: string): void {
    this.#byOwner.delete(owner);
  }

  #set(owner: string, uid: string, generation: number | null): void {
    const slices = this.#byOwner.get(owner) ?? new Map<string, Written>();
    this.#byOwner.set(owner, slices);
    slices.set(uid, { generation, sinceMs: this.#clock.now() });
  }
}
