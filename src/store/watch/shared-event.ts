import { assert } from '../../base/assert.js';
import { Writer } from '../../wire/index.js';
import type { ChangeEvent, HistoryReads, RevisionEvents } from '../contracts.js';

const writer = new Writer();

/** Tags of mvccpb.Event and of WatchResponse.events. */
const typeTag = 8;
const kvTag = 18;
const prevKvTag = 26;
const eventsTag = 90;
const deleteType = 1;

/** One change on its way to any number of watchers: encoded once per shape, when first wanted. */
export class SharedEvent {
  readonly change: ChangeEvent;
  readonly revision: number;
  /** The version before, encoded; null: there is none (any more); undefined: not looked up yet. */
  #previous: Uint8Array | null | undefined;
  #plain: Uint8Array | null = null;
  #withPrevious: Uint8Array | null = null;

  constructor(change: ChangeEvent, revision: number) {
    this.change = change;
    this.revision = revision;
  }

  /** Looks the version before up where that takes no waiting; false when it does. */
  findPrevious(history: HistoryReads): boolean {
    if (this.#previous === undefined) {
      const at = this.change.previous;
      this.#previous = at === null ? null : history.versionInMemory(at);
    }
    return this.#previous !== undefined;
  }

  /** Looks the version before up. A compacted one is left out, as etcd does. */
  async fetchPrevious(history: HistoryReads): Promise<void> {
    if (this.#previous !== undefined) return;
    const at = this.change.previous;
    this.#previous = at === null ? null : ((await history.version(at)) ?? null);
  }

  /** The event as a field of WatchResponse, tag and length included. With `prevKv` the version before was looked up. */
  encode(prevKv: boolean): Uint8Array {
    if (!prevKv || this.#previous === null) {
      this.#plain ??= encodeField(this.change, null);
      return this.#plain;
    }
    assert(this.#previous !== undefined, 'the version before was not looked up');
    this.#withPrevious ??= encodeField(this.change, this.#previous);
    return this.#withPrevious;
  }
}

/** All changes of one revision. */
export class SharedRevision {
  readonly revision: number;
  readonly events: readonly SharedEvent[];
  /** Bytes of the keys and values, about. */
  readonly bytes: number;

  constructor(source: RevisionEvents) {
    this.revision = source.revision;
    this.events = source.events.map((change) => new SharedEvent(change, source.revision));
    this.bytes = source.events.reduce((sum, { kv, key }) => sum + kv.length + key.length, 0);
  }
}

function encodeField(change: ChangeEvent, previous: Uint8Array | null): Uint8Array {
  writer.reset();
  if (previous !== null) {
    writer.bytes(previous);
    writer.tag(prevKvTag);
  }
  writer.bytes(change.kv);
  writer.tag(kvTag);
  if (change.kind === 'delete') {
    writer.int32(deleteType);
    writer.tag(typeTag);
  }
  writer.length(0);
  writer.tag(eventsTag);
  return writer.finish();
}
