import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  RoleRef,
  Subject,
} from '../../../api/gen/rbac-v1.js';
import type { KubeObject } from '../../../machinery/object.js';
import { quote } from '../../../machinery/quote.js';
import type { AuthorizationRequest, UserInfo } from '../../contracts.js';
import { aggregatedRules } from './aggregation.js';
import { CompiledRules } from './compiled-rules.js';
import { type Binding, SubjectIndex } from './subject-index.js';

/** The resources of the group rbac.authorization.k8s.io. */
export type RbacResource = 'clusterroles' | 'clusterrolebindings' | 'roles' | 'rolebindings';

/** The rules that a binding gives, and the binding in words. */
export interface GrantedRules {
  readonly rules: readonly PolicyRule[];
  /** As `ClusterRoleBinding "x" of ClusterRole "y" to Group "z"`. */
  readonly source: string;
}

/** The rules that a user has somewhere, and which of the roles that are bound to it are missing. */
export interface ResolvedRules {
  readonly granted: readonly GrantedRules[];
  readonly problems: readonly string[];
}

/** A role that a user has. */
interface HeldRole {
  /** Undefined: the role is not there. */
  readonly role: ResolvedRole | undefined;
  readonly ref: RoleRef | undefined;
  readonly binding: Binding;
  readonly subject: Subject;
}

interface ResolvedRole {
  readonly rules: readonly PolicyRule[];
  readonly compiled: CompiledRules;
}

/** Users whose rules are kept ready; past this the cache starts over. */
const usersMax = 2048;

/**
 * All roles and bindings of the cluster, indexed by subject. Whoever owns it feeds it with what the watch caches see; decisions are
 * made from memory, and a user's rules are compiled once until something changes.
 */
export class RbacPolicy {
  readonly #clusterRoles = new Map<string, ClusterRole>();
  /** By namespace and name; so are role bindings. */
  readonly #roles = new Map<string, Role>();
  readonly #clusterBindings = new Map<string, ClusterRoleBinding>();
  readonly #bindings = new Map<string, RoleBinding>();
  readonly #clusterBySubject = new SubjectIndex();
  /** Role bindings by namespace. Invariant: no index is empty. */
  readonly #bySubject = new Map<string, SubjectIndex>();
  /** The roles of a user in a namespace. Emptied on every change. */
  #held = new Map<string, readonly HeldRole[]>();
  /** Rules by role, ready for decisions. Emptied when roles change. */
  #resolved = new Map<string, ResolvedRole>();
  #listeners: (() => void)[] = [];

  /** An object was added or changed. */
  upsert(resource: RbacResource, object: KubeObject): void {
    this.#replace(resource, keyOf(object), object);
  }

  /** An object is gone. */
  remove(resource: RbacResource, object: KubeObject): void {
    this.#replace(resource, keyOf(object), null);
  }

  /** Calls `listener` after every change. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** All cluster roles, in no order. */
  clusterRoles(): Iterable<ClusterRole> {
    return this.#clusterRoles.values();
  }

  /** How a request is allowed, in words; undefined when no role of the user allows it. */
  allowedBy(request: AuthorizationRequest): string | undefined {
    const namespace = request.isResourceRequest ? request.namespace : '';
    const found = this.#heldBy(request.user, namespace).find(({ role }) =>
      role?.compiled.allows(request),
    );
    return found === undefined ? undefined : sourceOf(found);
  }

  /** Roles that are bound to a user in a namespace and are not there, in words. */
  missingRoles(user: UserInfo, namespace: string): readonly string[] {
    const missing = this.#heldBy(user, namespace).filter(({ role }) => role === undefined);
    return missing.map(({ ref }) => {
      const kind = ref?.kind === 'Role' ? 'role' : 'clusterrole';
      return `${kind}.rbac.authorization.k8s.io ${quote(ref?.name ?? '')} not found`;
    });
  }

  /** The rules of a user, cluster-wide ones first, then those of the namespace; '' for the cluster's scope alone. */
  rulesFor(user: UserInfo, namespace: string): ResolvedRules {
    const granted: GrantedRules[] = [];
    for (const held of this.#heldBy(user, namespace))
      if (held.role !== undefined) granted.push({ rules: held.role.rules, source: sourceOf(held) });
    return { granted, problems: this.missingRoles(user, namespace) };
  }

  /** The rules of the role that a binding names; undefined when it is not there. */
  rulesOfRole(ref: RoleRef | undefined, namespace: string): readonly PolicyRule[] | undefined {
    return this.#resolve(ref, namespace)?.rules;
  }

  #heldBy(user: UserInfo, namespace: string): readonly HeldRole[] {
    const key = `${namespace}\n${user.name}\n${user.groups.join('\n')}`;
    const known = this.#held.get(key);
    if (known !== undefined) return known;
    const held: HeldRole[] = [];
    for (const [binding, subject] of this.#clusterBySubject.of(user))
      held.push(this.#hold(binding, subject, ''));
    const ofNamespace = namespace === '' ? undefined : this.#bySubject.get(namespace);
    for (const [binding, subject] of ofNamespace?.of(user) ?? [])
      held.push(this.#hold(binding, subject, namespace));
    if (this.#held.size >= usersMax) this.#held = new Map();
    this.#held.set(key, held);
    return held;
  }

  #hold(binding: Binding, subject: Subject, namespace: string): HeldRole {
    const ref = binding.roleRef;
    return { role: this.#resolve(ref, namespace), ref, binding, subject };
  }

  #resolve(ref: RoleRef | undefined, namespace: string): ResolvedRole | undefined {
    const isRole = ref?.kind === 'Role';
    const key = `${isRole ? namespace : ''}/${ref?.name ?? ''}`;
    const resolvedKey = `${isRole ? 'Role' : 'ClusterRole'} ${key}`;
    const known = this.#resolved.get(resolvedKey);
    if (known !== undefined) return known;
    const role: ClusterRole | undefined = isRole
      ? this.#roles.get(key)
      : this.#clusterRoles.get(key);
    if (role === undefined) return undefined;
    const rules =
      !isRole && role.aggregationRule !== undefined
        ? aggregatedRules(role, this.#clusterRoles.values())
        : (role.rules ?? []);
    const resolved: ResolvedRole = { rules, compiled: new CompiledRules(rules) };
    this.#resolved.set(resolvedKey, resolved);
    return resolved;
  }

  #replace(resource: RbacResource, key: string, next: KubeObject | null): void {
    const objects = this.#mapOf(resource);
    const before = objects.get(key);
    if (next === null) objects.delete(key);
    else objects.set(key, next);
    if (resource === 'clusterroles' || resource === 'roles') {
      this.#resolved = new Map();
    } else {
      if (before !== undefined) this.#unindex(before);
      if (next !== null) this.#indexOf(next).add(next);
    }
    if (this.#held.size > 0) this.#held = new Map();
    for (const listener of this.#listeners) listener();
  }

  #indexOf({ metadata: { namespace } }: Binding): SubjectIndex {
    if (!namespace) return this.#clusterBySubject;
    const known = this.#bySubject.get(namespace) ?? new SubjectIndex();
    this.#bySubject.set(namespace, known);
    return known;
  }

  #unindex(binding: Binding): void {
    const index = this.#indexOf(binding);
    index.remove(binding);
    if (index !== this.#clusterBySubject && index.isEmpty)
      this.#bySubject.delete(binding.metadata.namespace ?? '');
  }

  #mapOf(resource: RbacResource): Map<string, KubeObject> {
    switch (resource) {
      case 'clusterroles':
        return this.#clusterRoles;
      case 'roles':
        return this.#roles;
      case 'clusterrolebindings':
        return this.#clusterBindings;
      case 'rolebindings':
        return this.#bindings;
    }
  }
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

/** How a role came to a user, as Kubernetes tells it. */
function sourceOf({ binding, ref, subject }: HeldRole): string {
  const { name = '', namespace } = binding.metadata;
  const bindingText = !namespace
    ? `ClusterRoleBinding ${quote(name)}`
    : `RoleBinding ${quote(`${name}/${namespace}`)}`;
  const subjectName =
    subject.kind === 'ServiceAccount'
      ? `${subject.name}/${subject.namespace || namespace || ''}`
      : (subject.name ?? '');
  return `${bindingText} of ${ref?.kind} ${quote(ref?.name ?? '')} to ${subject.kind} ${quote(subjectName)}`;
}
