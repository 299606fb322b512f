import { assert, defined } from '../../../base/assert.js';
import type { Prng } from '../../../base/prng.js';
import { setObjectDefaults } from '../../api/schema-defaults.js';
import type { Scheme, ServedResource, StoredForms } from '../../api/scheme.js';
import { shareManagedFields } from '../../machinery/apply/index.js';
import type { KubeObject } from '../../machinery/object.js';
import { generateName } from '../../machinery/object-meta.js';
import { FormStorage } from '../crd/form-storage.js';
import type { ResourceEndpoint } from '../handlers/endpoint.js';
import { SelectorCache } from '../handlers/selector-cache.js';
import type { ObjectStorage } from '../storage/contracts.js';
import {
  type IndexFunctions,
  identityTransformer,
  type OpenStorage,
  openStorage,
  type StorageOptions,
  type StoreConnection,
  type ValueTransformer,
} from '../storage/index.js';
import { GenericRegistry } from './generic-registry.js';
import { habitsOf, indexedFieldsOf } from './kind-habits.js';
import type { Admission, FieldManagement, RegistryHooks } from './registry-options.js';

/** What all registries of a server share. */
export interface EndpointTableOptions {
  readonly scheme: Scheme;
  readonly store: StoreConnection;
  readonly fieldManagement: FieldManagement | null;
  /** How values of a resource are kept; by `resource` or `resource.group`. */
  transformerOf?(resource: ServedResource): ValueTransformer;
  /** What every key begins with, as `/registry`. */
  readonly storePrefix: string;
  readonly eventTtlSeconds: number;
  readonly newUid: () => string;
  readonly prng: Prng;
}

const decoder = new TextDecoder('utf-8', { fatal: true });
/** The prefix in the rows, which `--etcd-prefix` may replace. */
const rowPrefix = '/registry';

/** Who takes part in writes. */
export interface WritingParts {
  readonly admission: Admission;
  /** By `resource` or `resource.group`. */
  readonly hooks: Readonly<Record<string, RegistryHooks>>;
}

/** The endpoints of everything that is served, each made when it is first asked for. */
export class EndpointTable {
  readonly #options: EndpointTableOptions;
  readonly #endpoints = new Map<ServedResource, ResourceEndpoint>();
  /** By storage prefix: versions and groups that are faces of the same objects share one. */
  readonly #registries = new Map<string, GenericRegistry>();
  readonly #storages = new Map<string, OpenStorage>();
  /** Custom resources come and go: each version has a registry of its own, on a storage that all versions share. */
  readonly #custom = new Map<ServedResource, CustomRegistry>();
  #writing: WritingParts | null = null;

  constructor(options: EndpointTableOptions) {
    this.#options = options;
    options.scheme.onChange(() => this.#forgetGone());
  }

  /** Says who takes part in writes; once, before the first. Reading needs none of them, and they need reading. */
  enableWrites(parts: WritingParts): void {
    assert(this.#writing === null, 'writes are enabled once');
    this.#writing = parts;
  }

  /** Undefined when nothing of that name is served, or it has no objects to keep (reviews). */
  find(group: string, version: string, resource: string): ResourceEndpoint | undefined {
    const served = this.#options.scheme.resource(group, version, resource);
    return served === undefined ? undefined : this.endpointOf(served);
  }

  endpointOf(served: ServedResource): ResourceEndpoint | undefined {
    const known = this.#endpoints.get(served);
    if (known !== undefined) return known;
    const registry = this.#registryOf(served);
    if (registry === undefined) return undefined;
    const endpoint = { resource: served, registry, selectors: new SelectorCache(served) };
    this.#endpoints.set(served, endpoint);
    return endpoint;
  }

  /** The registry of a resource, whichever version of it is stored; undefined when it is not served. */
  registry(group: string, resource: string): GenericRegistry | undefined {
    const served = this.#options.scheme.storedResource({ group, resource });
    return served === undefined ? undefined : this.#registryOf(served);
  }

  /** What was asked for so far, custom resources aside; for the metrics. */
  *opened(): Iterable<{ readonly row: ServedResource; readonly storage: ObjectStorage }> {
    for (const { options } of this.#registries.values()) yield options;
  }

  /** Ends all watches and closes the storages. */
  async close(): Promise<void> {
    await Promise.all([...this.#storages.values()].map((storage) => storage.close()));
  }

  #registryOf(served: ServedResource): GenericRegistry | undefined {
    if (served.storage === null) return undefined;
    if (served.forms !== undefined) return this.#customRegistryOf(served, served.forms);
    const { prefix, group, version } = served.storage;
    const known = this.#registries.get(prefix);
    if (known !== undefined) return known;
    const stored = this.#options.scheme.resource(group, version, served.resource) ?? served;
    const registry = this.#makeRegistry(stored, prefix);
    this.#registries.set(prefix, registry);
    return registry;
  }

  #customRegistryOf(served: ServedResource, forms: StoredForms): GenericRegistry {
    const known = this.#custom.get(served);
    if (known !== undefined) return known.registry;
    const { prefix } = defined(served.storage, 'where a custom resource is stored');
    const stored =
      this.#storages.get(prefix) ?? this.#openStorage(served, prefix, { decode: parseStored });
    const storage = new FormStorage(stored, forms);
    const registry = this.#registryWith(served, storage);
    this.#custom.set(served, { registry, storage });
    return registry;
  }

  /** Ends the watches of custom resources that are not served any more, or not so, and closes storages that nobody uses. */
  #forgetGone(): void {
    const { scheme } = this.#options;
    for (const [served, { storage }] of this.#custom) {
      const { group, version, resource } = served;
      if (scheme.resource(group, version, resource) === served) continue;
      this.#custom.delete(served);
      this.#endpoints.delete(served);
      storage.endWatches();
    }
  }

  /** Closes the storage of a custom resource that is gone for good. */
  async closeCustom(prefix: string): Promise<void> {
    const storage = this.#storages.get(prefix);
    this.#storages.delete(prefix);
    await storage?.close();
  }

  #writingParts(): WritingParts {
    return defined(this.#writing, 'who takes part in writes');
  }

  #makeRegistry(row: ServedResource, rowKeyPrefix: string): GenericRegistry {
    const decode = (bytes: Uint8Array) => decodeStored(row, bytes);
    const settle = (object: KubeObject) => settleStored(row, object);
    const storage = this.#openStorage(row, rowKeyPrefix, { decode, settle });
    return this.#registryWith(row, storage);
  }

  #openStorage(
    row: ServedResource,
    rowKeyPrefix: string,
    reading: Pick<StorageOptions, 'decode' | 'settle'>,
  ): OpenStorage {
    const options = this.#options;
    const { group, resource } = row;
    const prefix = options.storePrefix + rowKeyPrefix.slice(rowPrefix.length).replace(/\/$/, '');
    const storage = openStorage({
      store: options.store,
      prefix,
      groupResource: { group, resource },
      isNamespaced: row.isNamespaced,
      ...reading,
      transformer: options.transformerOf?.(row) ?? identityTransformer,
      cached: habitsOf(row).isCached,
      indexes: indexesOf(row),
    });
    this.#storages.set(rowKeyPrefix, storage);
    return storage;
  }

  #registryWith(row: ServedResource, storage: ObjectStorage): GenericRegistry {
    const options = this.#options;
    const { group, resource } = row;
    const name = group === '' ? resource : `${resource}.${group}`;
    const habits = habitsOf(row);
    return new GenericRegistry({
      row,
      storage,
      admission: {
        mutate: (request) => this.#writingParts().admission.mutate(request),
        validate: (request) => this.#writingParts().admission.validate(request),
      },
      fieldManagement: options.fieldManagement,
      hooks: () => this.#writingParts().hooks[name] ?? {},
      defaultPropagation: habits.defaultPropagation,
      returnsDeletedObject: habits.returnsDeletedObject,
      ttlSeconds: habits.isShortLived ? options.eventTtlSeconds : null,
      newUid: options.newUid,
      generateName: (base) => generateName(base, options.prng),
    });
  }
}

/** One version of a custom resource. */
interface CustomRegistry {
  readonly registry: GenericRegistry;
  readonly storage: FormStorage;
}

/** Objects of custom resources are made what a version wants them to be when they are read. */
function parseStored(bytes: Uint8Array): KubeObject {
  const object = JSON.parse(decoder.decode(bytes)) as KubeObject;
  object.metadata ??= {};
  return object;
}

/** What is stored may be older than a default: it is filled in on the way out. */
function decodeStored(row: ServedResource, bytes: Uint8Array): KubeObject {
  const object = parseStored(bytes);
  settleStored(row, object);
  return object;
}

function settleStored(row: ServedResource, object: KubeObject): void {
  setObjectDefaults(object, row);
  shareManagedFields(object);
}

function indexesOf(row: ServedResource): IndexFunctions {
  const functions: Record<string, (object: KubeObject) => readonly string[]> = {};
  for (const field of indexedFieldsOf(row)) {
    const fieldValue = row.rules.selectableFields?.[field];
    if (fieldValue !== undefined) functions[field] = (object) => [fieldValue(object)];
  }
  return functions;
}
