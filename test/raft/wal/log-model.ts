import { isDeepStrictEqual } from 'node:util';
import { memberId } from '../../../src/base/ids.js';
import type { Prng } from '../../../src/base/prng.js';
import type { Entry, HardState, SnapshotMeta } from '../../../src/raft/core/types.js';
import type { WalRecovery } from '../../../src/raft/node/contracts.js';
import { hardState as hardStateOf, snapshot as snapshotOf } from './harness.js';

/** An append without its sequence. */
export interface Write {
  readonly hardState: HardState | null;
  readonly entries: readonly Entry[];
  readonly snapshot: SnapshotMeta | null;
}

/** What a log without a disk would hold. `log[0]` stands for the entry at `base`. */
interface State {
  readonly hardState: HardState;
  readonly baseIndex: number;
  readonly log: readonly Entry[];
}

const markOf = (index: number, term: number): Entry => ({
  index,
  term,
  kind: 'normal',
  data: new Uint8Array(0),
});

/** The dumb log: every state it ever had since the last recovery, so that recovery may end at any that it is allowed to. */
export class LogModel {
  /** State after 0, 1, 2, ... appends since the last recovery. */
  #states: State[] = [{ hardState: hardStateOf(0), baseIndex: 0, log: [markOf(0, 0)] }];
  #released = 0;
  #term = 1;
  #mark = 0;

  get lastIndex(): number {
    return this.#now.log.at(-1)!.index;
  }

  /** Never goes back, even where the record of it is lost: what was released was committed. */
  get commit(): number {
    return Math.max(this.#released, this.#now.hardState.commit);
  }

  get #now(): State {
    return this.#states.at(-1)!;
  }

  /** An index that may be released when so many appends are durable. */
  releasable(durable: number): number {
    return Math.max(this.#released, this.#states[durable]!.hardState.commit);
  }

  /** A random append that consensus could ask for, taken into the model. */
  randomAppend(prng: Prng): Write {
    const roll = prng.float();
    if (roll < 0.06) return this.#take(this.#randomSnapshot(prng));
    const hardState = prng.chance(0.4) ? this.#randomHardState(prng) : null;
    const entries =
      hardState === null || prng.chance(0.6)
        ? this.#randomEntries(prng, hardState?.commit ?? this.commit)
        : [];
    return this.#take({ hardState, entries, snapshot: null });
  }

  release(index: number): void {
    this.#released = Math.max(this.#released, index);
  }

  /**
   * Finds the state that recovery came back with, at least `durable` appends after the last recovery, and goes on from
   * there. Returns what is wrong, or null.
   */
  recover({ hardState, base, entries }: WalRecovery, durable: number): string | null {
    for (let k = this.#states.length - 1; k >= durable; k--) {
      const state = this.#states[k]!;
      const kept = state.log.filter(({ index }) => index > base.index);
      const baseEntry = state.log.find(({ index }) => index === base.index);
      if (!isDeepStrictEqual(kept, [...entries]) || baseEntry?.term !== base.term) continue;
      if (!isDeepStrictEqual(clamped(state, base.index), hardState)) continue;
      if (base.index > Math.max(this.#released, state.baseIndex)) return `starts at ${base.index}`;
      this.#states = [state];
      return null;
    }
    return `${durable} of ${this.#states.length - 1} appends were durable; recovered base ${base.index} and ${entries.length} entries are none of the states after them`;
  }

  #take(write: Write): Write {
    const { hardState, log, baseIndex } = this.#now;
    const start = write.snapshot ? [markOf(write.snapshot.index, write.snapshot.term)] : log;
    const first = write.entries[0]?.index ?? Number.MAX_SAFE_INTEGER;
    this.#states.push({
      hardState: write.hardState ?? hardState,
      baseIndex: write.snapshot?.index ?? baseIndex,
      log: [...start.filter(({ index }) => index < first), ...write.entries],
    });
    return write;
  }

  #randomHardState(prng: Prng): HardState {
    if (prng.chance(0.3)) this.#term++;
    const commit = prng.int(this.commit, this.lastIndex + 1);
    return { term: this.#term, vote: memberId(prng.uint64()), commit };
  }

  #randomEntries(prng: Prng, commit: number): Entry[] {
    const overwrites = prng.chance(0.2) && this.lastIndex > commit;
    if (overwrites) this.#term++;
    const first = overwrites ? prng.int(commit + 1, this.lastIndex + 1) : this.lastIndex + 1;
    return this.#makeEntries(prng, first);
  }

  #randomSnapshot(prng: Prng): Write {
    const index = prng.int(this.commit + 1, this.lastIndex + 20);
    const snapshot = snapshotOf(index, this.#term);
    const entries = prng.chance(0.3) ? this.#makeEntries(prng, index + 1) : [];
    return { hardState: hardStateOf(this.#term, index), entries, snapshot };
  }

  #makeEntries(prng: Prng, first: number): Entry[] {
    const sizeMax = prng.pick([10, 100, 3000]);
    return Array.from({ length: prng.int(1, 8) }, (_, i) => {
      const data = new Uint8Array(prng.int(0, sizeMax)).fill(++this.#mark & 0xff);
      return { index: first + i, term: this.#term, kind: prng.pick(['normal', 'config']), data };
    });
  }
}

function clamped({ hardState, log }: State, base: number): HardState {
  const commit = Math.max(base, Math.min(hardState.commit, log.at(-1)!.index));
  return { ...hardState, commit };
}
