import type { NodeSelector, NodeSelectorRequirement } from '../../../api/gen/core-v1.js';
import type {
  AllocationResult,
  DeviceAllocationConfiguration,
  DeviceRequestAllocationResult,
  ResourceClaim,
} from '../../../api/gen/resource-v1.js';
import { parentOf } from './device-constraints.js';
import { nodeNameOf, type PoolDevice, placeOf } from './device-pools.js';
import type { ChosenDevices } from './device-search.js';

/** What the status of a claim says of the devices that were found for it on a node. Pure. */
export function allocationResult(
  claim: ResourceClaim,
  chosen: readonly ChosenDevices[],
  allocationTimestamp: string,
): AllocationResult {
  const config = configOf(claim, chosen);
  const nodeSelector = nodesOf(chosen.flatMap(({ devices }) => devices));
  return {
    devices: {
      results: chosen.flatMap(resultsOf),
      ...(config.length === 0 ? {} : { config }),
    },
    ...(nodeSelector === null ? {} : { nodeSelector }),
    allocationTimestamp,
  };
}

function resultsOf({ need, devices }: ChosenDevices): readonly DeviceRequestAllocationResult[] {
  return devices.map(({ driver, pool, device }) => ({
    ...{ request: need.name, driver, pool, device: device.name ?? '' },
    ...(need.isAdmin ? { adminAccess: true } : {}),
    ...(need.tolerations.length === 0 ? {} : { tolerations: [...need.tolerations] }),
  }));
}

/** First what the classes say, then what the claim does. */
function configOf(
  claim: ResourceClaim,
  chosen: readonly ChosenDevices[],
): DeviceAllocationConfiguration[] {
  const ofClasses = chosen.flatMap(({ need: { name, deviceClass } }) =>
    (deviceClass.spec?.config ?? []).map((config) => ({
      ...{ source: 'FromClass', requests: [name], ...config },
    })),
  );
  const names = new Set(chosen.flatMap(({ need: { name } }) => [name, parentOf(name)]));
  const ofClaim = (claim.spec?.devices?.config ?? [])
    .filter(
      ({ requests = [] }) => requests.length === 0 || requests.some((each) => names.has(each)),
    )
    .map((config) => ({ source: 'FromClaim', ...config }));
  return [...ofClasses, ...ofClaim];
}

/** The nodes that reach all devices; null: all do. */
function nodesOf(devices: readonly PoolDevice[]): NodeSelector | null {
  const requirements = new Map<string, NodeSelectorRequirement>();
  for (const { slice, device } of devices) {
    const name = nodeNameOf(slice, device);
    if (name !== '') {
      const matchFields = [{ key: 'metadata.name', operator: 'In', values: [name] }];
      return { nodeSelectorTerms: [{ matchFields }] };
    }
    // A slice's selector has one term.
    const [term] = placeOf(slice, device).nodeSelector?.nodeSelectorTerms ?? [];
    for (const each of term?.matchExpressions ?? []) requirements.set(JSON.stringify(each), each);
  }
  if (requirements.size === 0) return null;
  return { nodeSelectorTerms: [{ matchExpressions: [...requirements.values()] }] };
}
