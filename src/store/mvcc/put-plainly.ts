import { assert } from '../../base/assert.js';
import { latin1Between } from '../../base/bytes.js';
import type { ChangeEvent, RevisionEvents } from '../contracts.js';
import type { PlainPut } from '../schema/plain-put.js';
import { recordKeyValue } from '../schema/revision-record.js';
import type { MvccState } from './state.js';
import type { LeaseBinding } from './write-txn.js';

/** Carries out a plain put as a revision of its own: what `WriteTxn.put` does, with next to nothing left to collect. */
export function putPlainly(state: MvccState, leases: LeaseBinding, put: PlainPut): RevisionEvents {
  const key = latin1Between(put.data, put.keyFrom, put.keyTo);
  const entry = state.index.get(key);
  const main = ++state.revision;
  if (entry === undefined || !entry.isLive) {
    state.onRecordWritten(state.tail.appendPlainPut(main, main, 1, put));
    state.index.put(key, entry, main, 0, 0n);
    return new PlainRevision(state, key, main, -1, 0);
  }
  const { lease, main: previousMain, sub: previousSub } = entry;
  state.onRecordWritten(state.tail.appendPlainPut(main, entry.create, entry.version + 1, put));
  state.index.put(key, entry, main, 0, 0n);
  if (lease !== 0n && leases.has(lease)) leases.detach(lease, key);
  return new PlainRevision(state, key, main, previousMain, previousSub);
}

/** The changes of a revision that is one put. They are made when they are first asked for: mostly nobody watches. */
class PlainRevision implements RevisionEvents {
  readonly revision: number;
  readonly #state: MvccState;
  readonly #key: string;
  /** The version that was replaced; main is -1 when there was none. */
  readonly #previousMain: number;
  readonly #previousSub: number;
  #events: readonly ChangeEvent[] | null = null;

  constructor(
    state: MvccState,
    key: string,
    revision: number,
    previousMain: number,
    previousSub: number,
  ) {
    this.revision = revision;
    this.#state = state;
    this.#key = key;
    this.#previousMain = previousMain;
    this.#previousSub = previousSub;
  }

  /** Is to be asked for before anything else runs, at first: then the record is certainly in memory. */
  get events(): readonly ChangeEvent[] {
    this.#events ??= [this.#event()];
    return this.#events;
  }

  #event(): ChangeEvent {
    const record = this.#state.tail.find(this.revision, 0);
    assert(record !== undefined, 'a revision is asked for its events too late');
    const previous =
      this.#previousMain < 0 ? null : { main: this.#previousMain, sub: this.#previousSub };
    return { kind: 'put', key: this.#key, kv: recordKeyValue(record), previous };
  }
}
