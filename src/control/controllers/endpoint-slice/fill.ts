import type { Endpoint, EndpointSlice } from '../../api/gen/discovery-v1.js';
import { deepEqual } from '../../machinery/deep-equal.js';
import { endpointKey } from './pod-endpoint.js';

/** The slices of one set of ports and one type of addresses, and what they shall hold. */
export interface FillNeeds {
  readonly existing: readonly EndpointSlice[];
  /** By {@link endpointKey}. Taken over: what is placed is removed from it. */
  readonly desired: Map<string, Endpoint>;
  readonly labels: Readonly<Record<string, string>>;
  readonly endpointsMax: number;
  /** An empty slice for what fits nowhere. */
  readonly create: () => EndpointSlice;
}

/** What becomes of slices. No slice is in two of the lists; those in none stay as they are. */
export interface SliceChanges {
  readonly create: readonly EndpointSlice[];
  readonly update: readonly EndpointSlice[];
  readonly remove: readonly EndpointSlice[];
}

/**
 * Puts endpoints into slices with few writes: what is there stays where it is; what is new goes into slices that change anyway, the
 * fullest first; then what is left over goes into the one unchanged slice that it fills best, or into new ones. Slices are not
 * merged: a service that shrank has some that are not full until its pods are replaced (KEP-752).
 */
export function fillSlices(needs: FillNeeds): SliceChanges {
  const { desired, endpointsMax } = needs;
  const { changed, unchanged, remove } = sortOut(needs);
  changed.sort((a, b) => countOf(b) - countOf(a) || compareNames(a, b));
  for (const slice of changed) fill(slice, desired, endpointsMax);
  const create: EndpointSlice[] = [];
  while (desired.size > 0) {
    const fitting =
      desired.size < endpointsMax ? bestFit(unchanged, desired.size, endpointsMax) : null;
    if (fitting === null) {
      const slice = needs.create();
      fill(slice, desired, endpointsMax);
      create.push(slice);
      continue;
    }
    const slice = { ...fitting, endpoints: [...(fitting.endpoints ?? [])] };
    fill(slice, desired, endpointsMax);
    changed.push(slice);
  }
  return { create, update: changed, remove };
}

interface Sorted {
  /** Copies, without what is not desired any more. */
  readonly changed: EndpointSlice[];
  readonly unchanged: readonly EndpointSlice[];
  readonly remove: readonly EndpointSlice[];
}

/** Takes from the desired endpoints those that stand in a slice already. */
function sortOut({ existing, desired, labels }: FillNeeds): Sorted {
  const sorted = {
    changed: [] as EndpointSlice[],
    unchanged: [] as EndpointSlice[],
    remove: [] as EndpointSlice[],
  };
  for (const slice of existing) {
    const before = slice.endpoints ?? [];
    const kept: Endpoint[] = [];
    let isChanged = !deepEqual(slice.metadata.labels ?? {}, labels);
    for (const endpoint of before) {
      const key = endpointKey(endpoint);
      const wanted = desired.get(key);
      if (wanted === undefined) continue;
      desired.delete(key);
      const { hints, ...rest } = endpoint;
      const isSame = deepEqual(rest, wanted);
      isChanged ||= !isSame;
      kept.push(isSame ? endpoint : wanted);
    }
    if (kept.length === 0 && before.length > 0) {
      sorted.remove.push(slice);
    } else if (isChanged || kept.length < before.length) {
      const metadata = { ...slice.metadata, labels: { ...labels } };
      sorted.changed.push({ ...slice, metadata, endpoints: kept });
    } else {
      sorted.unchanged.push(slice);
    }
  }
  return sorted;
}

function fill(slice: EndpointSlice, desired: Map<string, Endpoint>, endpointsMax: number): void {
  slice.endpoints ??= [];
  for (const [key, endpoint] of desired) {
    if (slice.endpoints.length >= endpointsMax) return;
    slice.endpoints.push(endpoint);
    desired.delete(key);
  }
}

/** The slice that is fullest with `count` more; null when none takes so many. */
function bestFit(
  slices: readonly EndpointSlice[],
  count: number,
  endpointsMax: number,
): EndpointSlice | null {
  let best: EndpointSlice | null = null;
  for (const slice of slices) {
    if (countOf(slice) + count > endpointsMax) continue;
    if (best === null || countOf(slice) > countOf(best)) best = slice;
  }
  return best;
}

function countOf({ endpoints }: EndpointSlice): number {
  return endpoints?.length ?? 0;
}

function compareNames(a: EndpointSlice, b: EndpointSlice): number {
  return (a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1;
}
