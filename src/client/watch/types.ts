import type { Event, ResponseHeader } from '../../wire/index.js';

/** Options of a watch. */
export interface WatchOptions {
  /** The first revision to report; default is what comes after the watch is registered. May be past or future. */
  readonly startRevision?: number;
  /** Adds each key's state before the event, as far as it is not compacted. */
  readonly prevKv?: boolean;
  /** Kinds of events that are not wanted. */
  readonly without?: readonly ('put' | 'delete')[];
  /** Asks the server to say now and then (every 10 minutes by default) how far the watch has come when nothing happens. */
  readonly progressNotify?: boolean;
  /** Lets the server split a large revision into several messages; they are joined again here. */
  readonly fragment?: boolean;
  /**
   * How many events may wait for a slow consumer, default 10,000. When there are more, the watch is cancelled at the
   * server, and resumed from the next revision once the consumer has taken them: memory is bounded, no event is lost,
   * other watches are not held up. Should the missed revisions be compacted meanwhile, the watch fails with `compacted`.
   */
  readonly eventsBufferedMax?: number;
}

/** Some revisions of a watch, each with all its events, in order. */
export interface WatchBatch {
  /** Every event up to and including this revision has been delivered now: a watch from the next one loses nothing. */
  readonly revision: number;
  /** Of the server's message that completed the batch. */
  readonly header: ResponseHeader;
  /** Empty when the batch only tells of progress. */
  readonly events: readonly Event[];
}
