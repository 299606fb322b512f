import type { Clock } from '../../../base/clock.js';
import type { Scale } from '../../api/gen/autoscaling-v1.js';
import {
  type ApiResource,
  type ControlClient,
  type DiscoveredResource,
  discover,
} from '../../client/index.js';
import { internalError } from '../../machinery/status-errors.js';
import { ignoreNotFound, isNotFound } from '../runtime/write-failures.js';

/** What a reference to an object of some kind says. */
export interface KindReference {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly name?: string;
}

/** What the server offers is asked for again after so long. */
const freshMs = 30_000;
/** And when a kind is missing, after so long: it may have been added since. */
const retryMs = 1_000;

type Control = { readonly signal?: AbortSignal };

/** The `scale` of objects of any kind, found by what the server offers. Everything rejects with StatusError and UnreachableError. */
export class ScaleTargets {
  readonly #client: ControlClient;
  readonly #clock: Clock;
  #offered: readonly DiscoveredResource[] = [];
  #askedMs = Number.NEGATIVE_INFINITY;

  constructor({ client, clock }: { readonly client: ControlClient; readonly clock: Clock }) {
    this.#client = client;
    this.#clock = clock;
  }

  /** The resource of a kind; any version of its group will do. Null when the server has none. */
  async resourceOf(
    reference: KindReference,
    control: Control = {},
  ): Promise<ApiResource<Scale> | null> {
    const found = this.#find(reference);
    const ageMs = this.#clock.now() - this.#askedMs;
    if (ageMs < (found === undefined ? retryMs : freshMs)) return found ?? null;
    const { resources } = await discover(this.#client, control);
    this.#offered = resources;
    this.#askedMs = this.#clock.now();
    return this.#find(reference) ?? null;
  }

  /** The scale of an object; null when the object is not there. Rejects when its kind has none. */
  async get(
    resource: ApiResource<Scale>,
    name: { readonly namespace: string; readonly name: string },
    control: Control = {},
  ): Promise<Scale | null> {
    const objects = this.#client.objects(resource);
    try {
      return await objects.get(name, { ...control, subresource: 'scale' });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      const object = await objects.get(name, control).catch(ignoreNotFound);
      if (object === null) return null;
      const kind = `${resource.resource}.${resource.version}.${resource.group}`;
      throw internalError(new Error(`${kind} does not implement the scale subresource`));
    }
  }

  /** Writes what {@link get} gave, changed. */
  update(resource: ApiResource<Scale>, scale: Scale, control: Control = {}): Promise<Scale> {
    return this.#client.objects(resource).update(scale, { ...control, subresource: 'scale' });
  }

  #find({ apiVersion = '', kind = '' }: KindReference): ApiResource<Scale> | undefined {
    const slash = apiVersion.indexOf('/');
    const group = slash < 0 ? '' : apiVersion.slice(0, slash);
    return this.#offered.find((each) => each.group === group && each.kind === kind) as
      | ApiResource<Scale>
      | undefined;
  }
}
