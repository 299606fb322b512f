import type { Pod, PodCondition } from '../../../src/control/api/gen/core-v1.js';
import type { Transport, WatchEvent } from '../../../src/control/client/index.js';
import type { ApiCall, CallControl, WatchCall } from '../../../src/control/client/transport.js';
import { cloneJson } from '../../../src/control/machinery/clone.js';
import type { KubeObject } from '../../../src/control/machinery/object.js';
import {
  alreadyExists,
  conflict,
  notFound,
  resourceExpired,
} from '../../../src/control/machinery/status-errors.js';

interface Change {
  readonly revision: number;
  readonly event: WatchEvent;
}

/** Who reads changes; woken when there are more. */
interface Reader {
  wake: () => void;
}

/** What happened to the objects of one resource, and who is told. */
class History {
  readonly changes: Change[] = [];
  readonly readers = new Set<Reader>();
  /** The revision of the last change that is not kept any more. */
  forgotten = 0;

  record(change: Change): void {
    this.changes.push(change);
    if (this.changes.length > historyMax) this.forget(historyMax / 2);
    for (const reader of this.readers) reader.wake();
  }

  /** The oldest `count` changes. */
  forget(count: number): void {
    this.forgotten = this.changes[count - 1]?.revision ?? this.forgotten;
    this.changes.splice(0, count);
  }

  /** The revision of the last change. */
  get latest(): number {
    return this.changes.at(-1)?.revision ?? this.forgotten;
  }

  after(revision: number): readonly Change[] {
    let low = 0;
    let high = this.changes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.changes[middle] as Change).revision <= revision) low = middle + 1;
      else high = middle;
    }
    return this.changes.slice(low);
  }
}

const historyMax = 200_000;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * The part of an API server that a scheduler needs, in memory: objects of any resource, lists, watches with history, the binding and
 * status of pods. No admission, validation or defaults. Objects are never changed, so that readers may share them.
 */
export class MemoryApi implements Transport {
  /** How calls are carried: by default at once and always. `apply` does what is asked; a fault may do without it, or lose its answer. */
  carry: (call: ApiCall, apply: () => Uint8Array) => Promise<Uint8Array> = async (_, apply) =>
    apply();
  /** Awaited before a watch tells what is new. */
  watchPause: (signal: AbortSignal | undefined) => Promise<void> = () => Promise.resolve();
  /** Is told of every binding that the API took. */
  onBound: (pod: Pod) => void = () => {};
  readonly #objects = new Map<string, Map<string, KubeObject>>();
  readonly #histories = new Map<string, History>();
  /** No watch begins before it. */
  #forgotten = 0;
  /** Watches that began before a break end. */
  #breaks = 0;
  #revision = 1;
  #uids = 0;

  /** The objects of a resource by namespace and name. */
  objects<T extends KubeObject>(resource: string): ReadonlyMap<string, T> {
    return this.#of(resource) as unknown as ReadonlyMap<string, T>;
  }

  /** Creates or replaces an object. */
  put(resource: string, object: KubeObject): KubeObject {
    const key = keyOf(object);
    const before = this.#of(resource).get(key);
    const uid = object.metadata.uid ?? before?.metadata.uid ?? `uid-${++this.#uids}`;
    const metadata = { ...object.metadata, uid, resourceVersion: String(++this.#revision) };
    const stored = { ...object, metadata };
    this.#of(resource).set(key, stored);
    this.#record(resource, before === undefined ? 'ADDED' : 'MODIFIED', stored);
    return stored;
  }

  /** Removes an object if it is there. */
  remove(resource: string, key: string): void {
    const before = this.#of(resource).get(key);
    if (before === undefined) return;
    this.#of(resource).delete(key);
    const resourceVersion = String(++this.#revision);
    const metadata = { ...before.metadata, resourceVersion };
    this.#record(resource, 'DELETED', { ...before, metadata });
  }

  /** Watches that go on from before now must list again. */
  forgetHistory(): void {
    this.#forgotten = this.#revision;
    for (const history of this.#histories.values()) history.forget(history.changes.length);
  }

  call(call: ApiCall): Promise<Uint8Array> {
    return this.carry(call, () => encoder.encode(JSON.stringify(this.#apply(call))));
  }

  async *watch(call: WatchCall, { signal }: CallControl = {}): AsyncGenerator<WatchEvent> {
    const from = Number(call.parameters.resourceVersion);
    const history = this.#historyOf(call.resource.resource);
    if (from < this.#forgotten) throw resourceExpired('too old resource version');
    const breaks = this.#breaks;
    let seen = from;
    const reader: Reader = { wake: () => {} };
    const wake = () => reader.wake();
    history.readers.add(reader);
    signal?.addEventListener('abort', wake);
    try {
      for (;;) {
        await this.watchPause(signal);
        if (signal?.aborted === true || breaks !== this.#breaks) return;
        if (seen < history.forgotten) throw resourceExpired('too old resource version');
        const changes = history.after(seen);
        seen = changes.at(-1)?.revision ?? seen;
        for (const { event } of changes) yield event;
        if (seen < history.latest) continue;
        await new Promise<void>((resolve) => {
          reader.wake = resolve;
        });
      }
    } finally {
      history.readers.delete(reader);
      signal?.removeEventListener('abort', wake);
    }
  }

  /** Ends all watches; their readers come back. */
  breakWatches(): void {
    this.#breaks++;
    for (const { readers } of this.#histories.values()) for (const { wake } of readers) wake();
  }

  document(): Promise<Uint8Array> {
    return Promise.reject(notFound({ group: '', resource: 'documents' }, ''));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #of(resource: string): Map<string, KubeObject> {
    let objects = this.#objects.get(resource);
    if (objects === undefined) {
      objects = new Map();
      this.#objects.set(resource, objects);
    }
    return objects;
  }

  #record(resource: string, type: 'ADDED' | 'MODIFIED' | 'DELETED', object: KubeObject): void {
    this.#historyOf(resource).record({ revision: this.#revision, event: { type, object } });
  }

  #historyOf(resource: string): History {
    let history = this.#histories.get(resource);
    if (history === undefined) {
      history = new History();
      this.#histories.set(resource, history);
    }
    return history;
  }

  #apply(call: ApiCall): object {
    const { verb, resource, place, body } = call;
    const objects = this.#of(resource.resource);
    const key = place.namespace === '' ? place.name : `${place.namespace}/${place.name}`;
    const sent = () => JSON.parse(decoder.decode(body ?? encoder.encode('{}')));
    if (verb === 'list') {
      return {
        metadata: { resourceVersion: String(this.#revision) },
        items: [...objects.values()],
      };
    }
    if (verb === 'create' && place.subresource === '')
      return this.#create(resource.resource, sent());
    const object = objects.get(key);
    if (object === undefined) throw notFound(resource, place.name);
    if (verb === 'get') return object;
    if (verb === 'delete') {
      this.remove(resource.resource, key);
      return object;
    }
    if (verb === 'create') return this.#bind(object as Pod, sent());
    if (verb === 'patch') return this.put(resource.resource, patched(object as Pod, sent()));
    return this.#update(call, object, sent());
  }

  /** Of what has not changed since it was read. */
  #update({ resource, place }: ApiCall, known: KubeObject, sent: KubeObject): KubeObject {
    const { resourceVersion = known.metadata.resourceVersion } = sent.metadata;
    if (resourceVersion !== known.metadata.resourceVersion)
      throw conflict(resource, place.name, 'the object has been modified');
    return this.put(resource.resource, sent);
  }

  #create(resource: string, object: KubeObject): KubeObject {
    // Nobody reads them here.
    if (resource === 'events') return object;
    if (this.#of(resource).has(keyOf(object)))
      throw alreadyExists({ group: '', resource }, object.metadata.name ?? '');
    return this.put(resource, object);
  }

  #bind(pod: Pod, binding: { metadata?: { uid?: string }; target?: { name?: string } }): object {
    const resource = { group: '', resource: 'pods/binding' };
    const { name = '', uid } = pod.metadata;
    if (binding.metadata?.uid !== undefined && binding.metadata.uid !== uid)
      throw conflict(resource, name, "the UID in the precondition is not the record's");
    const nodeName = pod.spec?.nodeName ?? '';
    if (nodeName !== '')
      throw conflict(resource, name, `pod ${name} is already assigned to node "${nodeName}"`);
    const conditions = (pod.status?.conditions ?? []).filter(({ type }) => type !== 'PodScheduled');
    const bound: Pod = {
      ...pod,
      spec: { ...pod.spec, nodeName: binding.target?.name ?? '' },
      status: {
        ...pod.status,
        conditions: [...conditions, { type: 'PodScheduled', status: 'True' }],
      },
    };
    const stored = this.put('pods', bound);
    this.onBound(stored);
    return { kind: 'Status', apiVersion: 'v1', status: 'Success' };
  }
}

/** A strategic merge patch of what schedulers write of pods. */
function patched(pod: Pod, patch: Pod): Pod {
  const { resource, name } = { resource: 'pods', name: pod.metadata.name ?? '' };
  if (patch.metadata?.uid !== undefined && patch.metadata.uid !== pod.metadata.uid)
    throw conflict({ group: '', resource }, name, 'another pod has the name');
  const result = cloneJson(pod as never) as Pod;
  const status = { ...result.status };
  for (const condition of patch.status?.conditions ?? []) {
    const others = (status.conditions ?? []).filter(({ type }) => type !== condition.type);
    const before = status.conditions?.find(({ type }) => type === condition.type);
    status.conditions = [...others, { ...before, ...condition } as PodCondition];
  }
  if (patch.status !== undefined && 'nominatedNodeName' in patch.status) {
    const { nominatedNodeName } = patch.status as { nominatedNodeName?: string | null };
    if (nominatedNodeName == null) delete status.nominatedNodeName;
    else status.nominatedNodeName = nominatedNodeName;
  }
  return { ...result, status };
}

function keyOf({ metadata }: KubeObject): string {
  const { namespace = '', name = '' } = metadata;
  return namespace === '' ? name : `${namespace}/${name}`;
}
