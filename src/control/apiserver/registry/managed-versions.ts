import { defined } from '../../../base/assert.js';
import { emptyNode } from '../../api/apiextensions-v1/structural-node.js';
import { canonicalObject } from '../../api/codec/decode.js';
import { objectMetaSchema } from '../../api/schema.js';
import type { Scheme, ServedResource } from '../../api/scheme.js';
import type { FieldSet, VersionedKind } from '../../machinery/apply/index.js';
import { apiVersionOf, type KubeObject } from '../../machinery/object.js';
import type { SchemaNode } from '../../machinery/schema-node.js';
import { resetFieldsOf } from './reset-fields.js';

/** A resource in all versions that are served, as those see it who keep track of who set which field. */
export class ManagedVersions implements VersionedKind {
  readonly apiVersion: string;
  readonly #scheme: Scheme;
  readonly #written: ServedResource;
  readonly #subresource: string;

  /** `written` is the resource in the version of the write. */
  constructor(scheme: Scheme, written: ServedResource, subresource: string) {
    this.apiVersion = apiVersionOf(written);
    this.#scheme = scheme;
    this.#written = written;
    this.#subresource = subresource;
  }

  schemaIn(apiVersion: string): SchemaNode | undefined {
    const resource = this.#in(apiVersion);
    return resource === undefined ? undefined : managedSchemaOf(resource);
  }

  /**
   * Versions of custom resources count as differing in nothing but their names, which is so unless a webhook converts them: who owns
   * fields in another version than the write's then keeps those that this version does not have.
   */
  convert(object: KubeObject, apiVersion: string): KubeObject {
    if (object.apiVersion === apiVersion) return object;
    if (this.#written.isCustom) return { ...object, apiVersion };
    const from = defined(this.#in(object.apiVersion ?? ''), 'the version of an object');
    const to = defined(this.#in(apiVersion), 'a version that is served');
    const stored = from.conversion === null ? object : from.conversion.toStored(object);
    return to.conversion === null ? stored : to.conversion.fromStored(stored);
  }

  ignoredFields(apiVersion: string): FieldSet {
    return resetFieldsOf(this.#in(apiVersion) ?? this.#written, this.#subresource);
  }

  emptyObject(): KubeObject {
    let object = emptyObjects.get(this.#written);
    if (object === undefined) {
      const { schema, isCustom, kind } = this.#written;
      const bare = { apiVersion: this.apiVersion, kind, metadata: {} };
      object = isCustom ? bare : canonicalObject(bare, { of: this.#written, schema });
      emptyObjects.set(this.#written, object);
    }
    return object;
  }

  /** Undefined for versions that are not served, and for those of other resources. */
  #in(apiVersion: string): ServedResource | undefined {
    if (apiVersion === this.apiVersion) return this.#written;
    const slash = apiVersion.indexOf('/');
    const [group, version] = [apiVersion.slice(0, Math.max(slash, 0)), apiVersion.slice(slash + 1)];
    const { resource, storage } = this.#written;
    const found = this.#scheme.resource(group, version, resource);
    return found?.storage?.prefix === storage?.prefix ? found : undefined;
  }
}

/** Shared, and changed by nobody. */
const emptyObjects = new WeakMap<ServedResource, KubeObject>();

const customSchemas = new WeakMap<SchemaNode, SchemaNode>();

/** The schema of whole objects: those of custom resources leave out what all objects have. */
function managedSchemaOf({ schema, isCustom }: ServedResource): SchemaNode {
  if (!isCustom) return schema;
  let whole = customSchemas.get(schema);
  if (whole === undefined) {
    const fields = new Map(schema.fields);
    fields.set('apiVersion', textSchema);
    fields.set('kind', textSchema);
    fields.set('metadata', objectMetaSchema());
    whole = { ...plainNode(schema), type: 'object', isAtomic: false, fields };
    customSchemas.set(schema, whole);
  }
  return whole;
}

/** A copy of a node of any class, whose accessors a spread would leave behind. */
function plainNode(node: SchemaNode): SchemaNode {
  const { type, format, fields, required, element, preservesUnknownFields, listType } = node;
  const { listMapKeys, isAtomic, patchStrategies, patchMergeKey, isNullable } = node;
  return {
    ...{ type, format, fields, required, element, preservesUnknownFields, listType },
    ...{ listMapKeys, isAtomic, patchStrategies, patchMergeKey, isNullable },
    default: node.default,
  };
}

const textSchema = emptyNode('string');
