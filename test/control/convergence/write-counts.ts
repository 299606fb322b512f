import type { ApiCall } from '../../../src/control/client/transport.js';
import type { KubeObject } from '../../../src/control/machinery/object.js';

/** A write that reached the server. */
export interface Write {
  readonly atMs: number;
  /** Who wrote, what, and which object: `controllers patch pods/status a/web-1`. What has a name that was made up is its owner's. */
  readonly what: string;
  readonly isHeartbeat: boolean;
}

const reads: ReadonlySet<string> = new Set(['get', 'list']);

/** Every write of every component, as it was sent. */
export class WriteCounts {
  readonly #writes: Write[] = [];

  /** Notes a call that is about to be sent, unless it reads. */
  onCall(component: string, call: ApiCall, atMs: number): void {
    if (reads.has(call.verb)) return;
    const { resource, place, verb } = call;
    const sub = place.subresource === '' ? '' : `/${place.subresource}`;
    const name = place.name || ownerIn(call.body);
    const what = `${component} ${verb} ${resource.resource}${sub} ${place.namespace}/${name}`;
    const isLease = resource.resource === 'leases' && place.namespace === 'kube-node-lease';
    const isHeartbeat = isLease || (resource.resource === 'nodes' && place.subresource !== '');
    this.#writes.push({ atMs, what, isHeartbeat });
  }

  get total(): number {
    return this.#writes.length;
  }

  /** What was written since then that is no heartbeat of a node. */
  since(ms: number): readonly string[] {
    return this.#writes
      .filter(({ atMs, isHeartbeat }) => atMs >= ms && !isHeartbeat)
      .map(({ what }) => what);
  }

  /** The writes that were made most often, heartbeats and events left out. */
  most(count: number): readonly (readonly [what: string, times: number])[] {
    const times = new Map<string, number>();
    for (const { what, isHeartbeat } of this.#writes) {
      if (!isHeartbeat && !what.includes(' events ')) times.set(what, (times.get(what) ?? 0) + 1);
    }
    return [...times].sort(([, a], [, b]) => b - a).slice(0, count);
  }
}

function ownerIn(body: Uint8Array | null): string {
  if (body === null) return '*';
  const { metadata } = JSON.parse(new TextDecoder().decode(body)) as KubeObject;
  const { name, generateName, ownerReferences } = metadata ?? {};
  return generateName === undefined
    ? `${name}`
    : `of ${ownerReferences?.[0]?.name ?? generateName}`;
}
