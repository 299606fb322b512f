import type { EndpointSubset } from '../../api/gen/core-v1.js';

/** Says that an Endpoints object does not hold all endpoints of its service. */
export const overCapacityAnnotation = 'endpoints.kubernetes.io/over-capacity';
/** The most addresses that an Endpoints object holds. */
export const addressesMax = 1000;

/**
 * The subsets with {@link addressesMax} addresses at most: those that are ready come first, and each subset loses its part of the
 * others.
 */
export function truncated(subsets: readonly EndpointSubset[]): {
  readonly subsets: EndpointSubset[];
  readonly isTruncated: boolean;
} {
  const ready = count(subsets, 'addresses');
  const notReady = count(subsets, 'notReadyAddresses');
  if (ready + notReady <= addressesMax) return { subsets: [...subsets], isTruncated: false };
  if (ready > addressesMax) {
    const bare = subsets.map(({ notReadyAddresses: _, ...rest }) => rest);
    return { subsets: cut(bare, 'addresses', addressesMax), isTruncated: true };
  }
  return { subsets: cut(subsets, 'notReadyAddresses', addressesMax - ready), isTruncated: true };
}

type AddressList = 'addresses' | 'notReadyAddresses';

function count(subsets: readonly EndpointSubset[], list: AddressList): number {
  return subsets.reduce((sum, subset) => sum + (subset[list]?.length ?? 0), 0);
}

/** Shares `room` among the lists by their lengths, rounded up; the last get what is left. */
function cut(
  subsets: readonly EndpointSubset[],
  list: AddressList,
  room: number,
): EndpointSubset[] {
  const total = count(subsets, list);
  let left = room;
  return subsets.map((subset) => {
    const { [list]: addresses = [], ...rest } = subset;
    const part = Math.min(left, Math.ceil((addresses.length / total) * room));
    left -= part;
    return part === 0 ? rest : { ...rest, [list]: addresses.slice(0, part) };
  });
}
