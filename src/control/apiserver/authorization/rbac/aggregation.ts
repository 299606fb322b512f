import type { ClusterRole, PolicyRule } from '../../../api/gen/rbac-v1.js';
import { deepEqual } from '../../../machinery/deep-equal.js';
import { labelSelectorOf } from '../../../machinery/label-selector.js';

/**
 * The rules of a cluster role that is composed of others by label: theirs, in order of their names, each once. Aggregated roles may
 * be composed of aggregated ones, as `admin` is of `edit`; a role never counts itself, and a cycle ends.
 */
export function aggregatedRules(
  role: ClusterRole,
  all: Iterable<ClusterRole>,
): readonly PolicyRule[] {
  const roles = [...all].sort((a, b) => compareNames(a, b));
  const rules: PolicyRule[] = [];
  collect(role, roles, new Set(), rules);
  return rules;
}

function collect(
  role: ClusterRole,
  roles: readonly ClusterRole[],
  visited: Set<string>,
  rules: PolicyRule[],
): void {
  visited.add(role.metadata.name ?? '');
  for (const selectorSpec of role.aggregationRule?.clusterRoleSelectors ?? []) {
    const selector = labelSelectorOf(selectorSpec);
    for (const candidate of roles) {
      const name = candidate.metadata.name ?? '';
      if (visited.has(name) || !selector.matches(candidate.metadata.labels ?? {})) continue;
      if (candidate.aggregationRule !== undefined) {
        collect(candidate, roles, visited, rules);
        continue;
      }
      visited.add(name);
      for (const rule of candidate.rules ?? [])
        if (!rules.some((known) => deepEqual(known, rule))) rules.push(rule);
    }
  }
}

function compareNames(a: ClusterRole, b: ClusterRole): number {
  const left = a.metadata.name ?? '';
  const right = b.metadata.name ?? '';
  return left < right ? -1 : left > right ? 1 : 0;
}
