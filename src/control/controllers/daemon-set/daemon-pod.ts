import type { DaemonSet } from '../../api/gen/apps-v1.js';
import type { Node, Pod, PodSpec, Toleration } from '../../api/gen/core-v1.js';
import { podFromTemplate } from '../pods/index.js';
import { matchesNode, untoleratedTaint } from './node-match.js';

/** Of a pod, and of a ControllerRevision: the hash of the template. */
export const hashLabel = 'controller-revision-hash';
const generationLabel = 'pod-template-generation';
const generationAnnotation = 'deprecated.daemonset.template.generation';
const nodeNameField = 'metadata.name';

/** What daemons tolerate of nodes on which nothing else would be put, or stay. */
const tolerated: readonly (readonly [condition: string, effect: string])[] = [
  ['not-ready', 'NoExecute'],
  ['unreachable', 'NoExecute'],
  ['disk-pressure', 'NoSchedule'],
  ['memory-pressure', 'NoSchedule'],
  ['pid-pressure', 'NoSchedule'],
  ['unschedulable', 'NoSchedule'],
];

/** The tolerations of the set's pods: the template's and those of every daemon. */
export function daemonTolerations({
  tolerations = [],
  hostNetwork,
}: PodSpec): readonly Toleration[] {
  const network = ['network-unavailable', 'NoSchedule'] as const;
  const added = (hostNetwork === true ? [...tolerated, network] : tolerated).map(
    ([condition, effect]): Toleration => ({
      key: `node.kubernetes.io/${condition}`,
      operator: 'Exists',
      effect,
    }),
  );
  const result = [...tolerations];
  for (const toleration of added) {
    const at = result.findIndex((each) => isSameRule(each, toleration));
    if (at < 0) result.push(toleration);
    else result[at] = toleration;
  }
  return result;
}

function isSameRule(a: Toleration, b: Toleration): boolean {
  const ruleOf = ({ key, effect, operator, value = '' }: Toleration) =>
    JSON.stringify([key, effect, operator, value]);
  return ruleOf(a) === ruleOf(b);
}

/** Whether a node is to have a pod of the set, and whether one that is there may stay. */
export interface NodeVerdict {
  readonly shouldRun: boolean;
  readonly mayStay: boolean;
}

/** Looks at nodes' names, labels and taints; whether there is room for a pod is the scheduler's business. */
export function nodeJudge(set: DaemonSet): (node: Node) => NodeVerdict {
  const spec = set.spec?.template?.spec ?? {};
  const { nodeName = '' } = spec;
  const tolerations = daemonTolerations(spec);
  return (node) => {
    const isNamed = nodeName === '' || nodeName === node.metadata.name;
    if (!isNamed || !matchesNode(spec, node)) return { shouldRun: false, mayStay: false };
    const refused = untoleratedTaint(node, tolerations, ['NoSchedule', 'NoExecute']);
    const evicted = untoleratedTaint(node, tolerations, ['NoExecute']);
    return { shouldRun: refused === undefined, mayStay: evicted === undefined };
  };
}

/** The set's pod for a node. The default scheduler binds it there: its affinity names no other. */
export function newDaemonPod(set: DaemonSet, nodeName: string, hash: string): Pod {
  const pod = podFromTemplate(set.spec?.template, set);
  const spec = pod.spec ?? {};
  const generation = set.metadata.annotations?.[generationAnnotation];
  pod.metadata.labels = {
    ...pod.metadata.labels,
    ...(generation === undefined ? {} : { [generationLabel]: generation }),
    [hashLabel]: hash,
  };
  const requirement = { key: nodeNameField, operator: 'In', values: [nodeName] };
  pod.spec = {
    ...spec,
    tolerations: [...daemonTolerations(spec)],
    affinity: {
      ...spec.affinity,
      nodeAffinity: {
        ...spec.affinity?.nodeAffinity,
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchFields: [requirement] }],
        },
      },
    },
  };
  return pod;
}

/** The node that a pod is on, or is made for; null when it says none. */
export function targetNode({ spec }: Pod): string | null {
  if ((spec?.nodeName ?? '') !== '') return spec?.nodeName ?? null;
  const required = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  for (const { matchFields = [] } of required?.nodeSelectorTerms ?? []) {
    for (const { key, operator, values = [] } of matchFields) {
      if (key === nodeNameField && operator === 'In' && values.length === 1)
        return values[0] ?? null;
    }
  }
  return null;
}

/** The pod is of the present template. */
export function isUpdated(set: DaemonSet, { metadata }: Pod, hash: string): boolean {
  if (hash !== '' && metadata.labels?.[hashLabel] === hash) return true;
  const generation = set.metadata.annotations?.[generationAnnotation];
  return generation !== undefined && metadata.labels?.[generationLabel] === generation;
}
