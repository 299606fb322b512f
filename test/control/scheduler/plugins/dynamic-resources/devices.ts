import type {
  Device,
  DeviceClass,
  DeviceConstraint,
  DeviceRequest,
  ResourceClaim,
  ResourceSlice,
} from '../../../../../src/control/api/gen/resource-v1.js';

export const driver = 'gpu.example.com';

/** A class with a selector, or of all devices. */
export function deviceClass(name: string, expression?: string): DeviceClass {
  const selectors = expression === undefined ? [] : [{ cel: { expression } }];
  return { metadata: { name }, spec: { selectors } };
}

/** A pool of its own for a node, with these devices. */
export function sliceOf(
  node: string,
  devices: readonly Device[],
  spec: ResourceSlice['spec'] = {},
): ResourceSlice {
  const pool = { name: node, generation: 1, resourceSliceCount: 1 };
  const where = spec.allNodes === true || spec.nodeSelector !== undefined ? {} : { nodeName: node };
  return {
    metadata: { name: `slice-${node}` },
    spec: { driver, pool, ...where, devices: [...devices], ...spec },
  };
}

/** A device with attributes by their plain values. */
export function device(
  name: string,
  values: Readonly<Record<string, string | number | boolean>> = {},
  more: Partial<Device> = {},
): Device {
  const attributes = Object.fromEntries(
    Object.entries(values).map(([key, value]) => {
      if (typeof value === 'boolean') return [key, { bool: value }];
      return [key, typeof value === 'number' ? { int: value } : { string: value }];
    }),
  );
  return { name, attributes, ...more };
}

/** A claim of these requests. */
export function claimOf(
  name: string,
  requests: readonly DeviceRequest[],
  constraints: readonly DeviceConstraint[] = [],
): ResourceClaim {
  return {
    metadata: { name, namespace: 'default', uid: name },
    spec: { devices: { requests: [...requests], constraints: [...constraints] } },
  };
}

/** A request of so many devices of the class `gpu`. */
export function request(
  name: string,
  exactly: Partial<NonNullable<DeviceRequest['exactly']>> = {},
): DeviceRequest {
  return { name, exactly: { deviceClassName: 'gpu', ...exactly } };
}

/** A selector of a request. */
export function where(expression: string) {
  return { selectors: [{ cel: { expression } }] };
}
