import { isPodReady } from '../../api/core-v1/pod/pod-state.js';
import type { Pod, Service } from '../../api/gen/core-v1.js';
import type { Endpoint, EndpointPort } from '../../api/gen/discovery-v1.js';
import { formatIp, parseIp } from '../../machinery/ip-address.js';
import { publishedHostname, targetPortOf } from '../service-endpoints/eligible-pod.js';

/** What the addresses of a slice are. */
export type AddressType = 'IPv4' | 'IPv6';

/** A pod as an endpoint of a service, with its addresses of one type; null when it has none of them. */
export function endpointOf(
  pod: Pod,
  service: Service,
  addressType: AddressType,
  zone: string | undefined,
): Endpoint | null {
  const addresses = addressesOf(pod, addressType);
  if (addresses.length === 0) return null;
  const serving = isPodReady(pod);
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const ready = service.spec?.publishNotReadyAddresses === true || (serving && !terminating);
  const { namespace, name, uid } = pod.metadata;
  const nodeName = pod.spec?.nodeName ?? '';
  const hostname = publishedHostname(pod, service);
  return {
    addresses,
    conditions: { ready, serving, terminating },
    targetRef: {
      kind: 'Pod',
      ...(namespace === undefined ? {} : { namespace }),
      ...(name === undefined ? {} : { name }),
      ...(uid === undefined ? {} : { uid }),
    },
    ...(nodeName === '' ? {} : { nodeName }),
    ...(zone === undefined || zone === '' ? {} : { zone }),
    ...(hostname === undefined ? {} : { hostname }),
  };
}

/** The ports of a pod that a service leads to; those that the pod does not have are left out. */
export function endpointPortsOf(pod: Pod, service: Service): EndpointPort[] {
  return (service.spec?.ports ?? []).flatMap((servicePort) => {
    const port = targetPortOf(pod, servicePort);
    if (port === null) return [];
    const { name = '', protocol = 'TCP', appProtocol } = servicePort;
    return [{ name, port, protocol, ...(appProtocol === undefined ? {} : { appProtocol }) }];
  });
}

/** The types of the addresses that a service has; both when the API server left that open. */
export function addressTypesOf({ spec }: Service): readonly AddressType[] {
  const families = (spec?.ipFamilies ?? []).filter(isAddressType);
  if (families.length > 0) return families;
  const own = parseIp(spec?.clusterIP ?? '');
  if (own === null) return ['IPv4', 'IPv6'];
  return [own.address.version === 4 ? 'IPv4' : 'IPv6'];
}

/** Endpoints of one key are the same endpoint, in whatever state. */
export function endpointKey({ addresses = [], hostname = '', targetRef }: Endpoint): string {
  const sorted = addresses.length < 2 ? addresses : [...addresses].sort();
  return `${sorted.join(',')}|${hostname}|${targetRef?.namespace ?? ''}|${targetRef?.name ?? ''}`;
}

/** Slices whose ports have one key can hold the same endpoints. The order of ports makes no difference. */
export function portsKey(ports: readonly EndpointPort[] | undefined): string {
  const texts = (ports ?? []).map(({ name = '', protocol = '', port = null, appProtocol = null }) =>
    JSON.stringify([name, protocol, port, appProtocol]),
  );
  return texts.sort().join();
}

function isAddressType(family: string): family is AddressType {
  return family === 'IPv4' || family === 'IPv6';
}

function addressesOf({ status }: Pod, addressType: AddressType): string[] {
  const ips = status?.podIPs ?? [{ ip: status?.podIP ?? '' }];
  return ips.flatMap(({ ip = '' }) => {
    const parsed = parseIp(ip);
    const isWanted = parsed?.address.version === (addressType === 'IPv4' ? 4 : 6);
    return parsed !== null && isWanted ? [formatIp(parsed.address)] : [];
  });
}
