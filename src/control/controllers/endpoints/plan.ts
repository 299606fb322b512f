import { repackSubsets } from '../../api/core-v1/endpoint-subsets.js';
import { isPodReady } from '../../api/core-v1/pod/pod-state.js';
import type {
  EndpointAddress,
  EndpointPort,
  EndpointSubset,
  Endpoints,
  Pod,
  Service,
  ServicePort,
} from '../../api/gen/core-v1.js';
import { deepEqual, semanticEqual } from '../../machinery/deep-equal.js';
import { parseIp } from '../../machinery/ip-address.js';
import { formatTime } from '../../machinery/time.js';
import {
  isHeadless,
  isReachable,
  publishedHostname,
  targetPortOf,
} from '../service-endpoints/eligible-pod.js';
import { triggerTimeAnnotation } from '../service-endpoints/trigger-times.js';
import { overCapacityAnnotation, truncated } from './capacity.js';

/** What the Endpoints of a service are planned from. */
export interface EndpointsNeeds {
  /** It selects pods. */
  readonly service: Service;
  /** Those that it selects. */
  readonly pods: readonly Pod[];
  readonly existing: Endpoints | undefined;
  /** Since when the change waits; milliseconds since the epoch. */
  readonly triggerTimeMs: number | null;
}

/** What to do with the Endpoints of a service. */
export type EndpointsAction =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'create' | 'update'; readonly endpoints: Endpoints };

const headlessLabel = 'service.kubernetes.io/headless';
/** Tells what this controller writes from what users do. */
const managedByLabel = 'endpoints.kubernetes.io/managed-by';
const manager = 'endpoint-controller';

/** Plans the write that shows a service's pods in its Endpoints. */
export function planEndpoints(needs: EndpointsNeeds): EndpointsAction {
  const { service, existing } = needs;
  const { subsets, isTruncated } = truncated(repackSubsets(subsetsOf(needs)));
  const labels = labelsOf(service);
  const before = existing?.metadata.annotations ?? {};
  const isMarked = before[overCapacityAnnotation] !== undefined;
  if (
    existing !== undefined &&
    deepEqual(existing.metadata.labels ?? {}, labels) &&
    sameSubsets(existing.subsets ?? [], subsets) &&
    isMarked === isTruncated
  ) {
    return { kind: 'nothing' };
  }
  const { [triggerTimeAnnotation]: _, [overCapacityAnnotation]: __, ...others } = before;
  const annotations = {
    ...others,
    ...(needs.triggerTimeMs === null
      ? {}
      : { [triggerTimeAnnotation]: formatTime(needs.triggerTimeMs) }),
    ...(isTruncated ? { [overCapacityAnnotation]: 'truncated' } : {}),
  };
  const { name = '', namespace = '' } = service.metadata;
  const metadata = { ...(existing?.metadata ?? { name, namespace }), labels, annotations };
  return {
    kind: existing === undefined ? 'create' : 'update',
    endpoints: { ...existing, metadata, subsets },
  };
}

function labelsOf(service: Service): Record<string, string> {
  const { [headlessLabel]: _, ...own } = service.metadata.labels ?? {};
  return {
    ...own,
    ...(isHeadless(service) ? { [headlessLabel]: '' } : {}),
    [managedByLabel]: manager,
  };
}

function subsetsOf({ service, pods }: EndpointsNeeds): EndpointSubset[] {
  const publishesAll = service.spec?.publishNotReadyAddresses === true;
  const ports = service.spec?.ports ?? [];
  const sorted = [...pods].sort((a, b) =>
    (a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1,
  );
  return sorted.flatMap((pod) => {
    const address = addressOf(pod, service);
    if (address === null || !isReachable(pod, publishesAll)) return [];
    const isReady = publishesAll || isPodReady(pod);
    const list = isReady ? { addresses: [address] } : { notReadyAddresses: [address] };
    if (ports.length === 0) return isHeadless(service) ? [list] : [];
    return ports.flatMap((port) => {
      const target = targetPortOf(pod, port);
      return target === null ? [] : [{ ...list, ports: [endpointPort(port, target)] }];
    });
  });
}

/** The first address of the service's first family. */
function addressOf(pod: Pod, service: Service): EndpointAddress | null {
  const ips = pod.status?.podIPs ?? [{ ip: pod.status?.podIP ?? '' }];
  const version = versionOf(service, pod);
  const ip = ips.find((each) => parseIp(each.ip ?? '')?.address.version === version)?.ip;
  if (ip === undefined) return null;
  const { namespace, name, uid } = pod.metadata;
  const nodeName = pod.spec?.nodeName;
  const hostname = publishedHostname(pod, service);
  return {
    ip,
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(hostname === undefined ? {} : { hostname }),
    targetRef: {
      kind: 'Pod',
      ...(namespace === undefined ? {} : { namespace }),
      ...(name === undefined ? {} : { name }),
      ...(uid === undefined ? {} : { uid }),
    },
  };
}

function versionOf({ spec }: Service, pod: Pod): 4 | 6 {
  const [family] = spec?.ipFamilies ?? [];
  if (family !== undefined) return family === 'IPv6' ? 6 : 4;
  const own = parseIp(spec?.clusterIP ?? '') ?? parseIp(pod.status?.podIP ?? '');
  return own?.address.version ?? 4;
}

function endpointPort({ name, protocol, appProtocol }: ServicePort, port: number): EndpointPort {
  return {
    ...(name === undefined || name === '' ? {} : { name }),
    port,
    protocol: protocol ?? 'TCP',
    ...(appProtocol === undefined ? {} : { appProtocol }),
  };
}

/** Whether both say the same. In what order the API keeps subsets and their ports is its own affair. */
function sameSubsets(a: readonly EndpointSubset[], b: readonly EndpointSubset[]): boolean {
  return a.length === b.length && semanticEqual(sorted(a), sorted(b));
}

function sorted(subsets: readonly EndpointSubset[]): readonly EndpointSubset[] {
  const text = (value: unknown) => JSON.stringify(value);
  const byText = (one: unknown, other: unknown) => (text(one) < text(other) ? -1 : 1);
  return subsets
    .map((subset) => ({ ...subset, ports: [...(subset.ports ?? [])].sort(byText) }))
    .sort((one, other) => byText(one.ports, other.ports));
}
