import { defined } from '../../../base/assert.js';
import type { Endpoints, Service } from '../../api/gen/core-v1.js';
import type { EndpointSlice } from '../../api/gen/discovery-v1.js';
import { deepEqual } from '../../machinery/deep-equal.js';
import { nameProblems } from '../../machinery/names.js';
import { endpointKey } from '../endpoint-slice/pod-endpoint.js';
import { managedByLabel, serviceNameLabel } from '../endpoint-slice/slice-labels.js';
import type { SliceWrites } from '../service-endpoints/slice-writer.js';
import { triggerTimeAnnotation } from '../service-endpoints/trigger-times.js';
import { groupKey, type MirrorGroup, mirroredEndpoints } from './mirrored-endpoints.js';

/** Who writes the slices of services whose endpoints users list by hand. */
export const mirroringManager = 'endpointslicemirroring-controller.k8s.io';

const skipLabel = 'endpointslice.kubernetes.io/skip-mirror';
const electionAnnotation = 'control-plane.alpha.kubernetes.io/leader';
const notMirrored = [triggerTimeAnnotation, 'kubectl.kubernetes.io/last-applied-configuration'];

/** The writes that make the slices right, and what could not be shown in them. */
export interface MirrorPlan extends SliceWrites {
  readonly invalidCount: number;
  /** Of subsets that are too large. */
  readonly excessCount: number;
}

/** Whether Endpoints are shown in slices: they are a user's, of a service without a selector. */
export function isMirrored(endpoints: Endpoints, service: Service | undefined): boolean {
  const { labels, annotations } = endpoints.metadata;
  return (
    labels?.[skipLabel] !== 'true' &&
    annotations?.[electionAnnotation] === undefined &&
    service !== undefined &&
    Object.keys(service.spec?.selector ?? {}).length === 0
  );
}

/** Plans one slice for each type of addresses and each subset's ports. `existing`: the slices of these Endpoints that mirror them. */
export function planMirror(
  endpoints: Endpoints,
  existing: readonly EndpointSlice[],
  addressesMax: number,
): MirrorPlan {
  const { groups, invalidCount, skippedCount } = mirroredEndpoints(endpoints, addressesMax);
  const rest = new Map<string, EndpointSlice[]>();
  for (const slice of existing) {
    const key = groupKey(slice.addressType, slice.ports);
    rest.set(key, [...(rest.get(key) ?? []), slice]);
  }
  const create: EndpointSlice[] = [];
  const update: EndpointSlice[] = [];
  for (const [key, group] of groups) {
    const wanted = sliceOf(endpoints, group, addressesMax);
    const before = rest.get(key)?.shift();
    if (before === undefined) create.push(wanted);
    else if (!isSame(before, wanted)) update.push(inPlaceOf(before, wanted));
  }
  const isGoing = endpoints.metadata.deletionTimestamp !== undefined;
  const planned = recycled({ create, update, remove: [...rest.values()].flat() });
  return {
    ...planned,
    create: isGoing ? [] : planned.create,
    invalidCount,
    excessCount: skippedCount - invalidCount,
  };
}

function sliceOf(
  { metadata }: Endpoints,
  { addressType, ports, endpoints }: MirrorGroup,
  addressesMax: number,
): EndpointSlice {
  const { name = '', namespace = '', uid, labels, annotations = {} } = metadata;
  const prefix = `${name}-`;
  return {
    metadata: {
      generateName: nameProblems('dns-subdomain', prefix, true).length === 0 ? prefix : name,
      namespace,
      labels: { ...labels, [serviceNameLabel]: name, [managedByLabel]: mirroringManager },
      annotations: Object.fromEntries(
        Object.entries(annotations).filter(([key]) => !notMirrored.includes(key)),
      ),
      ownerReferences: [
        {
          ...{ apiVersion: 'v1', kind: 'Endpoints', name },
          uid: defined(uid, 'the uid of Endpoints'),
          ...{ controller: true, blockOwnerDeletion: true },
        },
      ],
    },
    ...{ addressType, ports, endpoints: [...endpoints.values()].slice(0, addressesMax) },
  };
}

function isSame(before: EndpointSlice, wanted: EndpointSlice): boolean {
  return (
    deepEqual(before.metadata.labels ?? {}, wanted.metadata.labels) &&
    deepEqual(before.metadata.annotations ?? {}, wanted.metadata.annotations) &&
    deepEqual(sortedEndpoints(before), sortedEndpoints(wanted))
  );
}

function sortedEndpoints({ endpoints = [] }: EndpointSlice) {
  return [...endpoints].sort((a, b) => (endpointKey(a) < endpointKey(b) ? -1 : 1));
}

function inPlaceOf(before: EndpointSlice, wanted: EndpointSlice): EndpointSlice {
  const { labels = {}, annotations = {}, ownerReferences = [] } = wanted.metadata;
  return { ...wanted, metadata: { ...before.metadata, labels, annotations, ownerReferences } };
}

/** Slices that would go are written over by those that would come, of the same type of addresses. */
function recycled({ create, update, remove }: SliceWrites): SliceWrites {
  const rest = [...remove];
  const created = create.filter((slice) => {
    const at = rest.findIndex(({ addressType }) => addressType === slice.addressType);
    const [old] = at < 0 ? [] : rest.splice(at, 1);
    if (old !== undefined) update = [...update, inPlaceOf(old, slice)];
    return old === undefined;
  });
  return { create: created, update, remove: rest };
}
