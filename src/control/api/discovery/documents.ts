import { apiVersionOf } from '../../machinery/object.js';
import type { ApiResource } from './api-resource.js';
import type { ListedGroup, ListedVersion } from './group-order.js';

/** What `/api` answers (metav1.APIVersions). */
export interface ApiVersions {
  readonly kind: 'APIVersions';
  readonly versions: readonly string[];
  readonly serverAddressByClientCIDRs: readonly {
    readonly clientCIDR: string;
    readonly serverAddress: string;
  }[];
}

/** A group as `/apis` lists it. */
export interface ApiGroupEntry {
  readonly name: string;
  readonly versions: readonly { readonly groupVersion: string; readonly version: string }[];
  readonly preferredVersion: { readonly groupVersion: string; readonly version: string };
}

/** What `/apis/GROUP` answers (metav1.APIGroup). */
export interface ApiGroup extends ApiGroupEntry {
  readonly kind: 'APIGroup';
  readonly apiVersion: 'v1';
}

/** What `/apis` answers (metav1.APIGroupList). */
export interface ApiGroupList {
  readonly kind: 'APIGroupList';
  readonly apiVersion: 'v1';
  readonly groups: readonly ApiGroupEntry[];
}

/** What `/api/v1` and `/apis/GROUP/VERSION` answer (metav1.APIResourceList). The core group's carries no apiVersion. */
export interface ApiResourceList {
  readonly kind: 'APIResourceList';
  readonly apiVersion?: 'v1';
  readonly groupVersion: string;
  readonly resources: readonly ApiResource[];
}

/** `serverAddress` is where clients reach this server: `10.0.0.1:6443`. */
export function apiVersions(serverAddress: string): ApiVersions {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
  };
}

/** The groups in their order. The core group is not among them: it has `/api`. */
export function apiGroupList(groups: readonly ListedGroup[]): ApiGroupList {
  const named = groups.filter(({ group }) => group !== '');
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: named.map(entryOf) };
}

/** One group. */
export function apiGroup(group: ListedGroup): ApiGroup {
  return { kind: 'APIGroup', apiVersion: 'v1', ...entryOf(group) };
}

/** The resources of a version of a group. */
export function apiResourceList(
  group: string,
  { version, resources }: ListedVersion,
): ApiResourceList {
  const groupVersion = apiVersionOf({ group, version });
  const head = { kind: 'APIResourceList' as const, groupVersion, resources };
  return group === '' ? head : { ...head, apiVersion: 'v1' };
}

function entryOf({ group, versions }: ListedGroup): ApiGroupEntry {
  const names = versions.map(({ version }) => ({
    groupVersion: apiVersionOf({ group, version }),
    version,
  }));
  return { name: group, versions: names, preferredVersion: names[0] ?? noVersion };
}

/** A group is listed with its versions; this one never is. */
const noVersion = { groupVersion: '', version: '' };
