import { createHash } from 'node:crypto';
import type { GroupVersionKind } from '../../machinery/object.js';
import type { ResourceRow, SubresourceRow } from '../rows.js';

/** A resource or subresource as the documents of a version list it (metav1.APIResource). */
export interface ApiResource {
  /** `pods`, or `pods/log`. */
  readonly name: string;
  /** '' of subresources. */
  readonly singularName: string;
  readonly namespaced: boolean;
  /** Where the kind is from, when that is not the version that lists it. */
  readonly group?: string;
  readonly version?: string;
  readonly kind: string;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  /** Changes when objects are stored in another version. Absent of what is not stored. */
  readonly storageVersionHash?: string;
}

/** The resource, then its subresources. */
export function apiResourcesOf(row: ResourceRow): readonly ApiResource[] {
  return [resourceOf(row), ...row.subresources.map((subresource) => subOf(row, subresource))];
}

function resourceOf(row: ResourceRow): ApiResource {
  const { resource, singular, isNamespaced, kind, verbs, shortNames, categories, storage } = row;
  return {
    name: resource,
    singularName: singular,
    namespaced: isNamespaced,
    kind,
    verbs,
    ...(shortNames.length > 0 ? { shortNames } : {}),
    ...(categories.length > 0 ? { categories } : {}),
    ...(storage === null ? {} : { storageVersionHash: storageVersionHash({ ...storage, kind }) }),
  };
}

function subOf(row: ResourceRow, { name, kind, verbs }: SubresourceRow): ApiResource {
  const isOwn = kind.group === row.group && kind.version === row.version;
  return {
    name: `${row.resource}/${name}`,
    singularName: '',
    namespaced: row.isNamespaced,
    ...(isOwn ? {} : { group: kind.group, version: kind.version }),
    kind: kind.kind,
    verbs,
  };
}

/** The first eight bytes of a SHA-256 of the stored kind, in base64: the same for all servers that store the same. */
export function storageVersionHash({ group, version, kind }: GroupVersionKind): string {
  const digest = createHash('sha256').update(`${group}/${version}/${kind}`).digest();
  return digest.subarray(0, 8).toString('base64');
}
