import type { KubeObject } from '../../machinery/object.js';
import type { StoredObject } from './contracts.js';
import type { JsonBudget } from './json-budget.js';
import { type SentText, StoredText, sentText } from './stored-text.js';

/** An object with where and as what it is stored. Never changed: a new state is a new item. */
export class StoredItem implements StoredObject {
  readonly key: string;
  readonly object: KubeObject;
  readonly revision: number;
  /** Bytes in the store; what the object costs in memory is taken to be in proportion. */
  readonly size: number;
  /** It is stored in a way that is to be replaced at the next write (an old encryption key), even if it says the same. */
  readonly isStale: boolean;
  readonly #budget: JsonBudget;
  /** Null: not made yet, or given up for others'. */
  #json: SentText | null = null;
  #isReplaced = false;

  constructor(fields: {
    readonly key: string;
    readonly object: KubeObject;
    readonly revision: number;
    readonly size: number;
    readonly isStale: boolean;
    readonly budget: JsonBudget;
    /** JSON of the object, where it is at hand. */
    readonly json?: SentText;
  }) {
    this.key = fields.key;
    this.object = fields.object;
    this.revision = fields.revision;
    this.size = fields.size;
    this.isStale = fields.isStale;
    this.#budget = fields.budget;
    if (fields.json !== undefined) this.#keep(fields.json);
  }

  json(): Uint8Array {
    return this.#text().bytes;
  }

  bareJson(): readonly Uint8Array[] {
    const { bytes, managedStart, managedEnd } = this.#text();
    if (managedStart === managedEnd) return [bytes];
    return [bytes.subarray(0, managedStart), bytes.subarray(managedEnd)];
  }

  jsonAmongMany({ isBare }: { readonly isBare: boolean }): string | readonly Uint8Array[] {
    if (this.#json === null && !this.#budget.isWorthKeeping(this.size))
      return sentText(this.object, this.revision, { isBare });
    return isBare ? this.bareJson() : [this.json()];
  }

  #text(): SentText {
    let text = this.#json;
    if (text === null) {
      text = new StoredText(this.object).sentAt(this.revision);
      this.#keep(text);
    }
    return text;
  }

  /** It is a state of the past from now on: its JSON is soon given up. */
  markReplaced(): void {
    this.#isReplaced = true;
    this.#budget.onReplaced(this);
  }

  /** Frees the JSON; it is made again when somebody asks. For the budget. */
  dropJson(): void {
    this.#json = null;
  }

  #keep(json: SentText): void {
    this.#json = json;
    this.#budget.onMade(this, json.bytes.length, { isReplaced: this.#isReplaced });
  }

  /** The same state under another revision: how a watcher sees an object that is deleted, or leaves its filter. */
  at(revision: number): StoredItem {
    return new StoredItem({
      key: this.key,
      object: withResourceVersion(this.object, revision),
      revision,
      size: this.size,
      isStale: this.isStale,
      budget: this.#budget,
    });
  }
}

/** The object with `metadata.resourceVersion` set to a revision; shares all else with the given one. */
export function withResourceVersion(object: KubeObject, revision: number): KubeObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
}
