import { FilterType, type WatchCreateRequest } from '../../wire/gen/etcdserverpb.js';
import { isInRange, type KeyRange } from './key-range.js';
import type { SharedEvent } from './shared-event.js';
import type { HubStream } from './stream.js';
import type { Interest } from './watch-groups.js';
import type { WatcherQueue } from './watcher-queue.js';

/**
 * `synced`: gets each revision as it is published. `behind`: gets history, or waits for its full stream to drain.
 * `ended`: gets nothing any more.
 */
export type WatcherState = 'synced' | 'behind' | 'ended';

/** One watcher of a stream: what it wants, and how far it got. About 400 bytes beside its keys. */
export class Watcher implements Interest {
  readonly id: bigint;
  readonly stream: HubStream;
  /** Shared with the watchers of its group. */
  range: KeyRange;
  readonly prevKv: boolean;
  readonly dropsPuts: boolean;
  readonly dropsDeletes: boolean;
  readonly fragment: boolean;
  readonly progressNotify: boolean;
  /** As the client asked: 0 is from now on. */
  readonly startRevision: number;
  state: WatcherState = 'behind';
  /**
   * It is not to see revisions before this one. While it is behind: everything it wants of earlier revisions was sent.
   * While it is synced: the same, and everything published from this one on too.
   */
  nextRevision: number;
  /** The line that it waits in: for history, or for its stream to drain. */
  queue: WatcherQueue | null = null;
  /** Events were sent since the last tick of the progress timer. */
  hasNews = false;

  constructor(options: {
    readonly id: bigint;
    readonly stream: HubStream;
    readonly range: KeyRange;
    readonly request: WatchCreateRequest;
    readonly nextRevision: number;
  }) {
    const { request } = options;
    this.id = options.id;
    this.stream = options.stream;
    this.range = options.range;
    this.prevKv = request.prevKv;
    this.fragment = request.fragment;
    this.progressNotify = request.progressNotify;
    this.startRevision = request.startRevision;
    this.nextRevision = options.nextRevision;
    this.dropsPuts = request.filters.includes(FilterType.NOPUT);
    this.dropsDeletes = request.filters.includes(FilterType.NODELETE);
  }

  /** Whether the filters let the event through. */
  passes(event: SharedEvent): boolean {
    return event.change.kind === 'put' ? !this.dropsPuts : !this.dropsDeletes;
  }

  /** Whether the event is one that the watcher is to see. */
  wants(event: SharedEvent): boolean {
    return this.passes(event) && isInRange(this.range, event.change.key);
  }

  /**
   * Whether a progress response with this revision tells the client the truth: it has seen all up to there, and the
   * revision is not before its start (etcd issues 15220, 20221).
   */
  hasReached(revision: number): boolean {
    if (this.state !== 'synced') return false;
    return revision >= this.startRevision && revision >= this.nextRevision - 1;
  }
}
