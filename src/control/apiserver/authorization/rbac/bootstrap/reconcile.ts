import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  Subject,
} from '../../../../api/gen/rbac-v1.js';
import { cloneJson } from '../../../../machinery/clone.js';
import { deepEqual } from '../../../../machinery/deep-equal.js';
import type { KubeObject } from '../../../../machinery/object.js';
import { aggregatedRules } from '../aggregation.js';
import { missingRules } from '../covers.js';
import type { RbacResource } from '../rbac-policy.js';
import {
  bootstrapClusterRoleBindings,
  bootstrapClusterRoles,
  bootstrapRoleBindings,
  bootstrapRoles,
} from './policy.js';
import { autoUpdateAnnotation } from './role-builder.js';

/** Writes RBAC objects as the API server itself, without the checks that users pass. */
export interface RbacWriter {
  /**
   * Reads, lets `change` say what should be there (null: leave it as it is; undefined `current`: it is not there), and writes it
   * unless somebody else wrote meanwhile; then again.
   */
  ensure(
    resource: RbacResource,
    namespace: string,
    name: string,
    change: (current: KubeObject | undefined) => KubeObject | null,
  ): Promise<void>;
  /** Removes it; no matter if it is not there. */
  remove(resource: RbacResource, namespace: string, name: string): Promise<void>;
}

/**
 * Brings the default roles and bindings into the cluster: creates what is missing, and adds rules, subjects, labels and annotations
 * that a default has gained. What an administrator added stays; what is annotated `autoupdate: "false"` is left alone. Any number of
 * replicas may do this at once.
 */
export async function reconcileBootstrapRbac(writer: RbacWriter): Promise<void> {
  const ensure = <T extends KubeObject>(
    resource: RbacResource,
    wanted: T,
    merge: (current: T, wanted: T) => T,
  ) =>
    writer.ensure(
      resource,
      wanted.metadata.namespace ?? '',
      wanted.metadata.name ?? '',
      (current) => reconciled(current as T | undefined, wanted, merge),
    );
  for (const role of bootstrapClusterRoles)
    await ensure('clusterroles', withOwnRules(role), mergeRole);
  for (const binding of bootstrapClusterRoleBindings)
    await ensureBinding(writer, 'clusterrolebindings', binding, ensure);
  for (const role of bootstrapRoles) await ensure('roles', role, mergeRole);
  for (const binding of bootstrapRoleBindings)
    await ensureBinding(writer, 'rolebindings', binding, ensure);
}

/** Aggregated roles begin with the rules that the defaults give them, so that they hold before anybody aggregates. */
function withOwnRules(role: ClusterRole): ClusterRole {
  if (role.aggregationRule === undefined) return role;
  return { ...role, rules: [...aggregatedRules(role, bootstrapClusterRoles)] };
}

/** A binding cannot change its role: one that names another is made anew. */
async function ensureBinding<T extends RoleBinding | ClusterRoleBinding>(
  writer: RbacWriter,
  resource: RbacResource,
  wanted: T,
  ensure: (resource: RbacResource, wanted: T, merge: (current: T, wanted: T) => T) => Promise<void>,
): Promise<void> {
  let namesOther = false;
  await ensure(resource, wanted, (current, target) => {
    namesOther = !deepEqual(current.roleRef, target.roleRef);
    return namesOther ? current : mergeBinding(current, target);
  });
  if (!namesOther) return;
  await writer.remove(resource, wanted.metadata.namespace ?? '', wanted.metadata.name ?? '');
  await ensure(resource, wanted, mergeBinding);
}

function reconciled<T extends KubeObject>(
  current: T | undefined,
  wanted: T,
  merge: (current: T, wanted: T) => T,
): T | null {
  if (current === undefined) return cloneJson(wanted);
  if (current.metadata.annotations?.[autoUpdateAnnotation] === 'false') return null;
  const merged = merge(current, wanted);
  const metadata = {
    ...merged.metadata,
    labels: { ...wanted.metadata.labels, ...current.metadata.labels },
    annotations: { ...wanted.metadata.annotations, ...current.metadata.annotations },
  };
  const result = { ...merged, metadata };
  return deepEqual(result, current) ? null : cloneJson(result);
}

function mergeRole<T extends Role | ClusterRole>(current: T, wanted: T): T {
  const merged = { ...current };
  if ('aggregationRule' in wanted) {
    // The rules of an aggregated role are nobody's to set; only which roles it is made of.
    return Object.assign(merged, { aggregationRule: mergeAggregation(current, wanted) });
  }
  const missing = missingRules(current.rules ?? [], wanted.rules ?? []);
  if (missing.length === 0) return current;
  return {
    ...merged,
    rules: [...(current.rules ?? []), ...missingOf(current.rules ?? [], wanted)],
  };
}

/** Whole rules of the default of which something is missing: they read better than the pieces. */
function missingOf(held: readonly PolicyRule[], wanted: Role | ClusterRole): PolicyRule[] {
  return (wanted.rules ?? []).filter((rule) => missingRules(held, [rule]).length > 0);
}

function mergeAggregation(
  current: ClusterRole,
  wanted: ClusterRole,
): NonNullable<ClusterRole['aggregationRule']> {
  const selectors = [...(current.aggregationRule?.clusterRoleSelectors ?? [])];
  for (const selector of wanted.aggregationRule?.clusterRoleSelectors ?? [])
    if (!selectors.some((known) => deepEqual(known, selector))) selectors.push(selector);
  return { clusterRoleSelectors: selectors };
}

function mergeBinding<T extends RoleBinding | ClusterRoleBinding>(current: T, wanted: T): T {
  const subjects = [...(current.subjects ?? [])];
  for (const subject of wanted.subjects ?? [])
    if (!subjects.some((known) => sameSubject(known, subject))) subjects.push(subject);
  return subjects.length === (current.subjects ?? []).length ? current : { ...current, subjects };
}

function sameSubject(a: Subject, b: Subject): boolean {
  return a.kind === b.kind && a.name === b.name && (a.namespace ?? '') === (b.namespace ?? '');
}
