import type { ResourceQuota, ResourceQuotaStatus } from '../../api/gen/core-v1.js';
import { type Amounts, addAmounts, maskAmounts, writeAmounts } from '../../api/quota/amounts.js';
import { evaluatorOf } from '../../api/quota/evaluators.js';
import { isInScope } from '../../api/quota/quota-scope.js';
import { deepEqual } from '../../machinery/deep-equal.js';
import type { GroupResource, KubeObject } from '../../machinery/object.js';
import { Quantity } from '../../machinery/quantity.js';

/** Resources that are bounded by more than the number of their objects. */
const measured: readonly GroupResource[] = [
  { group: '', resource: 'pods' },
  { group: '', resource: 'services' },
  { group: '', resource: 'persistentvolumeclaims' },
  { group: 'resource.k8s.io', resource: 'resourceclaims' },
];
/** Resources of the core group whose number is bounded by their own name. */
const counted: ReadonlySet<string> = new Set([
  'configmaps',
  'secrets',
  'resourcequotas',
  'replicationcontrollers',
]);

/** The resources whose objects the bounds of a quota are about; each once. */
export function boundedResources({ spec }: ResourceQuota): readonly GroupResource[] {
  const found = new Map<string, GroupResource>();
  for (const name of Object.keys(spec?.hard ?? {})) {
    const resource = resourceBoundedBy(name);
    if (resource !== null) found.set(`${resource.group}/${resource.resource}`, resource);
  }
  return [...found.values()];
}

function resourceBoundedBy(name: string): GroupResource | null {
  const known = measured.find(
    (resource) => (evaluatorOf(resource)?.matchingResources([name]).length ?? 0) > 0,
  );
  if (known !== undefined) return known;
  if (counted.has(name)) return { group: '', resource: name };
  const match = /^count\/([^.]+)(?:\.(.+))?$/.exec(name);
  if (match === null) return null;
  const resource = { group: match[2] ?? '', resource: match[1] ?? '' };
  return evaluatorOf(resource) === null ? null : resource;
}

/** The objects of a namespace, of a resource that a quota bounds. */
export interface CountedObjects {
  readonly resource: GroupResource;
  readonly objects: readonly KubeObject[];
}

/** The status of a quota by counting everything anew. What nobody can count is not in `used`. Pure. */
export function recount(
  quota: ResourceQuota,
  all: readonly CountedObjects[],
  nowMs: number,
): ResourceQuotaStatus {
  const hard = quota.spec?.hard ?? {};
  let used: Amounts = new Map();
  for (const { resource, objects } of all) {
    const evaluator = evaluatorOf(resource);
    if (evaluator === null) continue;
    const names = evaluator.matchingResources(Object.keys(hard));
    used = addAmounts(used, new Map(names.map((name) => [name, Quantity.zero] as const)));
    for (const object of objects) {
      if (!isInScope(quota, object, evaluator)) continue;
      used = addAmounts(used, maskAmounts(evaluator.usage(object, nowMs), names));
    }
  }
  return { hard: { ...hard }, used: writeAmounts(used) };
}

/** Whether a change of an object may change what a quota counts. What pods report of themselves mostly does not. Pure. */
export function changesCount(
  resource: GroupResource,
  before: KubeObject,
  after: KubeObject,
  nowMs: number,
): boolean {
  const evaluator = evaluatorOf(resource);
  if (evaluator === null) return false;
  // Scopes ask for what is in the specification.
  if (!deepEqual(specOf(before), specOf(after))) return true;
  const usage = (object: KubeObject) => writeAmounts(evaluator.usage(object, nowMs));
  return !deepEqual(usage(before), usage(after));
}

function specOf(object: KubeObject): unknown {
  return 'spec' in object ? object.spec : undefined;
}

/** Whether the quota says so already: the same bounds, and the same amounts however they are written. */
export function isRecounted({ status }: ResourceQuota, next: ResourceQuotaStatus): boolean {
  return isSame(status?.hard, next.hard) && isSame(status?.used, next.used);
}

type Written = Readonly<Record<string, string>>;

function isSame(a: Written | undefined, b: Written | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every((name) => {
    const [one, other] = [a[name], b[name]];
    if (one === undefined || other === undefined) return false;
    return Quantity.parse(one).compare(Quantity.parse(other)) === 0;
  });
}
