import { readObject } from '../../api/codec/decode.js';
import { DecodeError } from '../../api/codec/decode-error.js';
import { setObjectDefaults } from '../../api/schema-defaults.js';
import type { Scheme, ServedResource } from '../../api/scheme.js';
import { applyServerSide, trackUpdate } from '../../machinery/apply/index.js';
import { fieldsOf, type KubeObject, type ManagedFieldsEntry } from '../../machinery/object.js';
import { StatusError } from '../../machinery/status.js';
import { failure } from '../../machinery/status-errors.js';
import { ManagedVersions } from './managed-versions.js';
import type {
  AppliedChange,
  AppliedScale,
  FieldManagement,
  ScaledChange,
  TrackedChange,
} from './registry-options.js';
import { applyToScale, entriesOfScaled } from './scale-managers.js';

/** Keeps track of which manager set which field, in all versions of all resources of a scheme. */
export class FieldManagers implements FieldManagement {
  readonly #scheme: Scheme;

  constructor(scheme: Scheme) {
    this.#scheme = scheme;
  }

  track(change: TrackedChange): void {
    const { metadata } = change.object;
    const entries = this.#entriesAfter(change);
    if (entries === undefined) delete metadata.managedFields;
    else metadata.managedFields = entries;
  }

  apply(change: AppliedChange): KubeObject {
    const { resource, live, applied } = change;
    const kind = new ManagedVersions(this.#scheme, resource, change.subresource);
    const merged = applyServerSide({ ...change, kind, live: live && inVersion(resource, live) });
    const object = readMerged(merged, applied, resource);
    setObjectDefaults(object, resource);
    return resource.conversion === null ? object : resource.conversion.toStored(object);
  }

  trackScale(change: ScaledChange): ManagedFieldsEntry[] | undefined {
    return entriesOfScaled(this.#scheme, change);
  }

  applyScale(change: AppliedScale) {
    return applyToScale(this.#scheme, change);
  }

  /** What cannot be converted is nobody's fault here: the entries stay as they are. */
  #entriesAfter(change: TrackedChange): ManagedFieldsEntry[] | undefined {
    const { live, object, manager, subresource, nowMs } = change;
    const resource = this.#written(change);
    try {
      return trackUpdate({
        kind: new ManagedVersions(this.#scheme, resource, subresource),
        live: live && inVersion(resource, live),
        object: inVersion(resource, object),
        ...{ manager, subresource, nowMs },
      });
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      return live?.metadata.managedFields;
    }
  }

  /** The resource in the version of the request; in the stored one when the server itself writes. */
  #written({ stored, info }: TrackedChange): ServedResource {
    const { group, version, resource } = info;
    const written = this.#scheme.resource(group, version, resource);
    return written?.storage?.prefix === stored.storage?.prefix ? (written ?? stored) : stored;
  }
}

function inVersion({ conversion }: ServedResource, object: KubeObject): KubeObject {
  return conversion === null ? object : conversion.fromStored(object);
}

/** What an apply made, read as an object of its kind: nulls and zero values are gone. Throws 500 as Kubernetes does. */
function readMerged(merged: KubeObject, applied: KubeObject, resource: ServedResource): KubeObject {
  const { group, version, kind, schema, isCustom } = resource;
  const target = { of: { group, version, kind }, schema, isCustom };
  try {
    return readObject(fieldsOf(merged), target).object;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    const { namespace = '', name = '' } = applied.metadata;
    const of = `${namespace}/${name}; ${group}/${version}, Kind=${kind}`;
    const text = `failed to convert new object (${of}) to proper version: ${error.message}`;
    throw failure(500, '', text);
  }
}
