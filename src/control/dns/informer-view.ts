import type { Pod, Service } from '../api/gen/core-v1.js';
import type { EndpointSlice } from '../api/gen/discovery-v1.js';
import type { SharedInformers } from '../client/index.js';
import { keyOf, resources } from '../client/index.js';
import type { ClusterView } from './cluster-view.js';
import { canonicalIp } from './records/reverse-name.js';

const serviceNameLabel = 'kubernetes.io/service-name';
const byService = 'dns: service';
const byIp = 'dns: ip';
const byNamespaceAndIp = 'dns: namespace and ip';

/** What informers know of the cluster. `onChange` is called for every change that may concern a name. */
export function informerView(
  informers: SharedInformers,
  { watchesPods, onChange }: { readonly watchesPods: boolean; readonly onChange: () => void },
): ClusterView {
  const handler = { onAdd: onChange, onUpdate: onChange, onDelete: onChange };
  const namespaces = informers.of(resources.namespaces);
  const services = informers.of(resources.services, { indexes: { [byIp]: serviceIps } });
  const slices = informers.of(resources.endpointSlices, {
    indexes: { [byService]: serviceOf, [byIp]: endpointIps },
  });
  const pods = watchesPods
    ? informers.of(resources.pods, { indexes: { [byNamespaceAndIp]: podIps } })
    : null;
  for (const informer of [namespaces, services, slices, pods]) informer?.addHandler(handler);
  return {
    hasNamespace: (name) => namespaces.lister.get('', name) !== undefined,
    service: (namespace, name) => services.lister.get(namespace, name),
    slicesOf: (namespace, name) => slices.lister.byIndex(byService, keyOf(namespace, name)),
    serviceByIp: (ip) => services.lister.byIndex(byIp, ip)[0],
    slicesByIp: (ip) => slices.lister.byIndex(byIp, ip),
    hasPod: (namespace, ip) =>
      (pods?.lister.byIndex(byNamespaceAndIp, keyOf(namespace, ip)).length ?? 0) > 0,
  };
}

function serviceOf({ metadata }: EndpointSlice): readonly string[] {
  const name = metadata.labels?.[serviceNameLabel];
  return name === undefined ? [] : [keyOf(metadata.namespace ?? '', name)];
}

function serviceIps({ spec }: Service): readonly string[] {
  const ips = spec?.clusterIPs ?? (spec?.clusterIP ? [spec.clusterIP] : []);
  return ips.filter((ip) => ip !== 'None').map(canonicalIp);
}

function endpointIps({ endpoints }: EndpointSlice): readonly string[] {
  const all = (endpoints ?? []).flatMap(({ addresses }) => addresses ?? []);
  return [...new Set(all.map(canonicalIp))];
}

function podIps({ metadata, spec, status }: Pod): readonly string[] {
  if (spec?.hostNetwork === true) return [];
  const ips = (status?.podIPs ?? []).flatMap(({ ip }) => ip ?? []);
  return ips.map((ip) => keyOf(metadata.namespace ?? '', canonicalIp(ip)));
}
