import { podRequests } from '../../api/core-v1/pod/pod-amounts.js';
import { isExtendedName } from '../../api/core-v1/resource-names.js';
import type {
  ContainerPort,
  Node,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  Pod,
  Taint,
  Toleration,
} from '../../api/gen/core-v1.js';
import { Quantity } from '../../machinery/quantity.js';
import type { PodFailure } from '../pods/pod-worker-parts.js';
import type { Amounts } from '../settings.js';

/** What a pod is measured against. */
export interface AdmissionFacts {
  /** Null: not known yet; nothing is asked of it then. */
  readonly node: Node | null;
  readonly allocatable: Amounts;
  /** The other pods that the node carries. */
  readonly others: readonly Pod[];
  readonly isStatic: boolean;
}

/** Null: the node takes the pod; else why not, as the pod's status and an event say it. Pure. */
export function admitPod(pod: Pod, facts: AdmissionFacts): PodFailure | null {
  return (
    checkSystem(pod) ??
    checkAmounts(pod, facts) ??
    checkPlace(pod, facts) ??
    checkPorts(pod, facts) ??
    checkTaints(pod, facts)
  );
}

function checkSystem({ spec }: Pod): PodFailure | null {
  const { os } = spec ?? {};
  if (os === undefined || os.name === 'linux') return null;
  const message = "Failed to admit pod as the OS field doesn't match node OS";
  return { reason: 'PodOSNotSupported', message };
}

function checkAmounts(pod: Pod, facts: AdmissionFacts): PodFailure | null {
  const allocatable = { ...foreignAmounts(facts.node), ...facts.allocatable };
  const shortage = shortageOf(pod, { allocatable, others: facts.others });
  if (shortage === null) return null;
  return { reason: `OutOf${shortage.name}`, message: `Pod was rejected: ${shortage.message}` };
}

/** What others say that the node has of resources that the kubelet knows nothing of. */
function foreignAmounts(node: Node | null): Amounts {
  const all = Object.entries(node?.status?.allocatable ?? {});
  return Object.fromEntries(
    all.filter(([name]) => isExtendedName(name)).map(([name, amount]) => [name, String(amount)]),
  );
}

/** What the node has too little of for a pod beside the others, and the words for it; null: nothing. Pure. */
export function shortageOf(
  pod: Pod,
  { allocatable, others }: Pick<AdmissionFacts, 'allocatable' | 'others'>,
): { readonly name: string; readonly message: string } | null {
  const podsMax = Number(allocatable.pods ?? 0);
  if (others.length + 1 > podsMax) {
    return shortage('pods', '1', String(others.length), String(podsMax));
  }
  const wanted = podRequests(pod);
  for (const [name, amount] of Object.entries(wanted)) {
    const request = Quantity.parse(String(amount));
    // Extended resources that the node does not name are the cluster's.
    if (request.isZero || (isExtendedName(name) && allocatable[name] === undefined)) continue;
    const capacity = Quantity.parse(allocatable[name] ?? '0');
    let used = Quantity.zero;
    for (const other of others)
      used = used.add(Quantity.parse(String(podRequests(other)[name] ?? '0')));
    if (used.add(request).compare(capacity) <= 0) continue;
    const number = (quantity: Quantity) => wholeAmount(name, quantity);
    return shortage(name, number(request), number(used), number(capacity));
  }
  return null;
}

/** Thousandths of processors, or units of anything else. */
export function wholeAmount(name: string, quantity: Quantity): string {
  return String(name === 'cpu' ? quantity.milliValue() : quantity.value());
}

function shortage(name: string, requested: string, used: string, capacity: string) {
  const message = `Node didn't have enough resource: ${name}, requested: ${requested}, used: ${used}, capacity: ${capacity}`;
  return { name, message };
}

function checkPlace({ spec = {} }: Pod, { node }: AdmissionFacts): PodFailure | null {
  if (node === null) return null;
  const labels = node.metadata.labels ?? {};
  const isSelected = Object.entries(spec.nodeSelector ?? {}).every(
    ([key, value]) => labels[key] === value,
  );
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const terms = required?.nodeSelectorTerms;
  const name = node.metadata.name ?? '';
  const isWanted = terms === undefined || terms.some((term) => isMatch(term, labels, name));
  if (isSelected && isWanted) return null;
  return predicate('NodeAffinity', "node(s) didn't match Pod's node affinity/selector");
}

function checkPorts(pod: Pod, { others }: AdmissionFacts): PodFailure | null {
  const taken = others.flatMap(hostPortsOf);
  const isFree = hostPortsOf(pod).every((port) => !taken.some((other) => isClash(port, other)));
  if (isFree) return null;
  return predicate('NodePorts', "node(s) didn't have free ports for the requested pod ports");
}

/** Ports of containers that run beside each other, sidecars included. */
function hostPortsOf({ spec }: Pod): ContainerPort[] {
  const sidecars = (spec?.initContainers ?? []).filter(
    ({ restartPolicy }) => restartPolicy === 'Always',
  );
  return [...sidecars, ...(spec?.containers ?? [])]
    .flatMap(({ ports = [] }) => ports)
    .filter(({ hostPort = 0 }) => hostPort > 0);
}

/** No address stands for all of them. */
function isClash(one: ContainerPort, other: ContainerPort): boolean {
  if (one.hostPort !== other.hostPort) return false;
  if ((one.protocol ?? 'TCP') !== (other.protocol ?? 'TCP')) return false;
  const [a, b] = [one.hostIP || anyAddress, other.hostIP || anyAddress];
  return a === b || a === anyAddress || b === anyAddress;
}

const anyAddress = '0.0.0.0';

function predicate(name: string, text: string): PodFailure {
  return { reason: name, message: `Pod was rejected: Predicate ${name} failed: ${text}` };
}

function isMatch(
  { matchExpressions = [], matchFields = [] }: NodeSelectorTerm,
  labels: Readonly<Record<string, string>>,
  name: string,
): boolean {
  if (matchExpressions.length + matchFields.length === 0) return false;
  return (
    matchExpressions.every((each) => holds(each, labels)) &&
    matchFields.every((each) => holds(each, { 'metadata.name': name }))
  );
}

function holds(
  { key = '', operator, values = [] }: NodeSelectorRequirement,
  labels: Readonly<Record<string, string>>,
): boolean {
  const value = labels[key];
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return value !== undefined && Number(value) > Number(values[0]);
    case 'Lt':
      return value !== undefined && Number(value) < Number(values[0]);
    default:
      return false;
  }
}

/** Taints that ask for pods to be gone concern this node's kubelet too; those of the scheduler do not. */
function checkTaints(pod: Pod, { node, isStatic }: AdmissionFacts): PodFailure | null {
  if (isStatic) return null;
  const taints = (node?.spec?.taints ?? []).filter(({ effect }) => effect === 'NoExecute');
  const { tolerations = [] } = pod.spec ?? {};
  const isBorne = (taint: Taint) => tolerations.some((each) => tolerates(each, taint));
  if (taints.every(isBorne)) return null;
  return predicate('TaintToleration', "node(s) had taints that the pod didn't tolerate");
}

function tolerates(
  { key = '', operator = 'Equal', value = '', effect = '' }: Toleration,
  taint: Taint,
): boolean {
  if (effect !== '' && effect !== taint.effect) return false;
  if (key !== '' && key !== taint.key) return false;
  if (operator === 'Exists') return true;
  return key !== '' && value === (taint.value ?? '');
}
