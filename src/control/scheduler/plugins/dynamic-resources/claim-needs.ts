import type {
  DeviceClass,
  DeviceRequest,
  DeviceSelector,
  DeviceSubRequest,
  DeviceToleration,
  ExactDeviceRequest,
  ResourceClaim,
} from '../../../api/gen/resource-v1.js';

/** A way to satisfy a request. */
export interface DeviceNeed {
  /** Of the request; of one of several ways `request/way`. */
  readonly name: string;
  readonly deviceClass: DeviceClass;
  /** All must hold of each device; each with the words for where it stands. */
  readonly selectors: readonly { readonly expression: string; readonly where: string }[];
  /** How many; null: all that there are. */
  readonly count: number | null;
  /** Devices are looked at, not used: others may have them. */
  readonly isAdmin: boolean;
  readonly tolerations: readonly DeviceToleration[];
}

/** What a claim asks for. */
export interface ClaimNeeds {
  readonly claim: ResourceClaim;
  /** For each request the ways to satisfy it, the best first. */
  readonly requests: readonly (readonly DeviceNeed[])[];
}

/** What a claim asks for, or why that cannot be had anywhere. Pure. */
export function claimNeeds(
  claim: ResourceClaim,
  classOf: (name: string) => DeviceClass | undefined,
): ClaimNeeds | string {
  const requests: DeviceNeed[][] = [];
  for (const request of claim.spec?.devices?.requests ?? []) {
    const needs: DeviceNeed[] = [];
    for (const way of waysOf(request)) {
      const need = needOf(way, classOf);
      if (typeof need === 'string') return need;
      needs.push(need);
    }
    requests.push(needs);
  }
  return { claim, requests };
}

type Way = Omit<ExactDeviceRequest, 'name'> & { readonly name: string };

function waysOf({ name = '', exactly, firstAvailable = [] }: DeviceRequest): readonly Way[] {
  if (exactly !== undefined) return [{ ...exactly, name }];
  return firstAvailable.map((way: DeviceSubRequest) => ({ ...way, name: `${name}/${way.name}` }));
}

function needOf(way: Way, classOf: (name: string) => DeviceClass | undefined): DeviceNeed | string {
  const { name, deviceClassName = '', selectors = [], allocationMode = 'ExactCount' } = way;
  const deviceClass = classOf(deviceClassName);
  if (deviceClass === undefined) {
    return `request ${name}: device class ${deviceClassName} does not exist`;
  }
  if (allocationMode !== 'ExactCount' && allocationMode !== 'All') {
    return `request ${name}: unsupported allocation mode ${allocationMode}`;
  }
  if (Object.keys(way.capacity?.requests ?? {}).length > 0) {
    return `request ${name}: parts of a device's capacity are not allocated by this scheduler`;
  }
  const expressions = (list: readonly DeviceSelector[], where: string) =>
    list.flatMap(({ cel }, index) => {
      const { expression } = cel ?? {};
      return expression === undefined
        ? []
        : [{ expression, where: `${where}: selector #${index}` }];
    });
  return {
    name,
    deviceClass,
    selectors: [
      ...expressions(deviceClass.spec?.selectors ?? [], `class ${deviceClassName}`),
      ...expressions(selectors, `request ${name}`),
    ],
    count: allocationMode === 'All' ? null : (way.count ?? 1),
    isAdmin: way.adminAccess === true,
    tolerations: way.tolerations ?? [],
  };
}
