import type { JsonObject } from '../../machinery/json.js';
import type { GroupVersionKind } from '../../machinery/object.js';

/** Kubernetes' protobuf, between bytes with the `k8s\0` prefix and objects as their JSON has them. */
export interface ProtobufCodec {
  /** Throws StatusError 400 for what cannot be read. `defaultKind` counts when the bytes do not say. */
  decode(bytes: Uint8Array, defaultKind: GroupVersionKind | null): JsonObject;
  /** With the prefix. Lists and Status too. Null: this kind has no protobuf form. */
  encode(object: JsonObject): Uint8Array | null;
  /** Begins a list that is long: items are added some at a time. Null: this kind has no protobuf form. */
  listWriter(list: JsonObject): ProtobufListWriter | null;
  /** One event of a watch, as its stream has them: without the prefix. Null: this kind has no protobuf form. */
  encodeEvent(type: string, object: JsonObject): Uint8Array | null;
}

/** Writes a list. */
export interface ProtobufListWriter {
  add(items: readonly JsonObject[]): void;
  /** The bytes of the whole list, in order. */
  finish(): readonly Uint8Array[];
}
