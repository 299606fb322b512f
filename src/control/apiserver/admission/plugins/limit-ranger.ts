import { podLimits, podRequests } from '../../../api/core-v1/pod/pod-amounts.js';
import type {
  Container,
  LimitRange,
  LimitRangeItem,
  PersistentVolumeClaim,
  Pod,
} from '../../../api/gen/core-v1.js';
import type { AdmissionPlugin, AdmissionRequest } from '../../contracts.js';
import { definePlugin, isAbout } from '../plugin.js';
import { allContainers, podOf } from '../pod-parts.js';
import { joinedTexts, refusal } from '../refusal.js';
import type { AdmissionServices } from '../services.js';
import { limitProblems, requestProblems } from './limit-range-rules.js';

/** Gives containers the requests and limits that their namespace's LimitRanges set, and holds pods and claims to their bounds. */
export function limitRanger({ objects }: AdmissionServices): AdmissionPlugin {
  const itemsOf = async (namespace: string): Promise<readonly LimitRangeItem[]> => {
    const ranges = (await objects.list(
      { group: '', resource: 'limitranges' },
      namespace,
    )) as readonly LimitRange[];
    return ranges.flatMap(({ spec }) => spec?.limits ?? []);
  };
  return definePlugin('LimitRanger', ['CREATE', 'UPDATE'], {
    async mutate(request) {
      const pod = request.operation === 'CREATE' ? podOf(request) : null;
      if (pod === null) return;
      for (const item of await itemsOf(request.namespace))
        if (item.type === 'Container') setDefaults(pod, item);
    },
    async validate(request) {
      const judge = judgeOf(request);
      if (judge === null) return;
      const problems = (await itemsOf(request.namespace)).flatMap(judge);
      if (problems.length > 0) throw refusal(request, joinedTexts(problems));
    },
  });
}

/** What finds out what a range has against a request; null: ranges are not about it. */
function judgeOf(request: AdmissionRequest): ((item: LimitRangeItem) => string[]) | null {
  if (request.object === null) return null;
  const isResize = isAbout(request, 'pods', { subresource: 'resize' });
  if (isResize || (request.operation === 'CREATE' && isAbout(request, 'pods')))
    return (item) => podProblems(request.object as Pod, item);
  if (isAbout(request, 'persistentvolumeclaims'))
    return (item) => claimProblems(request.object as PersistentVolumeClaim, item);
  return null;
}

function podProblems(pod: Pod, item: LimitRangeItem): string[] {
  if (item.type === 'Pod') return limitProblems('Pod', item, podRequests(pod), podLimits(pod));
  if (item.type !== 'Container') return [];
  return allContainers(pod.spec)
    .filter(({ list }) => list !== 'ephemeralContainers')
    .flatMap(({ container }) =>
      limitProblems(
        'Container',
        item,
        container.resources?.requests ?? {},
        container.resources?.limits ?? {},
      ),
    );
}

function claimProblems(claim: PersistentVolumeClaim, item: LimitRangeItem): string[] {
  if (item.type !== 'PersistentVolumeClaim') return [];
  return requestProblems('PersistentVolumeClaim', item, claim.spec?.resources?.requests ?? {});
}

/** Sets what containers leave open, and notes on the pod what was set. */
function setDefaults(
  pod: Pod,
  { default: limits = {}, defaultRequest = {} }: LimitRangeItem,
): void {
  const notes: string[] = [];
  for (const { list, container } of allContainers(pod.spec)) {
    if (list === 'ephemeralContainers') continue;
    const kind = list === 'containers' ? 'container' : 'init container';
    const setRequests = merge(container as Container, 'requests', defaultRequest);
    const setLimits = merge(container as Container, 'limits', limits);
    if (setRequests.length > 0)
      notes.push(`${setRequests.join(', ')} request for ${kind} ${container.name}`);
    if (setLimits.length > 0)
      notes.push(`${setLimits.join(', ')} limit for ${kind} ${container.name}`);
  }
  if (notes.length === 0) return;
  pod.metadata.annotations = {
    ...pod.metadata.annotations,
    'kubernetes.io/limit-ranger': `LimitRanger plugin set: ${notes.join('; ')}`,
  };
}

function merge(
  container: Container,
  field: 'requests' | 'limits',
  defaults: Readonly<Record<string, string>>,
): string[] {
  const given = container.resources?.[field] ?? {};
  const missing = Object.keys(defaults)
    .filter((name) => given[name] === undefined)
    .sort();
  if (missing.length === 0) return [];
  container.resources = { ...container.resources, [field]: { ...defaults, ...given } };
  return missing;
}
