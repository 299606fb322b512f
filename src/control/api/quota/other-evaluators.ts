import { Quantity } from '../../machinery/quantity.js';
import type { PersistentVolumeClaim, Service } from '../gen/core-v1.js';
import type { ResourceClaim } from '../gen/resource-v1.js';
import type { QuotaEvaluator } from './evaluator.js';
import { matchesValue } from './pod-evaluator.js';

const writes: QuotaEvaluator['handles'] = ({ operation, subresource }) =>
  subresource === '' && (operation === 'CREATE' || operation === 'UPDATE');

const serviceResources = [
  'count/services',
  'services',
  'services.nodeports',
  'services.loadbalancers',
];

/** Counts Services, and the node ports and load balancers that they take. */
export const serviceEvaluator: QuotaEvaluator = {
  handles: writes,
  matchingResources: (names) => names.filter((name) => serviceResources.includes(name)),
  matchesScope: () => false,
  constraintProblem: () => null,
  usage(object) {
    const { spec } = object as Service;
    const ports = spec?.ports ?? [];
    const isBalanced = spec?.type === 'LoadBalancer';
    const nodePorts = !isBalanced
      ? spec?.type === 'NodePort'
        ? ports.length
        : 0
      : spec?.allocateLoadBalancerNodePorts === false
        ? ports.filter(({ nodePort = 0 }) => nodePort !== 0).length
        : ports.length;
    return new Map([
      ['count/services', Quantity.of(1)],
      ['services', Quantity.of(1)],
      ['services.nodeports', Quantity.of(nodePorts)],
      ['services.loadbalancers', Quantity.of(isBalanced ? 1 : 0)],
    ]);
  },
};

const classSuffix = '.storageclass.storage.k8s.io/';
const claimResources = [
  'count/persistentvolumeclaims',
  'persistentvolumeclaims',
  'requests.storage',
];

/** Counts claims and the storage that they ask for, in all and by storage class. */
export const claimEvaluator: QuotaEvaluator = {
  handles: writes,
  matchingResources: (names) =>
    names.filter(
      (name) =>
        claimResources.includes(name) ||
        name.endsWith(`${classSuffix}requests.storage`) ||
        name.endsWith(`${classSuffix}persistentvolumeclaims`),
    ),
  matchesScope: (object, scope) =>
    scope.scopeName === 'VolumeAttributesClass' &&
    matchesValue((object as PersistentVolumeClaim).spec?.volumeAttributesClassName ?? '', scope),
  constraintProblem: () => null,
  usage(object) {
    const { metadata, spec, status } = object as PersistentVolumeClaim;
    const storageClass =
      metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? spec?.storageClassName;
    const usage = new Map([
      ['count/persistentvolumeclaims', Quantity.of(1)],
      ['persistentvolumeclaims', Quantity.of(1)],
    ]);
    if (storageClass)
      usage.set(`${storageClass}${classSuffix}persistentvolumeclaims`, Quantity.of(1));
    const requested = spec?.resources?.requests?.storage;
    if (requested === undefined) return usage;
    // While a claim shrinks back after a failed expansion, what was reserved still counts.
    const allocated = status?.allocatedResources?.storage;
    const storage = larger(Quantity.parse(requested), allocated);
    usage.set('requests.storage', storage);
    if (storageClass) usage.set(`${storageClass}${classSuffix}requests.storage`, storage);
    return usage;
  },
};

function larger(quantity: Quantity, other: string | undefined): Quantity {
  if (other === undefined) return quantity;
  const parsed = Quantity.parse(other);
  return parsed.compare(quantity) > 0 ? parsed : quantity;
}

const countClaims = 'count/resourceclaims.resource.k8s.io';
const deviceSuffix = '.deviceclass.resource.k8s.io/devices';

/** Counts resource claims and the devices of each class that they may take. */
export const resourceClaimEvaluator: QuotaEvaluator = {
  handles: ({ operation, subresource }) => subresource === '' && operation === 'CREATE',
  matchingResources: (names) =>
    names.filter((name) => name === countClaims || name.endsWith(deviceSuffix)),
  matchesScope: () => false,
  constraintProblem: () => null,
  usage(object) {
    const usage = new Map([[countClaims, Quantity.of(1)]]);
    for (const request of (object as ResourceClaim).spec?.devices?.requests ?? []) {
      // Of alternatives one is taken: each class is charged with its largest.
      const peak = new Map<string, number>();
      const options =
        request.exactly === undefined ? (request.firstAvailable ?? []) : [request.exactly];
      for (const { deviceClassName = '', allocationMode, count = 1 } of options) {
        const devices = allocationMode === 'All' ? 32 : count;
        peak.set(deviceClassName, Math.max(peak.get(deviceClassName) ?? 0, devices));
      }
      for (const [deviceClass, devices] of peak) {
        const name = deviceClass + deviceSuffix;
        usage.set(name, (usage.get(name) ?? Quantity.of(0)).add(Quantity.of(devices)));
      }
    }
    return usage;
  },
};
