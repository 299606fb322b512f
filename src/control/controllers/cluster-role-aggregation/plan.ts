import type { ClusterRole, PolicyRule } from '../../api/gen/rbac-v1.js';
import { deepEqual, semanticEqual } from '../../machinery/deep-equal.js';
import { labelSelectorOf } from '../../machinery/label-selector.js';

/** The role is composed of others by their labels. */
export function isAggregated({ aggregationRule }: ClusterRole): boolean {
  return (aggregationRule?.clusterRoleSelectors ?? []).length > 0;
}

/**
 * The rules that a role is to have: those of the roles that it selects as they are now, in order of their names, each once. Null when
 * it has them. What aggregated roles are composed of in turn reaches it in as many looks. Throws StatusError for selectors that are none.
 */
export function plannedRules(
  role: ClusterRole,
  all: Iterable<ClusterRole>,
): readonly PolicyRule[] | null {
  const others = [...all].filter((other) => nameOf(other) !== nameOf(role));
  others.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  const rules: PolicyRule[] = [];
  for (const spec of role.aggregationRule?.clusterRoleSelectors ?? []) {
    const selector = labelSelectorOf(spec);
    for (const other of others.filter(({ metadata }) => selector.matches(metadata.labels))) {
      for (const rule of other.rules ?? []) {
        if (!rules.some((known) => deepEqual(known, rule))) rules.push(rule);
      }
    }
  }
  return semanticEqual(role.rules, rules) ? null : rules;
}

function nameOf({ metadata }: ClusterRole): string {
  return metadata.name ?? '';
}
