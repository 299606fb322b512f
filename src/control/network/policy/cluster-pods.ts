import type { Namespace, Pod } from '../../api/gen/core-v1.js';
import { formatIp, type IpAddress, parseIp } from '../../machinery/ip-address.js';
import { type LabelSelectorSpec, labelSelectorOf } from '../../machinery/label-selector.js';

/** A pod as network policies see it. */
export interface PolicyPod {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly namespaceLabels: Readonly<Record<string, string>>;
  readonly ips: readonly { readonly version: 4 | 6; readonly text: string }[];
  readonly isLocal: boolean;
  /** `tcp http` to its number, as its containers name their ports. */
  readonly namedPorts: ReadonlyMap<string, number>;
}

/** Pods with addresses of their own; policies say nothing of those that share the node's. */
export function policyPods(
  pods: Iterable<Pod>,
  namespaces: ReadonlyMap<string, Namespace>,
  nodeName: string,
): readonly PolicyPod[] {
  const found: PolicyPod[] = [];
  for (const pod of pods) {
    const { metadata, spec, status } = pod;
    if (spec?.hostNetwork === true) continue;
    if (status?.phase === 'Succeeded' || status?.phase === 'Failed') continue;
    const ips = (status?.podIPs ?? []).flatMap(({ ip }) => parseIp(ip ?? '')?.address ?? []);
    if (ips.length === 0) continue;
    const namespace = metadata.namespace ?? '';
    found.push({
      ...{ namespace, labels: metadata.labels ?? {}, isLocal: spec?.nodeName === nodeName },
      namespaceLabels: namespaces.get(namespace)?.metadata.labels ?? {},
      ips: ips.map((ip: IpAddress) => ({ version: ip.version, text: formatIp(ip) })),
      namedPorts: namedPortsOf(pod),
    });
  }
  return found;
}

/** Says of labels whether a selector of the API, which has checked it, selects them; none selects everything. */
export function labelMatcher(
  selector: LabelSelectorSpec | undefined,
): (labels: Readonly<Record<string, string>>) => boolean {
  const compiled = labelSelectorOf(selector ?? {});
  return (labels) => compiled.matches(labels);
}

function namedPortsOf({ spec }: Pod): ReadonlyMap<string, number> {
  const ports = new Map<string, number>();
  const sidecars = (spec?.initContainers ?? []).filter(
    ({ restartPolicy }) => restartPolicy === 'Always',
  );
  for (const container of [...(spec?.containers ?? []), ...sidecars]) {
    for (const { name, protocol = 'TCP', containerPort } of container.ports ?? []) {
      if (name === undefined || containerPort === undefined) continue;
      ports.set(`${protocol.toLowerCase()} ${name}`, containerPort);
    }
  }
  return ports;
}
