import type { JsonObject, JsonValue } from '../machinery/json.js';
import { apiVersionOf, type KubeObject } from '../machinery/object.js';
import type { ApiResource, ObjectPlace } from './api-resource.js';
import { readJson } from './read-json.js';
import type { ApiVerb, CallControl, Transport, WatchEvent } from './transport.js';

/** Names an object. The namespace is left out for what has none. */
export interface ObjectName {
  readonly namespace?: string;
  readonly name: string;
}

/** What a list or a watch is about. */
export interface Selection extends CallControl {
  /** Default: all namespaces. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/** Options of a list of one page. */
export interface PageOptions extends Selection {
  readonly limit?: number;
  readonly continueToken?: string;
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: 'Exact' | 'NotOlderThan';
}

/** Options of a watch. */
export interface WatchOptions extends Selection {
  /** The events after it; without: what is there as ADDED, then what comes. */
  readonly resourceVersion?: string;
  readonly allowBookmarks?: boolean;
  /** Begins with everything as ADDED and a bookmark behind it. */
  readonly sendInitialEvents?: boolean;
  /** The server ends the watch after so long. */
  readonly timeoutSeconds?: number;
}

/** Options of a write. */
export interface WriteOptions extends CallControl {
  readonly fieldManager?: string;
  readonly dryRun?: boolean;
  /** '' is the object itself. */
  readonly subresource?: string;
}

/** Options of a deletion. */
export interface DeleteOptions extends CallControl {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: 'Foreground' | 'Background' | 'Orphan';
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly dryRun?: boolean;
}

/** Objects, and the revision that they are of. */
export interface ObjectList<T extends KubeObject> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
  /** For the next page; '' when this is the last. */
  readonly continueToken: string;
}

/** The patches of the API. */
export const patchTypes = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
} as const;
const applyType = 'application/apply-patch+yaml';
const jsonType = 'application/json';

/** How a patch is written. */
export type PatchType = keyof typeof patchTypes;

const pageSizeDefault = 500;

/** The objects of one resource at a server. Everything rejects with StatusError as the server words it, and UnreachableError. */
export class ResourceClient<T extends KubeObject> {
  readonly resource: ApiResource<T>;
  readonly #transport: Transport;

  constructor(transport: Transport, resource: ApiResource<T>) {
    this.#transport = transport;
    this.resource = resource;
  }

  get(
    name: ObjectName,
    options: CallControl & {
      readonly resourceVersion?: string;
      readonly subresource?: string;
    } = {},
  ): Promise<T> {
    const parameters = defined({ resourceVersion: options.resourceVersion });
    return this.#ask('get', placeOf(name, options.subresource), { parameters, control: options });
  }

  /** One page. */
  async listPage(options: PageOptions = {}): Promise<ObjectList<T>> {
    const parameters = defined({
      ...selectors(options),
      limit: options.limit?.toString(),
      continue: options.continueToken,
      resourceVersion: options.resourceVersion,
      resourceVersionMatch: options.resourceVersionMatch,
    });
    const place = placeOf({ namespace: options.namespace ?? '', name: '' });
    const list = await this.#ask<ListDocument>('list', place, { parameters, control: options });
    return this.#listOf(list);
  }

  /** Everything, page by page, all of one revision. `limit` is that of a page (default 500). */
  async list(options: Omit<PageOptions, 'continueToken'> = {}): Promise<ObjectList<T>> {
    const { resourceVersion, resourceVersionMatch, ...others } = options;
    const limit = options.limit ?? pageSizeDefault;
    // What is read from memory anyhow is not cut into pages.
    let page = await this.listPage(resourceVersion === '0' ? options : { ...options, limit });
    const items = [...page.items];
    while (page.continueToken !== '') {
      page = await this.listPage({ ...others, limit, continueToken: page.continueToken });
      items.push(...page.items);
    }
    return { items, resourceVersion: page.resourceVersion, continueToken: '' };
  }

  /** The events as they come, until the server ends the watch. Leaving the loop ends it. */
  watch(options: WatchOptions = {}): AsyncIterable<WatchEvent<T>> {
    const parameters = defined({
      ...selectors(options),
      resourceVersion: options.resourceVersion,
      allowWatchBookmarks: options.allowBookmarks?.toString(),
      sendInitialEvents: options.sendInitialEvents?.toString(),
      resourceVersionMatch: options.sendInitialEvents === true ? 'NotOlderThan' : undefined,
      timeoutSeconds: options.timeoutSeconds?.toString(),
    });
    const place = placeOf({ namespace: options.namespace ?? '', name: '' });
    const call = { resource: this.resource, place, parameters };
    return this.#transport.watch(call, options) as AsyncIterable<WatchEvent<T>>;
  }

  create(object: T, options: WriteOptions = {}): Promise<T> {
    const { namespace = '', name = '' } = object.metadata;
    const isOfObject = (options.subresource ?? '') !== '';
    const place = placeOf({ namespace, name: isOfObject ? name : '' }, options.subresource);
    return this.#write('create', place, this.#typed(object), options);
  }

  update(object: T, options: WriteOptions = {}): Promise<T> {
    const { namespace = '', name = '' } = object.metadata;
    const place = placeOf({ namespace, name }, options.subresource);
    return this.#write('update', place, this.#typed(object), options);
  }

  updateStatus(object: T, options: Omit<WriteOptions, 'subresource'> = {}): Promise<T> {
    return this.update(object, { ...options, subresource: 'status' });
  }

  patch(
    name: ObjectName,
    type: PatchType,
    patch: JsonValue,
    options: WriteOptions = {},
  ): Promise<T> {
    const place = placeOf(name, options.subresource);
    return this.#write('patch', place, patch, options, patchTypes[type]);
  }

  /** Server-side apply: `manager` owns the fields of `object` from now on; with `force` those that others own too. */
  apply(
    object: T,
    options: Omit<WriteOptions, 'fieldManager'> & {
      readonly manager: string;
      readonly force?: boolean;
    },
  ): Promise<T> {
    const { namespace = '', name = '' } = object.metadata;
    const place = placeOf({ namespace, name }, options.subresource);
    const parameters = defined({
      fieldManager: options.manager,
      force: options.force?.toString(),
      dryRun: options.dryRun === true ? 'All' : undefined,
    });
    const body = encode(this.#typed(object));
    return this.#ask('patch', place, {
      ...{ parameters, body, contentType: applyType, control: options },
    });
  }

  /** Resolves when the server has taken the deletion up: the object may stay for its finalizers and its grace period. */
  async delete(name: ObjectName, options: DeleteOptions = {}): Promise<void> {
    await this.#ask('delete', placeOf(name), {
      body: encode(deletion(options)),
      control: options,
    });
  }

  /** Deletes what is selected. */
  async deleteCollection(selection: Selection, options: DeleteOptions = {}): Promise<void> {
    const place = placeOf({ namespace: selection.namespace ?? '', name: '' });
    await this.#ask('deletecollection', place, {
      parameters: defined(selectors(selection)),
      body: encode(deletion(options)),
      control: { ...selection, ...options },
    });
  }

  #write(
    verb: ApiVerb,
    place: ObjectPlace,
    content: JsonValue,
    options: WriteOptions,
    contentType: string = jsonType,
  ): Promise<T> {
    const parameters = defined({
      fieldManager: options.fieldManager,
      dryRun: options.dryRun === true ? 'All' : undefined,
    });
    return this.#ask(verb, place, {
      ...{ parameters, body: encode(content), contentType, control: options },
    });
  }

  async #ask<Answer = T>(
    verb: ApiVerb,
    place: ObjectPlace,
    rest: {
      readonly parameters?: Readonly<Record<string, string>>;
      readonly body?: Uint8Array;
      readonly contentType?: string;
      readonly control: CallControl;
    },
  ): Promise<Answer> {
    const { parameters = {}, body = null, contentType = jsonType, control } = rest;
    const call = { verb, resource: this.resource, place, parameters, body, contentType };
    return readJson<Answer>(await this.#transport.call(call, control));
  }

  /** With its kind, which servers want to read in every body but that of a subresource, which says its own. */
  #typed(object: T): JsonObject {
    return {
      apiVersion: apiVersionOf(this.resource),
      kind: this.resource.kind,
      ...(object as unknown as JsonObject),
    };
  }

  #listOf({ metadata, items }: ListDocument): ObjectList<T> {
    const apiVersion = apiVersionOf(this.resource);
    const { kind } = this.resource;
    return {
      // Items of a list come without their kind; those of foreign API servers may lack anything.
      items: (items ?? []).map(
        (item) => ({ apiVersion, kind, ...item, metadata: item.metadata ?? {} }) as unknown as T,
      ),
      resourceVersion: metadata?.resourceVersion ?? '',
      continueToken: metadata?.continue ?? '',
    };
  }
}

interface ListDocument {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items?: readonly JsonObject[] | null;
}

const encoder = new TextEncoder();

function encode(value: JsonValue): Uint8Array {
  return encoder.encode(JSON.stringify(value));
}

function placeOf({ namespace = '', name }: ObjectName, subresource = ''): ObjectPlace {
  return { namespace, name, subresource };
}

function selectors({ labelSelector, fieldSelector }: Selection) {
  return { labelSelector, fieldSelector };
}

function defined(
  parameters: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

function deletion(options: DeleteOptions): JsonObject {
  const { gracePeriodSeconds, propagationPolicy, preconditions, dryRun } = options;
  return {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
    ...(preconditions === undefined ? {} : { preconditions: { ...preconditions } }),
    ...(dryRun === true ? { dryRun: ['All'] } : {}),
  };
}
