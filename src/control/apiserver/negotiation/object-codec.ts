import type { JsonObject } from '../../machinery/json.js';
import type { GroupVersionKind } from '../../machinery/object.js';

/** Kubernetes' protobuf, between bytes with the `k8s\0` prefix and objects as their JSON has them. */
export interface ProtobufCodec {
  /** Throws StatusError 400 for what cannot be read. `defaultKind` counts when the bytes do not say. */
  decode(bytes: Uint8Array, defaultKind: GroupVersionKind | null): JsonObject;
  /** With the prefix. Lists and Status too. Null: this kind has no protobuf form. */
  encode(object: JsonObject): Uint8Array | null;
  /** For a list that is long: `list` is without its items, which are written some at a time. Null: this kind has no protobuf form. */
  listWriter(list: JsonObject): ProtobufListWriter | null;
  /** One event of a watch, as its stream has them: without the prefix. Null: this kind has no protobuf form. */
  encodeEvent(type: string, object: JsonObject): Uint8Array | null;
}

/** Writes a list whose items are encoded some at a time. */
export interface ProtobufListWriter {
  /** The bytes of some items. */
  write(items: readonly JsonObject[]): Uint8Array;
  /** What comes before and after the bytes of all items, which are so many. */
  around(itemsSize: number): { readonly head: Uint8Array; readonly tail: Uint8Array };
}
