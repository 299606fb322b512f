import type { FieldError } from '../../machinery/field-errors.js';
import { type FieldPath, fieldPath, invalidValue, required } from '../../machinery/field-path.js';
import { validateLabelSelector } from '../../machinery/label-selector.js';
import type { ClusterRole, PolicyRule, Role } from '../gen/rbac-v1.js';

/** What is wrong with the rules of a Role. */
export function validateRole({ rules }: Role): FieldError[] {
  return validateRules(rules, true);
}

/** What is wrong with a ClusterRole: its rules, and the selectors of the roles that it is made of. */
export function validateClusterRole({ rules, aggregationRule }: ClusterRole): FieldError[] {
  const errors = validateRules(rules, false);
  if (aggregationRule === undefined) return errors;
  const selectors = aggregationRule.clusterRoleSelectors ?? [];
  const path = fieldPath('aggregationRule', 'clusterRoleSelectors');
  if (selectors.length === 0) {
    errors.push(
      required(path, 'at least one clusterRoleSelector required if aggregationRule is non-nil'),
    );
  }
  selectors.forEach((selector, index) => {
    errors.push(...validateLabelSelector(selector, path.index(index)));
  });
  return errors;
}

function validateRules(
  rules: readonly PolicyRule[] | undefined,
  isNamespaced: boolean,
): FieldError[] {
  return (rules ?? []).flatMap((rule, index) =>
    validateRule(rule, isNamespaced, fieldPath('rules').index(index)),
  );
}

function validateRule(rule: PolicyRule, isNamespaced: boolean, path: FieldPath): FieldError[] {
  const {
    verbs = [],
    apiGroups = [],
    resources = [],
    resourceNames = [],
    nonResourceURLs = [],
  } = rule;
  const errors: FieldError[] = [];
  if (verbs.length === 0)
    errors.push(required(path.child('verbs'), 'verbs must contain at least one value'));
  if (nonResourceURLs.length > 0) {
    const urls = path.child('nonResourceURLs');
    if (isNamespaced) {
      errors.push(
        invalidValue(urls, nonResourceURLs, 'namespaced rules cannot apply to non-resource URLs'),
      );
    }
    if (apiGroups.length + resources.length + resourceNames.length > 0) {
      errors.push(
        invalidValue(
          urls,
          nonResourceURLs,
          'rules cannot apply to both regular resources and non-resource URLs',
        ),
      );
    }
    return errors;
  }
  if (apiGroups.length === 0)
    errors.push(
      required(path.child('apiGroups'), 'resource rules must supply at least one api group'),
    );
  if (resources.length === 0)
    errors.push(
      required(path.child('resources'), 'resource rules must supply at least one resource'),
    );
  return errors;
}
