import { sleep } from '../../../base/clock.js';
import {
  type DiscoveredResource,
  discover,
  Informer,
  type ResourceClient,
  UnreachableError,
} from '../../client/index.js';
import type { KubeObject, ObjectMeta } from '../../machinery/object.js';
import { StatusError } from '../../machinery/status.js';
import type { ControllerParts } from '../controller.js';

/** Is told of the objects of all resources. */
export interface MonitorListener {
  onPut(resource: DiscoveredResource, object: KubeObject): void;
  onGone(resource: DiscoveredResource, object: KubeObject): void;
}

interface Monitor {
  readonly resource: DiscoveredResource;
  readonly informer: Informer<KubeObject>;
  readonly stop: AbortController;
  readonly ended: Promise<void>;
  /** It shows everything, or has had long enough for it. */
  readonly settled: Promise<void>;
}

/** What the server offers is asked for so often, and soon after a definition of custom resources has changed. */
const rediscoverMs = 30_000;
const settleMs = 300;
/**
 * What cannot be listed for so long, because its converter or its API server is down, is not waited for: it must not hold up
 * everything else.
 */
const patienceMs = 30_000;
/** Events come in two groups and own nothing. */
const ignored: ReadonlySet<string> = new Set(['events.', 'events.events.k8s.io']);
const needed = ['list', 'watch', 'delete', 'patch'];

/** Follows the metadata of the objects of every resource that can be deleted, those that appear while it runs too. */
export class ResourceMonitors {
  readonly #parts: ControllerParts;
  readonly #listener: MonitorListener;
  readonly #monitors = new Map<string, Monitor>();
  #wake = new AbortController();

  constructor(parts: ControllerParts, listener: MonitorListener) {
    this.#parts = parts;
    this.#listener = listener;
  }

  /** The resource of a kind that somebody refers to; undefined when the server has none that is followed. */
  find(group: string, kind: string): DiscoveredResource | undefined {
    for (const { resource } of this.#monitors.values()) {
      if (resource.group === group && resource.kind === kind) return resource;
    }
    return undefined;
  }

  /** Resolves when everything has been seen once that can be seen. Rejects with the signal's reason. */
  async untilSynced(signal: AbortSignal): Promise<void> {
    const all = [...this.#monitors.values()];
    await Promise.all(all.map(({ settled }) => settled));
    signal.throwIfAborted();
  }

  /** Runs until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#parts;
    while (!signal.aborted) {
      try {
        await this.#discover(signal);
      } catch (error) {
        if (signal.aborted) break;
        const isExpected = error instanceof StatusError || error instanceof UnreachableError;
        if (!isExpected) throw error;
        logger.warn('cannot find out what there is to collect', { error: error.message });
        await sleep(clock, settleMs, signal).catch(() => {}); // Told to stop.
        continue;
      }
      this.#wake = new AbortController();
      const waking = AbortSignal.any([signal, this.#wake.signal]);
      await sleep(clock, rediscoverMs, waking).catch(() => {}); // Woken, or told to stop.
      // Definitions come in groups, and are served a moment after they are there.
      if (this.#wake.signal.aborted) await sleep(clock, settleMs, signal).catch(() => {});
    }
    await Promise.all([...this.#monitors.keys()].map((key) => this.#stop(key)));
  }

  async #discover(signal: AbortSignal): Promise<void> {
    const { resources, failed } = await discover(this.#parts.client, { signal });
    const wanted = new Map<string, DiscoveredResource>();
    for (const resource of resources) {
      const key = `${resource.resource}.${resource.group}`;
      if (!ignored.has(key) && needed.every((verb) => resource.verbs.has(verb))) {
        wanted.set(key, resource);
      }
    }
    for (const [key, { resource }] of [...this.#monitors]) {
      const version = `${resource.group}/${resource.version}`;
      if (!wanted.has(key) && !failed.includes(version)) await this.#stop(key);
    }
    for (const [key, resource] of wanted) {
      if (!this.#monitors.has(key)) this.#monitors.set(key, this.#start(resource, signal));
    }
  }

  #start(resource: DiscoveredResource, signal: AbortSignal): Monitor {
    const { client, informers } = this.#parts;
    const objects: ResourceClient<KubeObject> = client.objects(resource);
    // What other controllers follow comes to this process once.
    const shared = informers.find<KubeObject>(objects.resource);
    const informer = shared ?? new Informer({ ...this.#parts, objects, keep: metadataOnly });
    const isDefinitions = resource.resource === 'customresourcedefinitions';
    const onChange = () => {
      if (isDefinitions && informer.hasSynced) this.#wake.abort();
    };
    const removeHandler = informer.addHandler({
      onAdd: (object) => {
        onChange();
        this.#listener.onPut(resource, object);
      },
      onUpdate: (_, object) => {
        onChange();
        this.#listener.onPut(resource, object);
      },
      onDelete: (object) => {
        onChange();
        this.#listener.onGone(resource, object);
      },
    });
    const stop = new AbortController();
    signal.addEventListener('abort', () => stop.abort(), { once: true, signal: stop.signal });
    const settled = this.#untilSettled(resource, informer, stop.signal);
    const run = shared === undefined ? informer.run(stop.signal) : untilAborted(stop.signal);
    return { resource, informer, stop, ended: run.finally(removeHandler), settled };
  }

  async #untilSettled(
    { resource, group }: DiscoveredResource,
    informer: Informer<KubeObject>,
    stopped: AbortSignal,
  ): Promise<void> {
    const waiting = new AbortController();
    const synced = informer.untilSynced(AbortSignal.any([stopped, waiting.signal]));
    const late = sleep(this.#parts.clock, patienceMs, AbortSignal.any([stopped, waiting.signal]));
    // A monitor that is stopped shows nothing any more.
    await Promise.race([synced, late]).catch(() => {});
    waiting.abort();
    await Promise.allSettled([synced, late]);
    if (informer.hasSynced || stopped.aborted) return;
    this.#parts.logger.warn('objects cannot be listed; what they own or are owned by may stay', {
      resource: `${resource}.${group}`,
    });
  }

  /** The resource is gone, and so are its objects. */
  async #stop(key: string): Promise<void> {
    const monitor = this.#monitors.get(key);
    if (monitor === undefined) return;
    this.#monitors.delete(key);
    monitor.stop.abort();
    await monitor.ended;
    for (const object of monitor.informer.lister.all()) {
      this.#listener.onGone(monitor.resource, object);
    }
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** What the collector needs of an object. */
function metadataOnly({ metadata }: KubeObject): KubeObject {
  const kept: ObjectMeta = {};
  const { name, namespace, uid, resourceVersion, ownerReferences } = metadata;
  const { finalizers, deletionTimestamp } = metadata;
  if (name !== undefined) kept.name = name;
  if (namespace !== undefined) kept.namespace = namespace;
  if (uid !== undefined) kept.uid = uid;
  if (resourceVersion !== undefined) kept.resourceVersion = resourceVersion;
  if (ownerReferences !== undefined) kept.ownerReferences = ownerReferences;
  if (finalizers !== undefined) kept.finalizers = finalizers;
  if (deletionTimestamp !== undefined) kept.deletionTimestamp = deletionTimestamp;
  return { metadata: kept };
}
