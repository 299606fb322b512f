import type { GroupVersionKind } from '../../machinery/object.js';
import type { ApiResource } from './api-resource.js';
import type { ListedGroup, ListedVersion } from './group-order.js';

/** Everything in one document (apidiscovery.k8s.io APIGroupDiscoveryList); `v2beta1` is what clients before 1.30 ask for. */
export interface AggregatedDiscovery {
  readonly kind: 'APIGroupDiscoveryList';
  readonly apiVersion: `apidiscovery.k8s.io/${AggregatedVersion}`;
  readonly metadata: Record<string, never>;
  readonly items: readonly GroupDiscovery[];
}

/** The versions of the format; both have the same content. */
export type AggregatedVersion = 'v2' | 'v2beta1';

interface GroupDiscovery {
  readonly metadata: { readonly name?: string };
  readonly versions: readonly VersionDiscovery[];
}

interface VersionDiscovery {
  readonly version: string;
  readonly resources: readonly ResourceDiscovery[];
  readonly freshness: 'Current' | 'Stale';
}

interface ResourceDiscovery {
  readonly resource: string;
  readonly responseKind: GroupVersionKind;
  readonly scope: 'Namespaced' | 'Cluster';
  readonly singularResource: string;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly subresources?: readonly SubresourceDiscovery[];
}

interface SubresourceDiscovery {
  readonly subresource: string;
  readonly responseKind: GroupVersionKind;
  readonly verbs: readonly string[];
}

/** The groups as one document. */
export function aggregatedDiscovery(
  groups: readonly ListedGroup[],
  version: AggregatedVersion,
): AggregatedDiscovery {
  const items = groups.map(({ group, versions }) => ({
    metadata: group === '' ? {} : { name: group },
    versions: versions.map(versionOf),
  }));
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items,
  };
}

function versionOf({ version, resources, isStale }: ListedVersion): VersionDiscovery {
  const own = resources.filter(({ name }) => !name.includes('/'));
  return {
    version,
    resources: own.map((resource) => resourceOf(resource, resources)),
    freshness: isStale ? 'Stale' : 'Current',
  };
}

function resourceOf(resource: ApiResource, all: readonly ApiResource[]): ResourceDiscovery {
  const { name, singularName, namespaced, verbs, shortNames, categories } = resource;
  const below = all.filter((one) => one.name.startsWith(`${name}/`));
  return {
    resource: name,
    responseKind: responseKind(resource),
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singularName,
    verbs,
    ...(shortNames === undefined ? {} : { shortNames }),
    ...(categories === undefined ? {} : { categories }),
    ...(below.length === 0 ? {} : { subresources: below.map(subresourceOf) }),
  };
}

function subresourceOf(resource: ApiResource): SubresourceDiscovery {
  const subresource = resource.name.slice(resource.name.indexOf('/') + 1);
  return { subresource, responseKind: responseKind(resource), verbs: resource.verbs };
}

/** Without group and version, those that list the resource are meant. */
function responseKind({ group = '', version = '', kind }: ApiResource): GroupVersionKind {
  return { group, version, kind };
}
