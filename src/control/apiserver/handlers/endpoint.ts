import type { ServedResource } from '../../api/scheme.js';
import type { KubeObject } from '../../machinery/object.js';
import type { ProtobufCodec } from '../negotiation/object-codec.js';
import type { GenericRegistry } from '../registry/generic-registry.js';
import type { StoredObject } from '../storage/contracts.js';
import type { SelectorCache } from './selector-cache.js';

/** One resource in one version as it is served: what the handlers of all verbs work on. */
export interface ResourceEndpoint {
  readonly resource: ServedResource;
  /** Of the version that is stored, shared by all versions. */
  readonly registry: GenericRegistry;
  readonly selectors: SelectorCache;
}

/** How the resource is written in protobuf; null for custom resources, which have no messages. */
export function protobufOf(
  { resource }: ResourceEndpoint,
  { protobuf }: { readonly protobuf: ProtobufCodec | null },
): ProtobufCodec | null {
  return resource.isCustom ? null : protobuf;
}

/** The object in the version that the client asked for; the stored one itself when that is the same. */
export function objectFor({ resource }: ResourceEndpoint, { object }: StoredObject): KubeObject {
  return resource.conversion === null ? object : resource.conversion.fromStored(object);
}

/** What a client sent, in the version that is stored. */
export function toStoredVersion({ resource }: ResourceEndpoint, object: KubeObject): KubeObject {
  return resource.conversion === null ? object : resource.conversion.toStored(object);
}
