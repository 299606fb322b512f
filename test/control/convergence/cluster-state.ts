import {
  type ApiResource,
  type ControlClient,
  type DiscoveredResource,
  discover,
  resources,
} from '../../../src/control/client/index.js';
import type { KubeObject } from '../../../src/control/machinery/object.js';
import { insist } from './insist.js';

/** An object and of what resource it is. */
export interface StateObject {
  readonly resource: string;
  readonly object: KubeObject;
}

/** All objects of a cluster, events left out; not of one moment, which does not matter once it is at rest. */
export class ClusterState {
  readonly all: readonly StateObject[];
  readonly byUid: ReadonlyMap<string, StateObject>;
  readonly #byResource = new Map<string, KubeObject[]>();

  constructor(all: readonly StateObject[]) {
    this.all = all;
    this.byUid = new Map(all.map((each) => [each.object.metadata.uid ?? '', each]));
    for (const { resource, object } of all) {
      const objects = this.#byResource.get(resource) ?? [];
      objects.push(object);
      this.#byResource.set(resource, objects);
    }
  }

  /** Those of a resource. */
  of<T extends KubeObject>({ resource, group }: ApiResource<T>): readonly T[] {
    return (this.#byResource.get(keyOf({ resource, group })) ?? []) as unknown as readonly T[];
  }

  /** Those that an object controls. */
  controlledBy<T extends KubeObject>(resource: ApiResource<T>, owner: KubeObject): readonly T[] {
    const { uid } = owner.metadata;
    return this.of(resource).filter(({ metadata }) =>
      metadata.ownerReferences?.some((each) => each.controller === true && each.uid === uid),
    );
  }
}

/** Reads everything that the server lets be listed. */
export async function readState(client: ControlClient): Promise<ClusterState> {
  const found = await insist(() => discover(client));
  const listed = await Promise.all(
    found.resources.filter(isWanted).map((each) => list(client, each)),
  );
  return new ClusterState(listed.flat());
}

/** Events are no state; what is kept under two names is read once; reviews and statuses are made up when they are asked for. */
function isWanted({ resource, verbs }: DiscoveredResource): boolean {
  const isComputed = resource === resources.events.resource || resource === 'componentstatuses';
  return verbs.has('list') && !isComputed;
}

async function list(client: ControlClient, resource: ApiResource): Promise<StateObject[]> {
  const { items } = await insist(() => client.objects(resource).list());
  return items.map((object) => ({ resource: keyOf(resource), object }));
}

function keyOf({ resource, group }: { readonly resource: string; readonly group: string }): string {
  return group === '' ? resource : `${resource}.${group}`;
}

/** `Pod red/one` for messages. */
export function told({ kind = 'object', metadata }: KubeObject): string {
  const { namespace = '', name } = metadata;
  return namespace === '' ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}
