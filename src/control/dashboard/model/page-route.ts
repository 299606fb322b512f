/** What of the API an address of the page is about. */
export interface ResourceName {
  /** '' is the core group. */
  readonly group: string;
  readonly version: string;
  /** Plural, as in paths: `deployments`. */
  readonly resource: string;
}

/** One object of the API. */
export interface ObjectName extends ResourceName {
  /** '' without namespaces. */
  readonly namespace: string;
  readonly name: string;
}

/** Stands for the core group and for no namespace, as parts of a path cannot be empty. */
const none = '-';

/** The parts of a location's fragment, as `#/objects/apps/v1/deployments/default/web`, decoded. */
export function routeParts(fragment: string): readonly string[] {
  const path = fragment.replace(/^#?\/?/, '');
  return path === '' ? [] : path.split('/').map(decodePart);
}

/** The fragment of a place in the page. */
export function linkTo(...parts: readonly string[]): string {
  return `#/${parts.map(encodeURIComponent).join('/')}`;
}

/** Where the list of a resource is. */
export function linkToResource({ group, version, resource }: ResourceName): string {
  return linkTo('resources', group || none, version, resource);
}

/** Where an object's page is. */
export function linkToObject({ group, version, resource, namespace, name }: ObjectName): string {
  return linkTo('objects', group || none, version, resource, namespace || none, name);
}

/** Reads what {@link linkToResource} wrote behind `resources`; null when parts are missing. */
export function resourceOfRoute(parts: readonly string[]): ResourceName | null {
  const [group = '', version = '', resource = ''] = parts;
  if (group === '' || version === '' || resource === '') return null;
  return { group: group === none ? '' : group, version, resource };
}

/** Reads what {@link linkToObject} wrote behind `objects`; null when parts are missing. */
export function objectOfRoute(parts: readonly string[]): ObjectName | null {
  const resource = resourceOfRoute(parts);
  const [namespace = '', name = ''] = parts.slice(3);
  if (resource === null || namespace === '' || name === '') return null;
  return { ...resource, namespace: namespace === none ? '' : namespace, name };
}

/** The API's path of all objects of a resource; `namespace` '' is all namespaces. */
export function resourcePath(
  { group, version, resource }: ResourceName,
  namespace: string,
): string {
  const root = group === '' ? `/api/${version}` : `/apis/${encodeURIComponent(group)}/${version}`;
  const place = namespace === '' ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${root}${place}/${encodeURIComponent(resource)}`;
}

/** The API's path of an object. */
export function objectPath(object: ObjectName): string {
  return `${resourcePath(object, object.namespace)}/${encodeURIComponent(object.name)}`;
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
