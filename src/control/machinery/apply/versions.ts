import type { KubeObject } from '../object.js';
import type { SchemaNode } from '../schema-node.js';
import type { FieldSet } from './field-set.js';

/** A kind in the versions in which its objects are written and their fields owned. */
export interface VersionedKind {
  /** The version of the write at hand. */
  readonly apiVersion: string;
  /** The schema of the whole object, metadata included; undefined for versions that are not known (any more). */
  schemaIn(apiVersion: string): SchemaNode | undefined;
  /** The object in another version that is known; itself when it is of that version. The one given stays as it is. */
  convert(object: KubeObject, apiVersion: string): KubeObject;
  /** Fields that this way of writing does not set whatever the client sends, as the status: nobody comes to own them by it. */
  ignoredFields(apiVersion: string): FieldSet;
  /** An object of the write's version as it is before anybody wrote to it; not to be changed. */
  emptyObject(): KubeObject;
}
