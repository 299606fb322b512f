/** One line of a watch. */
export interface WatchEvent {
  readonly type: string;
  readonly object: unknown;
}

/** Metadata as far as a collection looks. */
interface EventMetadata {
  readonly resourceVersion?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A Status that a watch ends with. */
export interface WatchFailure {
  readonly code: number;
  readonly message: string;
}

/**
 * Makes items of an event's object, each with the key that names it. It is shown bookmarks, too, though they hold no items: a Table names
 * its columns in whatever comes first.
 */
export type ReadItems<Item> = (object: unknown) => readonly (readonly [key: string, item: Item])[];

const initialEventsEnd = 'k8s.io/initial-events-end';

/**
 * What a watch that begins with all objects (`sendInitialEvents`) has told. While it is told anew, after history was lost, what was
 * known stays; then it is replaced at once.
 */
export class Collection<Item> {
  readonly #read: ReadItems<Item>;
  #items = new Map<string, Item>();
  /** Collects what is told anew; null once all of it was told. */
  #pending: Map<string, Item> | null = new Map();
  #resourceVersion = '';
  #isComplete = false;

  constructor(read: ReadItems<Item>) {
    this.#read = read;
  }

  get items(): ReadonlyMap<string, Item> {
    return this.#items;
  }

  /** Where the next watch goes on; '' when it must begin anew. */
  get resourceVersion(): string {
    return this.#resourceVersion;
  }

  /** All objects have been told once. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** The next watch tells everything again. */
  restart(): void {
    this.#pending = new Map();
    this.#resourceVersion = '';
  }

  /** Takes an event in. Whether `items` changed; or why the watch is over. */
  take({ type, object }: WatchEvent): boolean | WatchFailure {
    if (type === 'ERROR') return failureOf(object);
    const metadata = metadataOf(object);
    const items = this.#read(object);
    if (type === 'BOOKMARK') return this.#onBookmark(metadata);
    const target = this.#pending ?? this.#items;
    for (const [key, item] of items) {
      if (type === 'DELETED') target.delete(key);
      else target.set(key, item);
    }
    if (this.#pending !== null) return this.#showsPending();
    if (metadata.resourceVersion !== undefined) this.#resourceVersion = metadata.resourceVersion;
    return true;
  }

  /** What comes first is shown while more is coming. */
  #showsPending(): boolean {
    if (this.#isComplete || this.#pending === null) return false;
    this.#items = this.#pending;
    return true;
  }

  #onBookmark(metadata: EventMetadata): boolean {
    if (metadata.resourceVersion !== undefined && this.#pending === null) {
      this.#resourceVersion = metadata.resourceVersion;
    }
    if (metadata.annotations?.[initialEventsEnd] !== 'true' || this.#pending === null) return false;
    this.#items = this.#pending;
    this.#pending = null;
    this.#isComplete = true;
    this.#resourceVersion = metadata.resourceVersion ?? '';
    return true;
  }
}

/** Tables name themselves in their rows: those of bookmarks have one that is no object. */
function metadataOf(object: unknown): EventMetadata {
  const { metadata, rows } = object as {
    readonly metadata?: EventMetadata;
    readonly rows?: readonly { readonly object?: { readonly metadata?: EventMetadata } }[];
  };
  return { ...metadata, ...rows?.[0]?.object?.metadata };
}

function failureOf(object: unknown): WatchFailure {
  const { code = 500, message = 'the watch failed' } = object as Partial<WatchFailure>;
  return { code, message };
}
