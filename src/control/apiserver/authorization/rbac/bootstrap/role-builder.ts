import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  Subject,
} from '../../../../api/gen/rbac-v1.js';
import type { ObjectMeta } from '../../../../machinery/object.js';

const rbacGroup = 'rbac.authorization.k8s.io';
const apiVersion = `${rbacGroup}/v1`;

/** Every default object says that it is one, and asks to be completed at each start. */
function bootstrapMeta(name: string, labels: Readonly<Record<string, string>>): ObjectMeta {
  return {
    name,
    labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', ...labels },
    annotations: { [autoUpdateAnnotation]: 'true' },
  };
}

/** `"false"` keeps an object as its administrator wants it. */
export const autoUpdateAnnotation = 'rbac.authorization.kubernetes.io/autoupdate';

/** Words that stand for several verbs. */
const verbSets: Readonly<Record<string, readonly string[]>> = {
  read: ['get', 'list', 'watch'],
  write: ['create', 'delete', 'deletecollection', 'patch', 'update'],
  readwrite: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
};

/**
 * A rule from words: `verbs group,group resources [names]`, the core group being `core`. Verbs, groups and resources stand between
 * commas and are sorted, as Kubernetes prints its defaults: `read core pods,services`.
 */
export function rule(verbs: string, groups: string, resources: string, names = ''): PolicyRule {
  const list = (text: string) => text.split(',').filter((word) => word !== '');
  return {
    verbs: [...new Set(list(verbs).flatMap((verb) => verbSets[verb] ?? [verb]))].sort(),
    apiGroups: list(groups)
      .map((group) => (group === 'core' ? '' : group))
      .sort(),
    resources: list(resources).sort(),
    ...(names !== '' && { resourceNames: list(names).sort() }),
  };
}

/** A rule for paths that are no resources. */
export function urls(verbs: string, ...paths: readonly string[]): PolicyRule {
  return { verbs: verbs.split(','), nonResourceURLs: [...paths].sort() };
}

/** The rule of everything that records events. */
export const eventsRule = rule('create,patch,update', 'core,events.k8s.io', 'events');

export function clusterRole(
  name: string,
  rules: readonly PolicyRule[],
  labels: Readonly<Record<string, string>> = {},
): ClusterRole {
  return {
    apiVersion,
    kind: 'ClusterRole',
    metadata: bootstrapMeta(name, labels),
    rules: [...rules],
  };
}

/** A role made of all roles with the label `aggregate-to-<target>`. */
export function aggregatedClusterRole(
  name: string,
  target: string,
  labels: Readonly<Record<string, string>> = {},
): ClusterRole {
  return {
    apiVersion,
    kind: 'ClusterRole',
    metadata: bootstrapMeta(name, labels),
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: aggregateTo(target) }] },
    rules: [],
  };
}

/** The label by which a role becomes part of `admin`, `edit` or `view`. */
export function aggregateTo(target: string): Record<string, string> {
  return { [`rbac.authorization.k8s.io/aggregate-to-${target}`]: 'true' };
}

export function namespacedRole(
  namespace: string,
  name: string,
  rules: readonly PolicyRule[],
): Role {
  return {
    apiVersion,
    kind: 'Role',
    metadata: { ...bootstrapMeta(name, {}), namespace },
    rules: [...rules],
  };
}

export function userSubject(name: string): Subject {
  return { kind: 'User', apiGroup: rbacGroup, name };
}

export function groupSubject(name: string): Subject {
  return { kind: 'Group', apiGroup: rbacGroup, name };
}

export function accountSubject(namespace: string, name: string): Subject {
  return { kind: 'ServiceAccount', namespace, name };
}

export function clusterRoleBinding(
  name: string,
  subjects: readonly Subject[],
  role = name,
): ClusterRoleBinding {
  return {
    apiVersion,
    kind: 'ClusterRoleBinding',
    metadata: bootstrapMeta(name, {}),
    roleRef: { apiGroup: rbacGroup, kind: 'ClusterRole', name: role },
    subjects: [...subjects],
  };
}

export function roleBinding(
  namespace: string,
  name: string,
  subjects: readonly Subject[],
  role = name,
): RoleBinding {
  return {
    apiVersion,
    kind: 'RoleBinding',
    metadata: { ...bootstrapMeta(name, {}), namespace },
    roleRef: { apiGroup: rbacGroup, kind: 'Role', name: role },
    subjects: [...subjects],
  };
}
