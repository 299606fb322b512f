import {
  duplicate,
  type FieldPath,
  invalidValue,
  notSupported,
  required,
} from '../../../machinery/field-path.js';
import { validateLabelSelector } from '../../../machinery/label-selector.js';
import type { TopologySpreadConstraint } from '../../gen/core-v1.js';
import { checkPositive, checkSupported, type FieldErrors, isUnset } from '../field-checks.js';
import { checkMatchLabelKeys } from './match-label-keys.js';

const actions = ['DoNotSchedule', 'ScheduleAnyway'];
const nodePolicies = ['Honor', 'Ignore'];

/** How evenly pods are spread over zones, nodes and so on. One constraint for each topology and strictness. */
export function checkTopologySpread(
  constraints: readonly TopologySpreadConstraint[] | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  constraints?.forEach((constraint, at) => {
    const entry = path.index(at);
    const { topologyKey = '', whenUnsatisfiable = '' } = constraint;
    checkPositive(constraint.maxSkew, entry.child('maxSkew'), errors);
    if (isUnset(topologyKey)) {
      errors.push(required(entry.child('topologyKey'), 'can not be empty'));
    }
    if (!actions.includes(whenUnsatisfiable)) {
      errors.push(notSupported(entry.child('whenUnsatisfiable'), whenUnsatisfiable, actions));
    }
    const isRepeated = constraints
      .slice(at + 1)
      .some(
        (other) =>
          (other.topologyKey ?? '') === topologyKey &&
          (other.whenUnsatisfiable ?? '') === whenUnsatisfiable,
      );
    if (isRepeated) {
      const both = entry.child('{topologyKey, whenUnsatisfiable}');
      errors.push(duplicate(both, `{${topologyKey}, ${whenUnsatisfiable}}`));
    }
    checkMinDomains(constraint, entry.child('minDomains'), errors);
    for (const field of ['nodeAffinityPolicy', 'nodeTaintsPolicy'] as const) {
      checkSupported(constraint[field], nodePolicies, entry.child(field), errors);
    }
    checkMatchLabelKeys(constraint, entry, errors);
    errors.push(...validateLabelSelector(constraint.labelSelector, entry.child('labelSelector')));
  });
}

function checkMinDomains(
  { minDomains, whenUnsatisfiable = '' }: TopologySpreadConstraint,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (minDomains === undefined) return;
  checkPositive(minDomains, path, errors);
  if (whenUnsatisfiable === 'DoNotSchedule') return;
  const text = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`;
  errors.push(invalidValue(path, minDomains, text));
}
