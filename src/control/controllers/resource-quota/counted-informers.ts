import type { Clock } from '../../../base/clock.js';
import {
  type ApiResource,
  type ControlClient,
  type DiscoveredResource,
  discover,
  type Informer,
  namespaceIndex,
  type SharedInformers,
} from '../../client/index.js';
import type { GroupResource, KubeObject } from '../../machinery/object.js';
import { changesCount } from './plan.js';

/** The server is asked again after so long whether it knows a resource by now. */
const unknownMs = 30_000;

/** What is told of counted objects. */
export interface CountedChange {
  /** An object has come: what was reserved for it is what it uses. */
  onAdd(resource: GroupResource, object: KubeObject): void;
  /** It may use less than before. */
  onLess(resource: GroupResource, object: KubeObject): void;
}

/** Informers of the resources that quotas bound, each from the moment that a quota bounds it. */
export class CountedInformers {
  readonly #client: ControlClient;
  readonly #clock: Clock;
  readonly #shared: SharedInformers;
  readonly #change: CountedChange;
  readonly #informers = new Map<string, Informer<KubeObject>>();
  #offered: readonly DiscoveredResource[] = [];
  #askedMs = Number.NEGATIVE_INFINITY;

  constructor(
    parts: {
      readonly client: ControlClient;
      readonly clock: Clock;
      readonly informers: SharedInformers;
    },
    change: CountedChange,
  ) {
    this.#client = parts.client;
    this.#clock = parts.clock;
    this.#shared = parts.informers;
    this.#change = change;
  }

  /** The objects of a namespace; null when the server does not know the resource. Rejects with StatusError and UnreachableError. */
  async objects(
    resource: GroupResource,
    namespace: string,
    signal: AbortSignal,
  ): Promise<readonly KubeObject[] | null> {
    const informer = await this.#informer(resource, signal);
    if (informer === null) return null;
    await informer.untilSynced(signal);
    return informer.lister.byIndex(namespaceIndex, namespace);
  }

  async #informer(
    resource: GroupResource,
    signal: AbortSignal,
  ): Promise<Informer<KubeObject> | null> {
    const key = `${resource.group}/${resource.resource}`;
    const existing = this.#informers.get(key);
    if (existing !== undefined) return existing;
    const offered = await this.#find(resource, signal);
    if (offered === null) return null;
    const known = this.#informers.get(key);
    if (known !== undefined) return known;
    const informer = this.#shared.of(offered);
    this.#informers.set(key, informer);
    informer.addHandler({
      onAdd: (object) => this.#change.onAdd(resource, object),
      onUpdate: (before, object) => {
        if (changesCount(resource, before, object, this.#clock.wallTime())) {
          this.#change.onLess(resource, object);
        }
      },
      onDelete: (object) => this.#change.onLess(resource, object),
    });
    return informer;
  }

  async #find(
    { group, resource }: GroupResource,
    signal: AbortSignal,
  ): Promise<ApiResource | null> {
    const find = () =>
      this.#offered.find((each) => each.group === group && each.resource === resource);
    const ageMs = this.#clock.now() - this.#askedMs;
    if (find() === undefined && ageMs >= unknownMs) {
      this.#offered = (await discover(this.#client, { signal })).resources;
      this.#askedMs = this.#clock.now();
    }
    const found = find();
    return found?.isNamespaced && found.verbs.has('list') && found.verbs.has('watch')
      ? found
      : null;
  }
}
