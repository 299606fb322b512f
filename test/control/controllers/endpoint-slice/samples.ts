import type { Node, Pod, Service } from '../../../../src/control/api/gen/core-v1.js';
import type { Endpoint, EndpointSlice } from '../../../../src/control/api/gen/discovery-v1.js';
import {
  planSlices,
  type SliceNeeds,
} from '../../../../src/control/controllers/endpoint-slice/plan.js';

/** A service of one port that selects `app: web`. */
export function service(spec: Service['spec'] = {}, metadata: Partial<Service['metadata']> = {}) {
  return {
    metadata: { name: 'web', namespace: 'default', uid: 'service-1', ...metadata },
    spec: {
      selector: { app: 'web' },
      clusterIP: '10.0.0.1',
      ipFamilies: ['IPv4'],
      ports: [{ name: 'http', port: 80, targetPort: 8080, protocol: 'TCP' }],
      ...spec,
    },
  } satisfies Service;
}

/** What a sample pod is like. */
export interface PodSample {
  readonly ips?: readonly string[];
  readonly isReady?: boolean;
  readonly isGoing?: boolean;
  readonly phase?: string;
  readonly nodeName?: string;
  readonly spec?: Pod['spec'];
}

/** A pod that the service selects. */
export function pod(name: string, sample: PodSample = {}): Pod {
  const { ips = ['10.1.0.1'], isReady = true, isGoing = false, nodeName = 'node-a' } = sample;
  return {
    metadata: {
      ...{ name, namespace: 'default', uid: `uid-${name}`, labels: { app: 'web' } },
      ...(isGoing ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    },
    spec: { nodeName, containers: [], ...sample.spec },
    status: {
      phase: sample.phase ?? 'Running',
      ...(ips[0] === undefined ? {} : { podIP: ips[0] }),
      podIPs: ips.map((ip) => ({ ip })),
      conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }],
    },
  };
}

const zones: Readonly<Record<string, string>> = { 'node-a': 'zone-a', 'node-b': 'zone-b' };

/** Two nodes in two zones. */
export function nodeOf(name: string): Node | undefined {
  const zone = zones[name];
  if (zone === undefined) return undefined;
  return { metadata: { name, labels: { 'topology.kubernetes.io/zone': zone } } };
}

/** A plan, with what a test does not say. */
export function plan(needs: Partial<SliceNeeds>) {
  return planSlices({
    ...{ service: service(), pods: [], nodeOf, existing: [], endpointsMax: 100 },
    triggerTimeMs: null,
    ...needs,
  });
}

/** Slices as a store has them after a plan. */
export class SliceStore {
  readonly slices = new Map<string, EndpointSlice>();
  writes = 0;
  #next = 1;

  apply({ create, update, remove }: ReturnType<typeof planSlices>): void {
    this.writes += create.length + update.length + remove.length;
    for (const slice of create) {
      const name = `web-${this.#next++}`;
      this.slices.set(name, { ...slice, metadata: { ...slice.metadata, name, uid: name } });
    }
    for (const slice of update) {
      const name = slice.metadata.name ?? '';
      if (!this.slices.has(name)) throw new Error(`${name} is not there to be updated`);
      this.slices.set(name, slice);
    }
    for (const slice of remove) {
      const name = slice.metadata.name ?? '';
      if (!this.slices.delete(name)) throw new Error(`${name} is not there to be removed`);
    }
  }

  all(): EndpointSlice[] {
    return [...this.slices.values()];
  }

  endpoints(): Endpoint[] {
    return this.all().flatMap(({ endpoints }) => endpoints ?? []);
  }
}
