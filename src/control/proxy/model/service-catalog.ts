import type { Service } from '../../api/gen/core-v1.js';
import type { EndpointSlice } from '../../api/gen/discovery-v1.js';
import { deepEqual } from '../../machinery/deep-equal.js';
import type { NodePlace } from './choose-targets.js';
import type { ServicePortView } from './service-port.js';
import { servicePortName } from './service-port.js';
import { viewService } from './view-service.js';

/** What is known of the cluster's services, by `namespace/name`. */
export interface ServiceSource {
  serviceKeys(): Iterable<string>;
  service(key: string): Service | undefined;
  slicesOf(key: string): readonly EndpointSlice[];
}

/** How a port changed; null: it was not there, or is not any more. */
export interface PortChange {
  readonly before: ServicePortView | null;
  readonly after: ServicePortView | null;
}

/** All ports as a node serves them. Looks at services that changed alone, and keeps the object of a port that did not. */
export class ServiceCatalog {
  readonly #source: ServiceSource;
  readonly #changed = new Set<string>();
  readonly #ports = new Map<string, readonly ServicePortView[]>();
  #sortedKeys: readonly string[] = [];
  #place: NodePlace | null = null;

  constructor(source: ServiceSource) {
    this.#source = source;
  }

  /** A service or one of its slices came, changed or went. */
  onChange(key: string): void {
    this.#changed.add(key);
  }

  /** Looks at what changed since the last time, and resolves with the ports that did. */
  refresh(place: NodePlace): readonly PortChange[] {
    if (!deepEqual(place, this.#place)) {
      this.#place = place;
      for (const key of this.#source.serviceKeys()) this.#changed.add(key);
      for (const key of this.#ports.keys()) this.#changed.add(key);
    }
    const changes: PortChange[] = [];
    let keysChanged = false;
    for (const key of this.#changed) {
      const before = this.#ports.get(key) ?? [];
      const service = this.#source.service(key);
      const now =
        service === undefined ? [] : viewService(service, this.#source.slicesOf(key), place);
      const after = kept(before, now, changes);
      keysChanged ||= (before.length === 0) !== (after.length === 0);
      if (after.length === 0) this.#ports.delete(key);
      else this.#ports.set(key, after);
    }
    this.#changed.clear();
    if (keysChanged) this.#sortedKeys = [...this.#ports.keys()].sort();
    return changes;
  }

  /** Of all services, in the order of their names. */
  ports(): readonly ServicePortView[] {
    return this.#sortedKeys.flatMap((key) => this.#ports.get(key) ?? []);
  }
}

/** The ports as they are now, those that did not change as the objects that they were. */
function kept(
  before: readonly ServicePortView[],
  now: readonly ServicePortView[],
  changes: PortChange[],
): readonly ServicePortView[] {
  const old = new Map(before.map((port) => [identity(port), port]));
  const after = now.map((port) => {
    const was = old.get(identity(port));
    old.delete(identity(port));
    if (was !== undefined && deepEqual(was, port)) return was;
    changes.push({ before: was ?? null, after: port });
    return port;
  });
  for (const port of old.values()) changes.push({ before: port, after: null });
  return after;
}

function identity(port: ServicePortView): string {
  return `${port.family} ${port.protocol} ${port.port} ${servicePortName(port)}`;
}
