import type { ClusterView } from '../cluster-view.js';
import { readyEndpoints } from './endpoints.js';
import { notOurs, type Resolution, recordsOf } from './resolution.js';
import { addressOfReverseName } from './reverse-name.js';

const serviceNameLabel = 'kubernetes.io/service-name';

/** What an address is called: its service, or the headless services that it is an endpoint of. What is not known may be known elsewhere. */
export function resolveReverse(name: string, view: ClusterView, zone: string): Resolution {
  const ip = addressOfReverseName(name);
  if (ip === null) return notOurs;
  const service = view.serviceByIp(ip);
  if (service !== undefined) {
    const { metadata } = service;
    const target = `${metadata.name}.${metadata.namespace}.svc.${zone}`;
    return recordsOf([{ type: 'PTR', name, target }]);
  }
  const targets = new Set<string>();
  for (const slice of view.slicesByIp(ip)) {
    const { namespace = '', labels } = slice.metadata;
    const serviceName = labels?.[serviceNameLabel] ?? '';
    if (view.service(namespace, serviceName)?.spec?.clusterIP !== 'None') continue;
    const endpoint = readyEndpoints([slice]).find((one) => one.ip === ip);
    if (endpoint !== undefined)
      targets.add(`${endpoint.hostname}.${serviceName}.${namespace}.svc.${zone}`);
  }
  if (targets.size === 0) return notOurs;
  return recordsOf([...targets].map((target) => ({ type: 'PTR', name, target })));
}
