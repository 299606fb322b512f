import { equalBytes } from '../../base/bytes.js';
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

/**
 * Puts a head in front of shared event bytes, which are not copied. Watchers that are served one after the other with the same
 * head and the same events (many streams with one watcher on one range each) share the head as well.
 */
export class EventResponseEncoder {
  #last: { readonly response: EventResponse; readonly pieces: readonly Uint8Array[] } | null = null;

  /** One response with all events: the pieces to be sent one after the other. */
  encode(response: EventResponse): readonly Uint8Array[] {
    if (this.#last !== null && isSame(this.#last.response, response)) return this.#last.pieces;
    const pieces = [encodeHead(response, false), ...response.events];
    this.#last = { response, pieces };
    return pieces;
  }

  /** Forgets the last response, and with it the memory. */
  reset(): void {
    this.#last = null;
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

function isSame(a: EventResponse, b: EventResponse): boolean {
  if (a.watchId !== b.watchId || a.events.length !== b.events.length) return false;
  if (a.header !== b.header && !equalBytes(a.header, b.header)) return false;
  return a.events === b.events || a.events.every((event, i) => event === b.events[i]);
}
