import type { AppliedEntry } from '../../raft/node/contracts.js';
import { WireError } from '../../wire/errors.js';
import {
  CompareTarget,
  DeleteRangeRequest,
  PutRequest,
  type RequestOp,
  TxnRequest,
} from '../../wire/gen/etcdserverpb.js';
import { commandData } from '../auth/on-behalf.js';
import { CommandKind } from '../contracts.js';
import { boundsOf } from '../mvcc/range-options.js';
import type { MvccState } from '../mvcc/state.js';
import { PlainPut } from '../schema/plain-put.js';

const plainPut = new PlainPut();
/** No more records than this are fetched ahead of one apply batch; the rest are read when they are needed. */
const recordsMax = 1000;

/**
 * Brings what the entries are going to read into memory, so that applying them does not wait for the disk. Undefined when
 * it is there already, which is nearly always so. It is only a forecast: what it misses is read synchronously.
 */
export function prefetch(
  state: MvccState,
  entries: readonly AppliedEntry[],
): Promise<void> | undefined {
  if (state.tail.hasEverything) return undefined;
  const forecast = new Forecast(state);
  for (const entry of entries) {
    try {
      forecast.addEntry(entry);
    } catch (error) {
      // Applying it finds the same and says so.
      if (!(error instanceof WireError)) throw error;
    }
  }
  const { missing } = forecast;
  return missing.size === 0 ? undefined : fetch(state, [...missing.values()]);
}

interface Place {
  readonly main: number;
  readonly sub: number;
}

async function fetch(state: MvccState, places: readonly Place[]): Promise<void> {
  const records = await state.readRecords(places);
  places.forEach(({ main, sub }, i) => {
    const record = records[i];
    if (record !== undefined) state.cache.set(main, sub, record);
  });
}

/** Collects the current records that entries will look into and that are not in memory. */
class Forecast {
  readonly missing = new Map<string, Place>();
  readonly #state: MvccState;

  constructor(state: MvccState) {
    this.#state = state;
  }

  addEntry(entry: AppliedEntry): void {
    if (entry.conf !== null) return;
    // Nearly all there is, and it looks into nothing.
    if (entry.data[0] === CommandKind.put && plainPut.read(entry.data, 1)) return;
    if (entry.data[0] === CommandKind.txn && plainPut.readTxn(entry.data, 1)) return;
    const data = commandData(entry.data);
    const payload = data.subarray(1);
    switch (data[0]) {
      case CommandKind.put:
        this.#addPut(PutRequest.decode(payload), entry.local);
        return;
      case CommandKind.deleteRange:
        this.#addDelete(DeleteRangeRequest.decode(payload), entry.local);
        return;
      case CommandKind.txn:
        this.#addTxn(TxnRequest.decode(payload), entry.local);
    }
  }

  #addPut(request: PutRequest, local: boolean): void {
    if (request.ignoreValue || (local && request.prevKv)) this.#addRange(request);
  }

  #addDelete(request: DeleteRangeRequest, local: boolean): void {
    if (local && request.prevKv) this.#addRange(request);
  }

  #addTxn(request: TxnRequest, local: boolean): void {
    for (const compare of request.compare) {
      if (compare.target === CompareTarget.VALUE) this.#addRange(compare);
    }
    for (const op of request.success) this.#addOp(op, local);
    for (const op of request.failure) this.#addOp(op, local);
  }

  #addOp(op: RequestOp, local: boolean): void {
    if (op.requestPut !== undefined) this.#addPut(op.requestPut, local);
    if (op.requestDeleteRange !== undefined) this.#addDelete(op.requestDeleteRange, local);
    if (op.requestTxn !== undefined) this.#addTxn(op.requestTxn, local);
    if (op.requestRange !== undefined && local && !op.requestRange.countOnly) {
      this.#addRange(op.requestRange);
    }
  }

  #addRange(range: { readonly key: Uint8Array; readonly rangeEnd?: Uint8Array }): void {
    const { lower, upper } = boundsOf(range.key, range.rangeEnd ?? new Uint8Array(0));
    const cursor = this.#state.index.seek(lower);
    for (let seen = 0; seen < recordsMax && this.missing.size < recordsMax; seen++) {
      if (!cursor.valid || (upper !== null && cursor.key >= upper)) return;
      const { isLive, main, sub } = cursor.value;
      if (isLive && this.#state.recordInMemory(main, sub) === undefined) {
        this.missing.set(`${main}.${sub}`, { main, sub });
      }
      cursor.next();
    }
  }
}
