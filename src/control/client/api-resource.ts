import type { GroupVersionKind, KubeObject } from '../machinery/object.js';
import { apiVersionOf } from '../machinery/object.js';
import { badRequest } from '../machinery/status-errors.js';

declare const objectType: unique symbol;

/** A resource as a client asks for it: where its objects are, and of which type they are. */
export interface ApiResource<T extends KubeObject = KubeObject> extends GroupVersionKind {
  /** Plural, as in paths: `deployments`. */
  readonly resource: string;
  readonly isNamespaced: boolean;
  /** Only for the compiler: the type of the objects. */
  readonly [objectType]?: T;
}

/** Which object, or with an empty name which objects. */
export interface ObjectPlace {
  /** '' for all namespaces, and for what has none. */
  readonly namespace: string;
  readonly name: string;
  readonly subresource: string;
}

/** A resource by its group and version (`apps/v1`, `v1`), its plural name and its kind. */
export function apiResource<T extends KubeObject = KubeObject>(
  apiVersion: string,
  resource: string,
  kind: string,
  scope: 'namespaced' | 'cluster' = 'namespaced',
): ApiResource<T> {
  const slash = apiVersion.indexOf('/');
  return {
    group: slash < 0 ? '' : apiVersion.slice(0, slash),
    version: apiVersion.slice(slash + 1),
    resource,
    kind,
    isNamespaced: scope === 'namespaced',
  };
}

/**
 * The path of objects in the API (`/apis/apps/v1/namespaces/default/deployments/web/scale`); names are escaped. Throws badRequest for
 * names that would lead to other paths.
 */
export function pathOf(resource: ApiResource, place: ObjectPlace): string {
  for (const part of [place.namespace, place.name]) {
    if (part === '.' || part === '..')
      throw badRequest(`${JSON.stringify(part)} is no name of an object`);
  }
  const root = resource.group === '' ? '/api' : '/apis';
  const namespace =
    resource.isNamespaced && place.namespace !== ''
      ? `/namespaces/${encodeURIComponent(place.namespace)}`
      : '';
  const name = place.name === '' ? '' : `/${encodeURIComponent(place.name)}`;
  const subresource = place.subresource === '' ? '' : `/${place.subresource}`;
  return `${root}/${apiVersionOf(resource)}${namespace}/${resource.resource}${name}${subresource}`;
}
