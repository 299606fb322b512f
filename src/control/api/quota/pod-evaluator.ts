import { Quantity } from '../../machinery/quantity.js';
import { parseTime } from '../../machinery/time.js';
import { podLimits, podRequests } from '../core-v1/pod/pod-amounts.js';
import type { Pod, PodAffinityTerm, ScopedResourceSelectorRequirement } from '../gen/core-v1.js';
import type { Amounts } from './amounts.js';
import type { QuotaEvaluator } from './evaluator.js';

const countPods = 'count/pods';

const podResources: ReadonlySet<string> = new Set([
  countPods,
  'pods',
  'cpu',
  'memory',
  'ephemeral-storage',
  'requests.cpu',
  'requests.memory',
  'requests.ephemeral-storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
]);

/** When a quota bounds one of these, every container must say how much of it it wants. */
const requiredResources: ReadonlySet<string> = new Set([
  'cpu',
  'memory',
  'requests.cpu',
  'requests.memory',
  'limits.cpu',
  'limits.memory',
]);

/** Counts pods and what they ask for. */
export const podEvaluator: QuotaEvaluator = {
  handles: ({ operation, subresource }) =>
    (subresource === '' && operation === 'CREATE') ||
    (subresource === 'resize' && operation === 'UPDATE'),
  matchingResources: (names) =>
    names.filter(
      (name) =>
        podResources.has(name) ||
        name.startsWith('hugepages-') ||
        name.startsWith('requests.hugepages-') ||
        (name.startsWith('requests.') && isExtendedResource(name.slice('requests.'.length))),
    ),
  matchesScope: (object, scope) => matchesPodScope(object as Pod, scope),
  constraintProblem: (object, resources) => missingAmounts(object as Pod, resources),
  usage(object, nowMs) {
    const pod = object as Pod;
    const usage = new Map([[countPods, Quantity.of(1)]]);
    if (!isCharged(pod, nowMs)) return usage;
    for (const [name, quantity] of computeUsage(podRequests(pod), podLimits(pod)))
      usage.set(name, quantity);
    return usage;
  },
};

type Written = Readonly<Record<string, string>>;

function computeUsage(requests: Written, limits: Written): Amounts {
  const usage = new Map([['pods', Quantity.of(1)]]);
  for (const [name, text] of Object.entries(requests)) {
    const quantity = Quantity.parse(text);
    const isCompute = name === 'cpu' || name === 'memory' || name === 'ephemeral-storage';
    if (isCompute || name.startsWith('hugepages-')) {
      usage.set(name, quantity);
      usage.set(`requests.${name}`, quantity);
    } else if (isExtendedResource(name)) {
      usage.set(`requests.${name}`, quantity);
    }
  }
  for (const name of ['cpu', 'memory', 'ephemeral-storage']) {
    const text = limits[name];
    if (text !== undefined) usage.set(`limits.${name}`, Quantity.parse(text));
  }
  return usage;
}

function isExtendedResource(name: string): boolean {
  const slash = name.indexOf('/');
  if (slash < 0) return false;
  const domain = name.slice(0, slash);
  return domain !== 'kubernetes.io' && !domain.endsWith('.kubernetes.io');
}

function missingAmounts(pod: Pod, resources: readonly string[]): string | null {
  const required = resources.filter((name) => requiredResources.has(name));
  const ofPod = computeUsage(
    pod.spec?.resources?.requests ?? {},
    pod.spec?.resources?.limits ?? {},
  );
  const missing = new Map<string, string[]>();
  for (const container of [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])]) {
    const { requests = {}, limits = {} } = container.resources ?? {};
    const usage = computeUsage(requests, limits);
    for (const name of required) {
      if (usage.has(name) || ofPod.has(name)) continue;
      missing.set(name, [...(missing.get(name) ?? []), container.name ?? '']);
    }
  }
  if (missing.size === 0) return null;
  const texts = [...missing]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, containers]) => `${name} for: ${[...new Set(containers)].sort().join(',')}`);
  return `must specify ${texts.join('; ')}`;
}

/** Pods that ended, and pods that should long be gone, count as objects only. */
function isCharged({ metadata, status }: Pod, nowMs: number): boolean {
  if (status?.phase === 'Failed' || status?.phase === 'Succeeded') return false;
  const { deletionTimestamp, deletionGracePeriodSeconds } = metadata;
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds === undefined) return true;
  const deletedMs = parseTime(deletionTimestamp);
  return deletedMs === null || nowMs <= deletedMs + deletionGracePeriodSeconds * 1000;
}

function matchesPodScope(pod: Pod, scope: ScopedResourceSelectorRequirement): boolean {
  switch (scope.scopeName) {
    case 'Terminating':
      return isTerminating(pod);
    case 'NotTerminating':
      return !isTerminating(pod);
    case 'BestEffort':
      return isBestEffort(pod);
    case 'NotBestEffort':
      return !isBestEffort(pod);
    case 'PriorityClass':
      return matchesValue(pod.spec?.priorityClassName ?? '', scope);
    case 'CrossNamespacePodAffinity':
      return usesOtherNamespaces(pod);
    default:
      return false;
  }
}

/** A value of an object against a scope's operator; '' is no value. */
export function matchesValue(
  value: string,
  { operator, values = [] }: ScopedResourceSelectorRequirement,
): boolean {
  switch (operator) {
    case 'Exists':
      return value !== '';
    case 'DoesNotExist':
      return value === '';
    case 'In':
      return value !== '' && values.includes(value);
    case 'NotIn':
      return value === '' || !values.includes(value);
    default:
      return false;
  }
}

function isTerminating({ spec }: Pod): boolean {
  return spec?.activeDeadlineSeconds !== undefined && spec.activeDeadlineSeconds >= 0;
}

/** No container asks for cpu or memory, nor is limited in them. */
function isBestEffort({ spec }: Pod): boolean {
  const all = [
    spec?.resources,
    ...[...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].map(
      ({ resources }) => resources,
    ),
  ];
  return !all.some((resources) =>
    [resources?.requests, resources?.limits].some((amounts) =>
      ['cpu', 'memory'].some((name) => {
        const text = amounts?.[name];
        return text !== undefined && Quantity.parse(text).sign > 0;
      }),
    ),
  );
}

function usesOtherNamespaces({ spec }: Pod): boolean {
  const isOther = (term: PodAffinityTerm | undefined) =>
    (term?.namespaces ?? []).length > 0 || term?.namespaceSelector !== undefined;
  return [spec?.affinity?.podAffinity, spec?.affinity?.podAntiAffinity].some(
    (affinity) =>
      affinity?.requiredDuringSchedulingIgnoredDuringExecution?.some(isOther) ||
      affinity?.preferredDuringSchedulingIgnoredDuringExecution?.some(({ podAffinityTerm }) =>
        isOther(podAffinityTerm),
      ),
  );
}
