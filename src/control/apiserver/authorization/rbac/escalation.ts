import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
} from '../../../api/gen/rbac-v1.js';
import { deepEqual } from '../../../machinery/deep-equal.js';
import type { KubeObject } from '../../../machinery/object.js';
import { forbidden, notFound } from '../../../machinery/status-errors.js';
import { wellKnown } from '../../authentication/user-info.js';
import type { AdmissionPlugin, AdmissionRequest, Authorizer, UserInfo } from '../../contracts.js';
import { missingRules } from './covers.js';
import { listText, ruleText } from './policy-rule.js';
import type { RbacPolicy } from './rbac-policy.js';

const rbacGroup = 'rbac.authorization.k8s.io';

const everything: readonly PolicyRule[] = [
  { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
  { nonResourceURLs: ['*'], verbs: ['*'] },
];

/**
 * Keeps users from giving away more than they have: who writes a role must hold its rules or be allowed to `escalate` it, who writes
 * a binding must hold the rules of its role or be allowed to `bind` it. Part of RBAC, not of the admission plugins that can be
 * switched off; it runs after all mutations and before validation, as Kubernetes' storage of these kinds does.
 */
export class EscalationCheck implements AdmissionPlugin {
  readonly name = 'RBACEscalationCheck';
  readonly #policy: RbacPolicy;
  readonly #authorizer: Authorizer;

  constructor(policy: RbacPolicy, authorizer: Authorizer) {
    this.#policy = policy;
    this.#authorizer = authorizer;
  }

  handles(operation: AdmissionRequest['operation']): boolean {
    return operation === 'CREATE' || operation === 'UPDATE';
  }

  async mutate(request: AdmissionRequest): Promise<void> {
    const { group, resource, object, subresource, context } = request;
    if (group !== rbacGroup || object === null || subresource !== '') return;
    // The API server itself and the administrators that certificates name: nothing is kept from them.
    if (context.user.groups.includes(wellKnown.mastersGroup)) return;
    if (request.oldObject !== null && changesGarbageCollectionOnly(object, request.oldObject))
      return;
    if (resource === 'roles' || resource === 'clusterroles') {
      await this.#checkRole(request, object);
    } else if (resource === 'rolebindings' || resource === 'clusterrolebindings') {
      await this.#checkBinding(request, object);
    }
  }

  async #checkRole(request: AdmissionRequest, role: Role | ClusterRole): Promise<void> {
    const { resource, context } = request;
    const namespace = request.namespace;
    const name = role.metadata.name ?? '';
    if (await this.#isAllowed(request, 'escalate', resource, name)) return;
    this.#confirmHeld(context.user, namespace, role.rules ?? [], resource, name);
    const isAggregated = [role, request.oldObject].some(
      (each) => each !== null && (each as ClusterRole).aggregationRule !== undefined,
    );
    if (!isAggregated) return;
    if (missingRules(this.#heldRules(context.user, namespace), everything).length > 0) {
      throw forbidden(
        { group: rbacGroup, resource },
        name,
        'must have cluster-admin privileges to use the aggregationRule',
      );
    }
  }

  async #checkBinding(
    request: AdmissionRequest,
    binding: RoleBinding | ClusterRoleBinding,
  ): Promise<void> {
    const { roleRef } = binding;
    const refResource = roleRef?.kind === 'Role' ? 'roles' : 'clusterroles';
    const refName = roleRef?.name ?? '';
    if (await this.#isAllowed(request, 'bind', refResource, refName)) return;
    const rules = this.#policy.rulesOfRole(roleRef, request.namespace);
    if (rules === undefined) throw notFound({ group: rbacGroup, resource: refResource }, refName);
    const name = binding.metadata.name ?? '';
    this.#confirmHeld(request.context.user, request.namespace, rules, request.resource, name);
  }

  async #isAllowed(
    { context, namespace }: AdmissionRequest,
    verb: 'escalate' | 'bind',
    resource: string,
    name: string,
  ): Promise<boolean> {
    const { decision } = await this.#authorizer.authorize({
      user: context.user,
      verb,
      isResourceRequest: true,
      path: '',
      group: rbacGroup,
      version: '*',
      namespace,
      resource,
      subresource: '',
      name,
    });
    return decision === 'allow';
  }

  #confirmHeld(
    user: UserInfo,
    namespace: string,
    wanted: readonly PolicyRule[],
    resource: string,
    name: string,
  ): void {
    const missing = missingRules(this.#heldRules(user, namespace), wanted);
    if (missing.length === 0) return;
    const lines = [...new Set(missing.map(ruleText))].sort();
    const { problems } = this.#policy.rulesFor(user, namespace);
    const resolution = problems.length === 0 ? '' : `; resolution errors: [${problems.join(' ')}]`;
    throw forbidden(
      { group: rbacGroup, resource },
      name,
      `user ${JSON.stringify(user.name)} (groups=${listText(user.groups)}) is attempting to grant RBAC permissions not currently held:\n${lines.join('\n')}${resolution}`,
    );
  }

  #heldRules(user: UserInfo, namespace: string): readonly PolicyRule[] {
    return this.#policy.rulesFor(user, namespace).granted.flatMap(({ rules }) => rules);
  }
}

/** Whether only owners, finalizers and who manages the fields differ: the garbage collector must be able to do its work. */
function changesGarbageCollectionOnly(object: KubeObject, old: KubeObject): boolean {
  const changed = stripped(object);
  const before = stripped(old);
  if (!deepEqual(changed, before)) return false;
  const { ownerReferences, finalizers } = object.metadata;
  return (
    !deepEqual(ownerReferences ?? [], old.metadata.ownerReferences ?? []) ||
    !deepEqual(finalizers ?? [], old.metadata.finalizers ?? [])
  );
}

function stripped(object: KubeObject): KubeObject {
  const {
    ownerReferences: _o,
    finalizers: _f,
    managedFields: _m,
    resourceVersion: _v,
    ...metadata
  } = object.metadata;
  return { ...object, metadata };
}
