import { defined } from '../../../base/assert.js';
import type { Node, Pod, Service } from '../../api/gen/core-v1.js';
import type { Endpoint, EndpointPort, EndpointSlice } from '../../api/gen/discovery-v1.js';
import { deepEqual } from '../../machinery/deep-equal.js';
import { nameProblems } from '../../machinery/names.js';
import { formatTime } from '../../machinery/time.js';
import { isReachable } from '../service-endpoints/eligible-pod.js';
import { triggerTimeAnnotation } from '../service-endpoints/trigger-times.js';
import { fillSlices, type SliceChanges } from './fill.js';
import { hintRuleOf, withHints } from './hints.js';
import {
  type AddressType,
  addressTypesOf,
  endpointKey,
  endpointOf,
  endpointPortsOf,
  portsKey,
} from './pod-endpoint.js';
import { sliceLabels } from './slice-labels.js';

/** What the slices of a service are planned from. */
export interface SliceNeeds {
  /** It selects pods. */
  readonly service: Service;
  /** Those that it selects. */
  readonly pods: readonly Pod[];
  readonly nodeOf: (name: string) => Node | undefined;
  /** The slices of the service that this controller writes. */
  readonly existing: readonly EndpointSlice[];
  /** 1 to 1000. */
  readonly endpointsMax: number;
  /** Since when the change waits; milliseconds since the epoch. */
  readonly triggerTimeMs: number | null;
}

/** The writes that make the slices right. */
export interface SlicePlan extends SliceChanges {
  /** Nodes of pods that are not known and whose pods are left out: to be looked at again. */
  readonly missingNodes: readonly string[];
}

/** Plans the writes that show a service's pods in its slices, as few as can be (see {@link fillSlices}). */
export function planSlices(needs: SliceNeeds): SlicePlan {
  const { service, existing } = needs;
  const types = addressTypesOf(service);
  const missingNodes = new Set<string>();
  const plans = types.map((type) => planOfType(needs, type, missingNodes));
  const remove = [
    ...plans.flatMap((plan) => plan.remove),
    ...existing.filter(({ addressType }) => !types.some((type) => type === addressType)),
  ];
  const isGoing = service.metadata.deletionTimestamp !== undefined;
  const stamp = stampOf(needs.triggerTimeMs);
  return {
    // What is created for a service that goes would outlive it, or fight with the garbage collector.
    create: isGoing ? [] : plans.flatMap((plan) => plan.create).map(stamp),
    update: plans.flatMap((plan) => plan.update).map(stamp),
    remove,
    missingNodes: [...missingNodes],
  };
}

interface PortGroup {
  readonly ports: EndpointPort[];
  readonly endpoints: Map<string, Endpoint>;
}

function planOfType(
  needs: SliceNeeds,
  addressType: AddressType,
  missingNodes: Set<string>,
): SliceChanges {
  const { service, endpointsMax } = needs;
  const existing = needs.existing.filter((slice) => slice.addressType === addressType);
  const own = existing.filter((slice) => isOwned(slice, service));
  const groups = desiredGroups(needs, addressType, missingNodes);
  const labels = sliceLabels(service);
  const changes = { create: [], update: [], remove: [] } as {
    [list in keyof SliceChanges]: EndpointSlice[];
  };
  for (const [key, { ports, endpoints }] of groups) {
    const filled = fillSlices({
      existing: own.filter((slice) => portsKey(slice.ports) === key),
      desired: endpoints,
      ...{ labels, endpointsMax },
      create: () => emptySlice(service, addressType, ports, labels),
    });
    changes.create.push(...filled.create);
    changes.update.push(...filled.update);
    changes.remove.push(...filled.remove);
  }
  changes.remove.push(...own.filter((slice) => !groups.has(portsKey(slice.ports))));
  changes.remove.push(...existing.filter((slice) => !isOwned(slice, service)));
  if (changes.create.length === 0 && changes.remove.length === existing.length) {
    changes.create.push(emptySlice(service, addressType, [], labels));
  }
  return hinted(recycled(withoutNeedlessReplacement(changes), service), own, service);
}

function desiredGroups(
  { service, pods, nodeOf }: SliceNeeds,
  addressType: AddressType,
  missingNodes: Set<string>,
): Map<string, PortGroup> {
  const groups = new Map<string, PortGroup>();
  for (const pod of pods) {
    if (!isReachable(pod, true)) continue;
    const ports = endpointPortsOf(pod, service);
    const key = portsKey(ports);
    const group = groups.get(key) ?? { ports, endpoints: new Map<string, Endpoint>() };
    groups.set(key, group);
    const nodeName = pod.spec?.nodeName ?? '';
    const node = nodeOf(nodeName);
    if (node === undefined && service.spec?.publishNotReadyAddresses !== true) {
      missingNodes.add(nodeName);
      continue;
    }
    const zone = node?.metadata.labels?.['topology.kubernetes.io/zone'];
    const endpoint = endpointOf(pod, service, addressType, zone);
    if (endpoint !== null) group.endpoints.set(endpointKey(endpoint), endpoint);
  }
  return groups;
}

/** A service without endpoints has one empty slice; the one that is there is not replaced by its like. */
function withoutNeedlessReplacement(changes: SliceChanges): SliceChanges {
  const [old, ...others] = changes.remove;
  const [made] = changes.create;
  if (old === undefined || made === undefined || others.length > 0) return changes;
  const isSame =
    changes.create.length === 1 &&
    (old.endpoints?.length ?? 0) + (made.endpoints?.length ?? 0) === 0 &&
    portsKey(old.ports) === portsKey(made.ports) &&
    deepEqual(old.metadata.labels, made.metadata.labels) &&
    deepEqual(old.metadata.ownerReferences, made.metadata.ownerReferences);
  return isSame ? { ...changes, create: [], remove: [] } : changes;
}

/** Slices that would go are written over by those that would come. */
function recycled({ create, update, remove }: SliceChanges, service: Service): SliceChanges {
  const rest = [...create];
  const updated = [...update];
  const removed = remove.filter((slice) => {
    const next = isOwned(slice, service) ? rest.pop() : undefined;
    if (next === undefined) return true;
    const { labels = {}, ownerReferences = [] } = next.metadata;
    updated.push({ ...next, metadata: { ...slice.metadata, labels, ownerReferences } });
    return false;
  });
  return { create: rest, update: updated, remove: removed };
}

function hinted(
  changes: SliceChanges,
  own: readonly EndpointSlice[],
  service: Service,
): SliceChanges {
  const rule = hintRuleOf(service);
  const touched = new Set([...changes.update, ...changes.remove].map(nameOf));
  const unhinted = own.filter((slice) => !touched.has(nameOf(slice)));
  const apply = (slice: EndpointSlice) => {
    const endpoints = withHints(slice.endpoints, rule);
    return endpoints === null ? slice : { ...slice, endpoints };
  };
  return {
    create: changes.create.map(apply),
    update: [
      ...changes.update.map(apply),
      ...unhinted
        .map((slice) => [slice, apply(slice)] as const)
        .flatMap(([before, after]) => {
          return before === after ? [] : [after];
        }),
    ],
    remove: changes.remove,
  };
}

function emptySlice(
  { metadata }: Service,
  addressType: AddressType,
  ports: EndpointPort[],
  labels: Readonly<Record<string, string>>,
): EndpointSlice {
  const { name = '', namespace = '', uid } = metadata;
  const prefix = `${name}-`;
  const isShortEnough = nameProblems('dns-subdomain', prefix, true).length === 0;
  return {
    metadata: {
      generateName: isShortEnough ? prefix : name,
      namespace,
      labels: { ...labels },
      ownerReferences: [
        {
          ...{ apiVersion: 'v1', kind: 'Service', name },
          uid: defined(uid, 'the uid of a service'),
          ...{ controller: true, blockOwnerDeletion: true },
        },
      ],
    },
    ...{ addressType, ports, endpoints: [] },
  };
}

function stampOf(triggerTimeMs: number | null): (slice: EndpointSlice) => EndpointSlice {
  return (slice) => {
    const { [triggerTimeAnnotation]: _, ...others } = slice.metadata.annotations ?? {};
    const annotations =
      triggerTimeMs === null
        ? others
        : { ...others, [triggerTimeAnnotation]: formatTime(triggerTimeMs) };
    return { ...slice, metadata: { ...slice.metadata, annotations } };
  };
}

function isOwned({ metadata }: EndpointSlice, service: Service): boolean {
  return (metadata.ownerReferences ?? []).some(
    ({ uid, kind, apiVersion }) =>
      uid === service.metadata.uid && kind === 'Service' && apiVersion === 'v1',
  );
}

function nameOf({ metadata }: EndpointSlice): string {
  return metadata.name ?? '';
}
