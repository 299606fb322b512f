import { concatBytes, equalBytes } from '../../base/bytes.js';
import { WatchResponse, Writer } from '../../wire/index.js';

/** Tags of WatchResponse. */
const headerTag = 10;
const watchIdTag = 16;
const fragmentTag = 56;
/** More than header tag and length, watch id and fragment flag take. */
const headBytesMax = 32;

/** The watch id of answers that belong to no watcher: refusals, and progress of a whole stream. */
export const noWatchId = -1n;

/** Answers without events. `header` is an encoded ResponseHeader. */
export type Notice = {
  readonly header: Uint8Array;
  readonly watchId: bigint;
  readonly created?: boolean;
  readonly canceled?: boolean;
  readonly compactRevision?: number;
  readonly cancelReason?: string;
};

const writer = new Writer();

/** Encodes an answer without events. */
export function encodeNotice(notice: Notice): Uint8Array {
  const { header, ...fields } = notice;
  writer.reset();
  WatchResponse.encodeTo(writer, fields);
  writer.bytes(header);
  writer.tag(headerTag);
  return writer.finish();
}

/** What makes up one response with events, or the pieces of it. */
export interface EventResponse {
  readonly header: Uint8Array;
  readonly watchId: bigint;
  /** Encoded fields, in order (SharedEvent.encode). */
  readonly events: readonly Uint8Array[];
}

/** Events of this size and more are handed on one by one: they are not copied on their way to the socket. */
const largeEventBytes = 4096;

/**
 * Puts a head in front of shared event bytes. Watchers that are served one after the other with the same events share one copy of
 * them back to back; those that have the same head too (many streams with one watcher on one range each) share it as well.
 */
export class EventResponseEncoder {
  #last: { readonly response: EventResponse; readonly pieces: readonly Uint8Array[] } | null = null;
  /** Events that were sent last, and the pieces that they are sent as. */
  #body: { readonly events: readonly Uint8Array[]; readonly pieces: readonly Uint8Array[] } | null =
    null;

  /** One response with all events: the pieces to be sent one after the other. */
  encode(response: EventResponse): readonly Uint8Array[] {
    if (this.#last !== null && isSame(this.#last.response, response)) return this.#last.pieces;
    const pieces = [encodeHead(response, false), ...this.#bodyOf(response.events)];
    this.#last = { response, pieces };
    return pieces;
  }

  /** Forgets the last response, and with it the memory. */
  reset(): void {
    this.#last = null;
    this.#body = null;
  }

  #bodyOf(events: readonly Uint8Array[]): readonly Uint8Array[] {
    if (events.length === 1) return events;
    if (this.#body === null || !hasSameEvents(this.#body.events, events)) {
      this.#body = { events, pieces: joinSmall(events) };
    }
    return this.#body.pieces;
  }

  /**
   * Responses of less than `bytesMax` each, where one event does not take more; flagged as fragments, all but the last.
   */
  encodeFragments(response: EventResponse, bytesMax: number): (readonly Uint8Array[])[] {
    const fragments: (readonly Uint8Array[])[] = [];
    const { events } = response;
    const headBytes = response.header.length + headBytesMax;
    let start = 0;
    let bytes = headBytes;
    for (let i = 0; i < events.length; i++) {
      const eventBytes = (events[i] as Uint8Array).length;
      if (i > start && bytes + eventBytes >= bytesMax) {
        fragments.push([encodeHead(response, true), ...events.slice(start, i)]);
        start = i;
        bytes = headBytes;
      }
      bytes += eventBytes;
    }
    fragments.push([encodeHead(response, false), ...events.slice(start)]);
    return fragments;
  }
}

/** All of a response but its events. */
function encodeHead({ header, watchId }: EventResponse, isFragment: boolean): Uint8Array {
  writer.reset();
  if (isFragment) {
    writer.bool(true);
    writer.tag(fragmentTag);
  }
  if (watchId !== 0n) {
    writer.int64(watchId);
    writer.tag(watchIdTag);
  }
  writer.bytes(header);
  writer.tag(headerTag);
  return writer.finish();
}

/** The events with runs of small ones joined. */
function joinSmall(events: readonly Uint8Array[]): readonly Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let start = 0;
  for (let i = 0; i <= events.length; i++) {
    const event = events[i];
    if (event !== undefined && event.length < largeEventBytes) continue;
    if (i - start > 1) pieces.push(concatBytes(events.slice(start, i)));
    else if (i > start) pieces.push(events[start] as Uint8Array);
    if (event !== undefined) pieces.push(event);
    start = i + 1;
  }
  return pieces;
}

function isSame(a: EventResponse, b: EventResponse): boolean {
  if (a.watchId !== b.watchId || a.events.length !== b.events.length) return false;
  if (a.header !== b.header && !equalBytes(a.header, b.header)) return false;
  return hasSameEvents(a.events, b.events);
}

/** Whether these are the same events in memory. */
function hasSameEvents(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  return a === b || (a.length === b.length && a.every((event, i) => event === b[i]));
}
