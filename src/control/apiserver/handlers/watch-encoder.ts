import type { JsonObject } from '../../machinery/json.js';
import { apiVersionOf, fieldsOf, type KubeObject } from '../../machinery/object.js';
import type { Status } from '../../machinery/status.js';
import { internalError } from '../../machinery/status-errors.js';
import type { Exchange } from '../exchange.js';
import { encodeJson } from '../negotiation/json-text.js';
import { mediaTypes } from '../negotiation/output-format.js';
import { isTable } from '../negotiation/transform.js';
import type { StorageEvent } from '../storage/contracts.js';
import { defaultLayout } from '../tables/default-layout.js';
import { partialObjectMetadata } from '../tables/partial-object.js';
import { type IncludeObject, parseIncludeObject, renderTable } from '../tables/table.js';
import type { ResourceEndpoint } from './endpoint.js';
import type { Output } from './output.js';
import { RecentFrames } from './recent-frames.js';

type ObjectEvent = Exclude<StorageEvent, { readonly type: 'bookmark' }>;
type BookmarkEvent = Extract<StorageEvent, { readonly type: 'bookmark' }>;

const encoder = new TextEncoder();
const heads = {
  added: encoder.encode('{"type":"ADDED","object":'),
  modified: encoder.encode('{"type":"MODIFIED","object":'),
  deleted: encoder.encode('{"type":"DELETED","object":'),
};
const tail = encoder.encode('}\n');

/** Frames of events that several watchers get: made once. They get them at about the same time: what is kept for longer grows old. */
const frameBytesMax = 1 << 20;
/** Of the length in front of a protobuf frame. */
const prefixBytes = 4;
const sharedFrames = {
  whole: new RecentFrames<ObjectEvent>(frameBytesMax),
  bare: new RecentFrames<ObjectEvent>(frameBytesMax),
  protobuf: new RecentFrames<ObjectEvent>(frameBytesMax),
};
const sharedBatches = {
  whole: new RecentFrames<readonly StorageEvent[]>(frameBytesMax),
  bare: new RecentFrames<readonly StorageEvent[]>(frameBytesMax),
};
/** How many bytes each event of a batch takes in the bytes of all. */
const sizesOfBatches = new WeakMap<Uint8Array, readonly number[]>();

/** How many bytes each event takes in what {@link WatchEncoder.encode} made of one or several. */
export function eventSizes(encoded: Uint8Array): readonly number[] {
  return sizesOfBatches.get(encoded) ?? [encoded.length];
}

/** Writes the events of one watch in the format that its client accepts. */
export class WatchEncoder {
  readonly contentType: string;
  /** JSON, not protobuf. */
  readonly isText: boolean;
  readonly #exchange: Exchange;
  readonly #endpoint: ResourceEndpoint;
  readonly #output: Output;
  readonly #includeObject: IncludeObject;
  readonly #canShare: boolean;
  /** What of objects is sent as JSON that is shared. */
  readonly #extent: 'whole' | 'bare';
  #isFirst = true;

  constructor(exchange: Exchange, endpoint: ResourceEndpoint, output: Output) {
    this.#exchange = exchange;
    this.#endpoint = endpoint;
    this.#output = output;
    this.isText = output.serialization === 'json';
    this.contentType = this.isText ? mediaTypes.json : `${mediaTypes.protobuf};stream=watch`;
    this.#includeObject = parseIncludeObject(exchange.query);
    this.#extent = output.omitsManagedFields ? 'bare' : 'whole';
    this.#canShare = output.as === null && endpoint.resource.conversion === null;
  }

  /** A batch, which many watchers may share. */
  encode(batch: readonly StorageEvent[]): Uint8Array {
    const [first] = batch;
    if (batch.length === 1 && first !== undefined) return this.#encodeOne(first);
    const isSharable = this.#canShare && this.#output.serialization === 'json';
    const make = () => this.#encodeAll(batch);
    return isSharable ? sharedBatches[this.#extent].frameOf(batch, make) : make();
  }

  #encodeAll(batch: readonly StorageEvent[]): Uint8Array {
    const frames = batch.map((event) => this.#encodeOne(event));
    const encoded = Buffer.concat(frames);
    sizesOfBatches.set(
      encoded,
      frames.map(({ length }) => length),
    );
    return encoded;
  }

  #encodeOne(event: StorageEvent): Uint8Array {
    if (event.type === 'bookmark') return this.#frame('BOOKMARK', this.#bookmark(event));
    if (this.#canShare) return this.#shared(event);
    const { conversion } = this.#endpoint.resource;
    const { object: stored } = event.item;
    const object = conversion === null ? stored : conversion.fromStored(stored);
    return this.#frame(event.type.toUpperCase(), this.#transformed(object));
  }

  /** The bytes of one event without what divides a stream into events: messages are divided already. */
  encodeMessage(event: StorageEvent): Uint8Array {
    return withoutPrefix(this.#encodeOne(event), this.isText);
  }

  /** As {@link encodeError}, for messages. */
  encodeErrorMessage(status: Status): Uint8Array {
    return withoutPrefix(this.encodeError(status), this.isText);
  }

  encodeError(status: Status): Uint8Array {
    return this.#frame('ERROR', status as unknown as JsonObject);
  }

  #bookmark({ revision, endsInitialEvents }: BookmarkEvent): JsonObject {
    const { resource } = this.#endpoint;
    const annotations = endsInitialEvents
      ? { annotations: { 'k8s.io/initial-events-end': 'true' } }
      : {};
    const metadata = { resourceVersion: String(revision), ...annotations };
    return this.#transformed({ kind: resource.kind, apiVersion: apiVersionOf(resource), metadata });
  }

  #transformed(object: KubeObject): JsonObject {
    const { as } = this.#output;
    if (as === null) return fieldsOf(object);
    if (!isTable(as.kind)) {
      return fieldsOf(partialObjectMetadata(object, { ...as, kind: 'PartialObjectMetadata' }));
    }
    const hasColumns = this.#isFirst;
    this.#isFirst = false;
    return renderTable(
      {
        layout: this.#endpoint.resource.rules.table ?? defaultLayout,
        objects: [object],
        metadata: { resourceVersion: object.metadata.resourceVersion ?? '' },
        nowMs: this.#exchange.nowMs,
        hasColumns,
      },
      { includeObject: this.#includeObject, version: as.version },
    );
  }

  #shared(event: ObjectEvent): Uint8Array {
    if (this.#output.serialization === 'json') return sharedFrame(event, this.#extent);
    return sharedFrames.protobuf.frameOf(event, () =>
      this.#frame(event.type.toUpperCase(), fieldsOf(event.item.object)),
    );
  }

  #frame(type: string, object: JsonObject): Uint8Array {
    if (this.#output.serialization === 'json') return encodeJson({ type, object }, false);
    const bytes = this.#output.protobuf?.encodeEvent(type, object) ?? null;
    if (bytes === null) throw internalError('this kind has no protobuf form');
    return lengthPrefixed(bytes);
  }
}

/** A JSON line around the bytes that all readers of the object share. */
function sharedFrame(event: ObjectEvent, extent: 'whole' | 'bare'): Uint8Array {
  return sharedFrames[extent].frameOf(event, () => {
    const { type, item } = event;
    const object = extent === 'bare' ? item.bareJson() : [item.json()];
    return Buffer.concat([heads[type], ...object, tail]);
  });
}

/** JSON has its line end in messages too. */
function withoutPrefix(frame: Uint8Array, isText: boolean): Uint8Array {
  return isText ? frame : frame.subarray(prefixBytes);
}

/** Frames of a protobuf stream are preceded by their length in four bytes, big-endian. */
function lengthPrefixed(bytes: Uint8Array): Uint8Array {
  const frame = new Uint8Array(prefixBytes + bytes.length);
  new DataView(frame.buffer).setUint32(0, bytes.length);
  frame.set(bytes, prefixBytes);
  return frame;
}
