import { type FieldPath, forbiddenField, invalidValue } from '../../../machinery/field-path.js';
import type { Container, PodSpec } from '../../gen/core-v1.js';
import { amountsOf, quantityOf } from '../amounts.js';
import type { FieldErrors } from '../field-checks.js';
import { isHugePageName, isWholeHugePages } from '../resource-names.js';
import { checkPodResourceName, checkRequirements } from '../resource-rules.js';
import { aggregateAmounts } from './aggregate.js';
import { allContainers } from './containers.js';

/** Whether a pod asks for huge pages in amounts that are no whole pages; what was let in so may stay. */
export function hasPartialHugePages(spec: PodSpec | undefined): boolean {
  if (spec === undefined) return false;
  const lists = allContainers(spec).flatMap(({ resources }) => [
    resources?.requests,
    resources?.limits,
  ]);
  return [...lists, spec.overhead].some((list) =>
    amountsOf(list).some(
      ([name, amount]) => isHugePageName(name) && !isWholeHugePages(name, amount),
    ),
  );
}

/** What a pod as a whole needs: it must be enough for its containers. */
export function checkPodResources(
  spec: PodSpec,
  claimNames: ReadonlySet<string>,
  allowsPartialHugePages: boolean,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (spec.resources === undefined) return;
  if (spec.os?.name === 'windows') {
    errors.push(forbiddenField(path, 'may not be set for a windows pod'));
    return;
  }
  if (spec.resources.claims !== undefined) {
    const text = 'claims may not be set for Resources at pod-level';
    errors.push(forbiddenField(path.child('claims'), text));
  }
  const rules = { checkName: checkPodResourceName, claimNames, allowsPartialHugePages };
  checkRequirements(spec.resources, rules, path, errors);
  checkEnoughFor(spec, 'requests', path, errors);
  checkEnoughFor(spec, 'limits', path, errors);
  spec.containers?.forEach((container, at) => {
    checkContainerLimits(spec, container, path.child('containers').index(at), errors);
  });
}

/** The pod's amounts against the sum of its containers; of limits, only those of huge pages add up. */
function checkEnoughFor(
  spec: PodSpec,
  kind: 'requests' | 'limits',
  path: FieldPath,
  errors: FieldErrors,
): void {
  const sums = [...aggregateAmounts(spec, kind)].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [name, sum] of sums) {
    const ofPod = spec.resources?.[kind]?.[name];
    if (ofPod === undefined || (kind === 'limits' && !isHugePageName(name))) continue;
    if (sum.compare(quantityOf(ofPod)) <= 0) continue;
    const text = `must be greater than or equal to aggregate container ${kind} of ${sum}`;
    errors.push(invalidValue(path.child(kind).key(name), quantityOf(ofPod).toString(), text));
  }
}

function checkContainerLimits(
  spec: PodSpec,
  container: Container,
  path: FieldPath,
  errors: FieldErrors,
): void {
  for (const [name, limit] of amountsOf(container.resources?.limits)) {
    const ofPod = spec.resources?.limits?.[name];
    if (ofPod === undefined || limit.compare(quantityOf(ofPod)) <= 0) continue;
    const text = `must be less than or equal to pod limits of ${quantityOf(ofPod)}`;
    errors.push(invalidValue(path.key(name).child('limits'), limit.toString(), text));
  }
}
