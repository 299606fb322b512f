import { defined } from '../../base/assert.js';
import { compareVersions } from './version-order.js';

/** Where objects of a resource are kept, and in which version they are written. */
export interface StorageLocation {
  /** Of the kind that is written. Events of `events.k8s.io` are kept as events of the core group. */
  readonly group: string;
  readonly version: string;
  /** The key prefix as Kubernetes has it, with a slash at the end: namespace and name follow. */
  readonly prefix: string;
}

/** Resources that Kubernetes keeps under another name, for old times' sake. */
const prefixes: Readonly<Record<string, string>> = {
  replicationcontrollers: 'controllers',
  endpoints: 'services/endpoints',
  nodes: 'minions',
  services: 'services/specs',
  ingresses: 'ingress',
};

/** Groups whose name is in the key: those that are not part of kube-apiserver's own registry. */
const groupsInKey: ReadonlySet<string> = new Set([
  'apiextensions.k8s.io',
  'apiregistration.k8s.io',
]);

/** Where the objects of a built-in resource are, whichever version is asked for. `versions` are all that have it. */
export function storageLocation(of: {
  readonly group: string;
  readonly versions: readonly string[];
  readonly resource: string;
}): StorageLocation {
  if (of.group === 'events.k8s.io')
    return { group: '', version: 'v1', prefix: '/registry/events/' };
  const folder = groupsInKey.has(of.group)
    ? `${of.group}/${of.resource}`
    : (prefixes[of.resource] ?? of.resource);
  const version = defined([...of.versions].sort(compareVersions)[0], `version of ${of.resource}`);
  return { group: of.group, version, prefix: `/registry/${folder}/` };
}

/** Where the objects of a custom resource are. */
export function customStorageLocation(of: {
  readonly group: string;
  readonly storedVersion: string;
  readonly resource: string;
}): StorageLocation {
  const prefix = `/registry/${of.group}/${of.resource}/`;
  return { group: of.group, version: of.storedVersion, prefix };
}
