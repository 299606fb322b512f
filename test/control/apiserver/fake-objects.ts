import type { ObjectReader } from '../../../src/control/apiserver/contracts.js';
import type { GroupResource, KubeObject } from '../../../src/control/machinery/object.js';

/** Objects in memory, as a reader sees them. */
export class FakeObjects implements ObjectReader {
  readonly #objects = new Map<string, Map<string, KubeObject>>();

  /** Puts objects there, by resource as `group/resource`. */
  put(resource: string, ...objects: KubeObject[]): this {
    const all = this.#all(resource);
    for (const object of objects) all.set(keyOf(object), object);
    return this;
  }

  remove(resource: string, namespace: string, name: string): void {
    this.#all(resource).delete(`${namespace}/${name}`);
  }

  /** At once: for writers that compare and swap. */
  peek(resource: GroupResource, namespace: string, name: string): KubeObject | undefined {
    return this.#all(keyOfResource(resource)).get(`${namespace}/${name}`);
  }

  get(resource: GroupResource, namespace: string, name: string): Promise<KubeObject | undefined> {
    return Promise.resolve(this.#all(keyOfResource(resource)).get(`${namespace}/${name}`));
  }

  list(resource: GroupResource, namespace: string): Promise<readonly KubeObject[]> {
    const all = [...this.#all(keyOfResource(resource)).values()];
    return Promise.resolve(
      all.filter(({ metadata }) => namespace === '' || metadata.namespace === namespace),
    );
  }

  #all(resource: string): Map<string, KubeObject> {
    const known = this.#objects.get(resource) ?? new Map<string, KubeObject>();
    this.#objects.set(resource, known);
    return known;
  }
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

function keyOfResource({ group, resource }: GroupResource): string {
  return `${group}/${resource}`;
}
