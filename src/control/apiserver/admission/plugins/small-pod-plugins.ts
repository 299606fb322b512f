import type { Node, Pod, Service, Toleration } from '../../../api/gen/core-v1.js';
import type { AdmissionPlugin } from '../../contracts.js';
import { definePlugin, isAbout, newObject, oldObject } from '../plugin.js';
import { allContainers, podOf, sameToleration, specOf } from '../pod-parts.js';
import { refusal } from '../refusal.js';
import { type AdmissionServices, findObject } from '../services.js';

/** Lets pods that ask for an extended resource, as GPUs, run on the nodes that are kept for such pods. */
export const extendedResourceToleration = definePlugin(
  'ExtendedResourceToleration',
  ['CREATE', 'UPDATE'],
  {
    mutate(request) {
      const pod = podOf(request);
      if (pod === null) return;
      const names = new Set<string>();
      for (const { list, container } of allContainers(pod.spec)) {
        if (list === 'ephemeralContainers') continue;
        for (const name of Object.keys(container.resources?.requests ?? {}))
          if (isExtendedResource(name)) names.add(name);
      }
      const spec = specOf(pod);
      for (const key of [...names].sort()) {
        const added: Toleration = { key, operator: 'Exists' };
        const own = spec.tolerations ?? [];
        if (!own.some((toleration) => sameToleration(toleration, added)))
          spec.tolerations = [...own, added];
      }
    },
  },
);

/** Names outside Kubernetes' own domain. */
function isExtendedResource(name: string): boolean {
  return (
    name.includes('/') && !/(^|\.)kubernetes\.io\//.test(name) && !name.startsWith('requests.')
  );
}

/** Pods must not repel others from more than their own node by required anti-affinity. */
export const limitPodHardAntiAffinityTopology = definePlugin(
  'LimitPodHardAntiAffinityTopology',
  ['CREATE', 'UPDATE'],
  {
    validate(request) {
      const terms =
        podOf(request)?.spec?.affinity?.podAntiAffinity
          ?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
      const wide = terms.find(({ topologyKey }) => topologyKey !== 'kubernetes.io/hostname');
      if (wide === undefined) return;
      throw refusal(
        request,
        `affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey ${wide.topologyKey} but only key kubernetes.io/hostname is allowed`,
      );
    },
  },
);

/** Services may keep the external addresses that they have, and gain none. */
export const denyServiceExternalIps = definePlugin('DenyServiceExternalIPs', ['CREATE', 'UPDATE'], {
  validate(request) {
    if (!isAbout(request, 'services')) return;
    const before = new Set(oldObject<Service>(request)?.spec?.externalIPs ?? []);
    const added = (newObject<Service>(request)?.spec?.externalIPs ?? []).filter(
      (address) => !before.has(address),
    );
    if (added.length > 0)
      throw refusal(request, 'Use of external IPs is denied by admission control');
  },
});

const topologyLabels = ['topology.kubernetes.io/zone', 'topology.kubernetes.io/region'];

/** Copies the zone and region of the node that a pod is bound to into the pod's labels. */
export function podTopologyLabels(services: AdmissionServices): AdmissionPlugin {
  return definePlugin('PodTopologyLabels', ['CREATE'], {
    async mutate(request) {
      const { object } = request;
      if (object === null || !isAbout(request, 'pods', { subresource: 'binding' })) return;
      const target = (object as { target?: { kind?: string; name?: string } }).target;
      if (target?.name === undefined || (target.kind ?? 'Node') !== 'Node') return;
      const node = (await findObject(
        services,
        { group: '', resource: 'nodes' },
        '',
        target.name,
      )) as Node | undefined;
      const labels = { ...object.metadata.labels };
      for (const label of topologyLabels) {
        const value = node?.metadata.labels?.[label];
        if (value !== undefined) labels[label] = value;
      }
      if (Object.keys(labels).length > 0) object.metadata.labels = labels;
    },
  });
}

/** Pods that the kubelet made cannot be resized: it would not be told. */
export const podResizeValidator = definePlugin('PodResizeValidator', ['UPDATE'], {
  validate(request) {
    if (!isAbout(request, 'pods', { subresource: 'resize' })) return;
    const old = oldObject<Pod>(request);
    if (old?.metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined)
      throw refusal(request, 'static pods may not be resized');
  },
});
