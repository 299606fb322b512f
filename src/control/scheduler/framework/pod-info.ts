import type { Pod } from '../../api/gen/core-v1.js';
import { affinityTermsOf } from './affinity-terms.js';
import type { HostPort, PodInfo } from './node-info.js';
import { podRequestsOf } from './pod-requests.js';
import { type ContentKey, contentKeyOf, withNode } from './template-key.js';

/** The address that stands for all addresses of a node. */
export const anyAddress = '0.0.0.0';

/** Everything that scheduling asks of a pod. The pod is valid, and is not changed afterwards. */
export function podInfoOf(pod: Pod): PodInfo {
  return withPod(templateOf(pod), pod);
}

/**
 * Makes {@link podInfoOf} of many pods, and computes what pods of one template have in common once. Memory: so many templates at most,
 * the oldest forgotten first.
 */
export class PodInfoMaker {
  readonly #templates = new Map<string, PodTemplate>();
  readonly #templatesMax: number;

  constructor(templatesMax = 2000) {
    this.#templatesMax = templatesMax;
  }

  make(pod: Pod): PodInfo {
    const key = contentKeyOf(pod);
    const known = this.#templates.get(key.whole);
    if (known !== undefined) return withPod(known, pod);
    if (this.#templates.size >= this.#templatesMax) {
      const [oldest] = this.#templates.keys();
      if (oldest !== undefined) this.#templates.delete(oldest);
    }
    const template = templateOf(pod, key);
    this.#templates.set(key.whole, template);
    return withPod(template, pod);
  }
}

/** What pods of one template have in common, whatever nodes they are on. */
interface PodTemplate extends Omit<PodInfo, 'pod' | 'key' | 'uid' | 'templateKey' | 'demandKey'> {
  readonly contentKey: ContentKey;
}

function templateOf(pod: Pod, contentKey = contentKeyOf(pod)): PodTemplate {
  const affinity = affinityTermsOf(pod, pod.spec?.affinity?.podAffinity);
  const antiAffinity = affinityTermsOf(pod, pod.spec?.affinity?.podAntiAffinity);
  const { requests, nonZeroMilliCpu, nonZeroMemoryBytes } = podRequestsOf(pod);
  return {
    priority: pod.spec?.priority ?? 0,
    contentKey,
    requests,
    nonZeroMilliCpu,
    nonZeroMemoryBytes,
    requiredAffinity: affinity.required,
    requiredAntiAffinity: antiAffinity.required,
    preferredAffinity: affinity.preferred,
    preferredAntiAffinity: antiAffinity.preferred,
    hostPorts: hostPortsOf(pod),
  };
}

function withPod(template: PodTemplate, pod: Pod): PodInfo {
  const { namespace = '', name = '', uid = '' } = pod.metadata;
  return {
    pod,
    key: `${namespace}/${name}`,
    uid,
    priority: template.priority,
    templateKey: withNode(template.contentKey.whole, pod),
    demandKey: withNode(template.contentKey.demand, pod),
    requests: template.requests,
    nonZeroMilliCpu: template.nonZeroMilliCpu,
    nonZeroMemoryBytes: template.nonZeroMemoryBytes,
    requiredAffinity: template.requiredAffinity,
    requiredAntiAffinity: template.requiredAntiAffinity,
    preferredAffinity: template.preferredAffinity,
    preferredAntiAffinity: template.preferredAntiAffinity,
    hostPorts: template.hostPorts,
  };
}

/** Of containers, and of init containers that stay. */
function hostPortsOf({ spec }: Pod): readonly HostPort[] {
  const staying = spec?.initContainers?.filter(({ restartPolicy }) => restartPolicy === 'Always');
  return [...(spec?.containers ?? []), ...(staying ?? [])].flatMap(({ ports = [] }) =>
    ports
      .filter(({ hostPort = 0 }) => hostPort > 0)
      .map(({ hostIP, protocol, hostPort = 0 }) => ({
        ip: hostIP === undefined || hostIP === '' ? anyAddress : hostIP,
        protocol: protocol ?? 'TCP',
        port: hostPort,
      })),
  );
}
