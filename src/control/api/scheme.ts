import { assert, defined } from '../../base/assert.js';
import type { JsonObject } from '../machinery/json.js';
import {
  apiVersionOf,
  type GroupResource,
  type GroupVersionKind,
  type KubeObject,
} from '../machinery/object.js';
import type { SchemaNode } from '../machinery/schema-node.js';
import { conversionOf } from './conversions/conversions.js';
import { compareGroups } from './group-priority.js';
import type { KindDefinition, KindRules } from './kind-definition.js';
import { builtInKinds } from './kinds.js';
import { builtInRows, type ResourceRow } from './rows.js';
import { defaultRuntimeConfig, type RuntimeConfig } from './runtime-config.js';
import { schemaOf } from './schema.js';
import type { VersionConversion } from './version-conversion.js';
import { compareVersions } from './version-order.js';

/** A resource in a version, with all that is needed to serve it. */
export interface ServedResource extends ResourceRow {
  readonly schema: SchemaNode;
  readonly rules: KindRules;
  /** Between this version and the one that is stored; null when they are the same. */
  readonly conversion: VersionConversion | null;
  /** It comes from a CustomResourceDefinition: its objects are kept as they are written, but for what its schema prunes. */
  readonly isCustom: boolean;
  /** Of a custom resource: the schema that its CustomResourceDefinition gives, which OpenAPI publishes. Absent: made from `schema`. */
  readonly openApiSchema?: JsonObject;
  /** Of a custom resource: between what is stored and this version. Then `conversion` is null. */
  readonly forms?: StoredForms;
  /** Of a custom resource: where the scale subresource finds what it shows. Absent: where workloads have it. */
  readonly scalePaths?: ScalePaths;
  /** Sent with every answer about a version that its authors want nobody to use any more. */
  readonly deprecationWarning?: string;
}

/** How objects of a custom resource, which may be stored in any of its versions, become objects of one version, and back. */
export interface StoredForms {
  /** Objects of this version with their defaults; new ones, or those that were given when there is nothing to change. */
  read(stored: readonly KubeObject[]): Promise<readonly KubeObject[]>;
  /** The object in the version that is to be stored. */
  write(object: KubeObject): Promise<KubeObject>;
}

/** The names of the fields that lead to the parts of a scale. */
export interface ScalePaths {
  readonly specReplicas: readonly string[];
  readonly statusReplicas: readonly string[];
  /** A text; undefined when pods are not selected. */
  readonly selector: readonly string[] | undefined;
}

/** A kind that a request may carry: of a resource, of a subresource, or one of the options. */
export interface ServedKind {
  readonly of: GroupVersionKind;
  readonly schema: SchemaNode;
  readonly rules: KindRules;
  /** Of a custom resource: its objects are read otherwise. */
  readonly isCustom?: boolean;
}

/** A group with its versions, both in the order of discovery. */
export interface ServedGroup {
  readonly group: string;
  readonly versions: readonly ServedVersion[];
}

/** A version of a group; resources are sorted by name. */
export interface ServedVersion {
  readonly version: string;
  readonly resources: readonly ServedResource[];
}

const noRules: KindRules = {};

/**
 * The one registry of what is served: the rows of the Kubernetes API with their schemas and rules, and the custom resources that come
 * and go while the server runs. Lookups are constant time.
 */
export class Scheme {
  readonly #resources = new Map<string, ServedResource>();
  readonly #kinds = new Map<string, ServedKind>();
  /** By group and resource; all versions of one CustomResourceDefinition. */
  readonly #custom = new Map<string, readonly ServedResource[]>();
  readonly #listeners = new Set<() => void>();
  /** Answers of {@link storedResource} since the last change. */
  readonly #stored = new Map<string, ServedResource>();
  #groups: readonly ServedGroup[] | undefined;
  #generation = 0;

  /** `kinds` replaces the rules of the built-in kinds, for tests. */
  constructor(
    options: {
      readonly runtimeConfig?: RuntimeConfig;
      readonly kinds?: readonly KindDefinition[];
    } = {},
  ) {
    const kinds = options.kinds ?? builtInKinds();
    const rules = new Map<string, KindRules>(kinds.map((kind) => [kindKey(kind.of), kind]));
    const { isServed } = options.runtimeConfig ?? defaultRuntimeConfig;
    for (const row of builtInRows()) {
      if (!isServed(row)) continue;
      this.#add({
        ...row,
        schema: defined(schemaOf(row), `schema of ${kindKey(row)}`),
        rules: rules.get(kindKey(row)) ?? noRules,
        conversion: conversionOf(row),
        isCustom: false,
      });
    }
    for (const kind of kinds) this.#addRules(kind);
  }

  /** Grows with every change. */
  get generation(): number {
    return this.#generation;
  }

  /** Undefined when the version of the group has no such resource, or it is not served. */
  resource(group: string, version: string, resource: string): ServedResource | undefined {
    return this.#resources.get(resourceKey(group, version, resource));
  }

  /** The resource in the version that is stored; when that is not served, in the most stable version that is. */
  storedResource(of: GroupResource): ServedResource | undefined {
    const key = `${of.group}/${of.resource}`;
    const known = this.#stored.get(key);
    if (known !== undefined) return known;
    const stored = this.#findStored(of);
    if (stored !== undefined) this.#stored.set(key, stored);
    return stored;
  }

  /** Undefined when there is no such kind. Kinds of versions that are not served are known too. */
  kind(kind: GroupVersionKind): ServedKind | undefined {
    const known = this.#kinds.get(kindKey(kind));
    if (known !== undefined) return known;
    const schema = schemaOf(kind);
    if (schema === undefined) return undefined;
    const { group, version } = kind;
    const added = { of: { group, version, kind: kind.kind }, schema, rules: noRules };
    this.#kinds.set(kindKey(kind), added);
    return added;
  }

  /** Every resource in every version that is served, in no particular order. */
  resources(): Iterable<ServedResource> {
    return this.#resources.values();
  }

  /** All that is served, in the order of discovery. The same array until something changes. */
  groups(): readonly ServedGroup[] {
    this.#groups ??= groupsOf(this.#resources.values());
    return this.#groups;
  }

  /**
   * Serves a custom resource in these versions, in place of what was served for it before; none removes it. All must be of the group
   * and resource given. Built-in resources cannot be replaced.
   */
  setCustom(of: GroupResource, versions: readonly ServedResource[]): void {
    const key = `${of.group}/${of.resource}`;
    for (const old of this.#custom.get(key) ?? []) this.#remove(old);
    for (const resource of versions) {
      assert(resource.group === of.group && resource.resource === of.resource);
      assert(resource.isCustom);
      this.#add(resource);
    }
    if (versions.length === 0) this.#custom.delete(key);
    else this.#custom.set(key, versions);
    this.#changed();
  }

  /** Calls `listener` after each change until the function that it returns is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #findStored({ group, resource }: GroupResource): ServedResource | undefined {
    const versions = this.groups().find((served) => served.group === group)?.versions ?? [];
    const all = versions.flatMap(({ version }) => this.resource(group, version, resource) ?? []);
    return all.find((one) => one.conversion === null) ?? all[0];
  }

  #add(resource: ServedResource): void {
    const key = resourceKey(resource.group, resource.version, resource.resource);
    assert(!this.#resources.has(key), `${key} is served already`);
    this.#resources.set(key, resource);
    const { group, version, kind, schema, rules, isCustom } = resource;
    this.#kinds.set(kindKey(resource), { of: { group, version, kind }, schema, rules, isCustom });
  }

  #remove(resource: ServedResource): void {
    this.#resources.delete(resourceKey(resource.group, resource.version, resource.resource));
    this.#kinds.delete(kindKey(resource));
  }

  /** Rules of kinds that are no resource's own, as Scale and Eviction. */
  #addRules(rules: KindDefinition): void {
    const schema = defined(schemaOf(rules.of), `schema of ${kindKey(rules.of)}`);
    this.#kinds.set(kindKey(rules.of), { of: rules.of, schema, rules });
  }

  #changed(): void {
    this.#groups = undefined;
    this.#stored.clear();
    this.#generation += 1;
    for (const listener of [...this.#listeners]) listener();
  }
}

function groupsOf(resources: Iterable<ServedResource>): readonly ServedGroup[] {
  const groups = new Map<string, Map<string, ServedResource[]>>();
  for (const resource of resources) {
    const versions = groups.get(resource.group) ?? new Map<string, ServedResource[]>();
    groups.set(resource.group, versions);
    const all = versions.get(resource.version) ?? [];
    versions.set(resource.version, all);
    all.push(resource);
  }
  return [...groups.keys()].sort(compareGroups).map((group) => ({
    group,
    versions: [...(groups.get(group) ?? [])]
      .sort(([a], [b]) => compareVersions(a, b))
      .map(([version, all]) => ({ version, resources: all.sort(byResource) })),
  }));
}

function byResource(a: ServedResource, b: ServedResource): number {
  return a.resource < b.resource ? -1 : 1;
}

function resourceKey(group: string, version: string, resource: string): string {
  return `${group}/${version}/${resource}`;
}

function kindKey(kind: GroupVersionKind): string {
  return `${apiVersionOf(kind)}/${kind.kind}`;
}
