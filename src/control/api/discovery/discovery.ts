import { createHash } from 'node:crypto';
import type { Scheme, ServedVersion } from '../scheme.js';
import {
  type AggregatedDiscovery,
  type AggregatedVersion,
  aggregatedDiscovery,
} from './aggregated.js';
import { type ApiResource, apiResourcesOf } from './api-resource.js';
import {
  type ApiGroup,
  type ApiGroupList,
  type ApiResourceList,
  apiGroup,
  apiGroupList,
  apiResourceList,
} from './documents.js';
import { type ExternalVersion, type ListedGroup, listGroups } from './group-order.js';

/** An aggregated document and the value of its ETag header, without the quotes. */
export interface TaggedDiscovery {
  readonly document: AggregatedDiscovery;
  readonly etag: string;
}

/**
 * The discovery documents of a scheme, and of other servers that APIServices name. Documents are made when they are asked for, and kept
 * until something changes.
 */
export class Discovery {
  readonly #scheme: Scheme;
  readonly #documents = new Map<string, object>();
  #groups: readonly ListedGroup[] | undefined;
  #external: readonly ExternalVersion[] = [];

  /** Listens to the scheme for as long as it lives. */
  constructor(scheme: Scheme) {
    this.#scheme = scheme;
    scheme.onChange(() => this.#forget());
  }

  /** What other servers serve; takes the place of what was said before. */
  setExternal(versions: readonly ExternalVersion[]): void {
    this.#external = versions;
    this.#forget();
  }

  /** `/apis`. */
  groupList(): ApiGroupList {
    return this.#keep('/apis', () => apiGroupList(this.groups()));
  }

  /** `/apis/GROUP`; undefined when nothing of the group is served. */
  group(name: string): ApiGroup | undefined {
    const found = this.groups().find(({ group }) => group === name && group !== '');
    return found && this.#keep(`/apis/${name}`, () => apiGroup(found));
  }

  /** `/api/v1` for the core group '', or `/apis/GROUP/VERSION`; undefined when the version is not served here. */
  resourceList(group: string, version: string): ApiResourceList | undefined {
    const isServed = this.#scheme
      .groups()
      .some((one) => one.group === group && one.versions.some((v) => v.version === version));
    const versions = this.groups().find((one) => one.group === group)?.versions;
    const found = versions?.find((one) => one.version === version);
    if (!isServed || found === undefined) return undefined;
    return this.#keep(`/apis/${group}/${version}`, () => apiResourceList(group, found));
  }

  /** `/api` or `/apis` for clients that want all in one: the former has the core group, the latter the others. */
  aggregated(root: '/api' | '/apis', version: AggregatedVersion): TaggedDiscovery {
    return this.#keep(`${root} ${version}`, () => {
      const groups = this.groups().filter(({ group }) => (group === '') === (root === '/api'));
      const document = aggregatedDiscovery(groups, version);
      return { document, etag: etagOf(document) };
    });
  }

  /** All groups in the order of discovery, the core group too. */
  groups(): readonly ListedGroup[] {
    this.#groups ??= listGroups(this.#scheme.groups(), this.#external, resourcesOf);
    return this.#groups;
  }

  #keep<T extends object>(key: string, make: () => T): T {
    const kept = this.#documents.get(key) as T | undefined;
    if (kept !== undefined) return kept;
    const made = make();
    this.#documents.set(key, made);
    return made;
  }

  #forget(): void {
    this.#groups = undefined;
    this.#documents.clear();
  }
}

function resourcesOf({ resources }: ServedVersion): readonly ApiResource[] {
  return resources.flatMap(apiResourcesOf);
}

/** The hash that Kubernetes uses, so that tags look alike. */
function etagOf(document: AggregatedDiscovery): string {
  return createHash('sha512').update(JSON.stringify(document)).digest('hex').toUpperCase();
}
