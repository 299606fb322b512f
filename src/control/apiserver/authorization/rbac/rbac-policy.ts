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
import { serviceAccountUsername } from '../../authentication/user-info.js';
import type { AuthorizationRequest, UserInfo } from '../../contracts.js';
import { aggregatedRules } from './aggregation.js';
import { CompiledRules } from './compiled-rules.js';

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
  /** Cluster role bindings by subject key. */
  #clusterBySubject: Map<string, Set<ClusterRoleBinding>> | null = null;
  /** Role bindings by namespace, then subject key. */
  #bySubject: Map<string, Map<string, Set<RoleBinding>>> | null = null;
  /** The roles of a user in a namespace. Emptied on every change. */
  #held = new Map<string, readonly HeldRole[]>();
  /** Rules by role, ready for decisions. Emptied when roles change. */
  #resolved = new Map<string, ResolvedRole>();
  #listeners: (() => void)[] = [];

  /** An object was added or changed. */
  upsert(resource: RbacResource, object: KubeObject): void {
    this.#mapOf(resource).set(keyOf(object), object);
    this.#changed(resource);
  }

  /** An object is gone. */
  remove(resource: RbacResource, object: KubeObject): void {
    this.#mapOf(resource).delete(keyOf(object));
    this.#changed(resource);
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
    this.#clusterBySubject ??= indexBySubject(this.#clusterBindings.values());
    const held: HeldRole[] = [];
    for (const [binding, subject] of bindingsOf<Binding>(this.#clusterBySubject, user))
      held.push(this.#hold(binding, subject, ''));
    const ofNamespace = namespace === '' ? undefined : this.#namespaceIndex().get(namespace);
    if (ofNamespace !== undefined)
      for (const [binding, subject] of bindingsOf<Binding>(ofNamespace, user))
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

  #namespaceIndex(): Map<string, Map<string, Set<RoleBinding>>> {
    if (this.#bySubject !== null) return this.#bySubject;
    const byNamespace = new Map<string, RoleBinding[]>();
    for (const binding of this.#bindings.values()) {
      const namespace = binding.metadata.namespace ?? '';
      const list = byNamespace.get(namespace);
      if (list === undefined) byNamespace.set(namespace, [binding]);
      else list.push(binding);
    }
    this.#bySubject = new Map(
      [...byNamespace].map(([namespace, list]) => [namespace, indexBySubject(list)]),
    );
    return this.#bySubject;
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

  #changed(resource: RbacResource): void {
    if (resource === 'clusterroles' || resource === 'roles') this.#resolved = new Map();
    else if (resource === 'clusterrolebindings') this.#clusterBySubject = null;
    else this.#bySubject = null;
    if (this.#held.size > 0) this.#held = new Map();
    for (const listener of this.#listeners) listener();
  }
}

type Binding = ClusterRoleBinding | RoleBinding;

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

function indexBySubject<B extends Binding>(bindings: Iterable<B>): Map<string, Set<B>> {
  const index = new Map<string, Set<B>>();
  for (const binding of bindings) {
    for (const subject of binding.subjects ?? []) {
      const key = subjectKey(subject, binding.metadata.namespace ?? '');
      const set = index.get(key);
      if (set === undefined) index.set(key, new Set([binding]));
      else set.add(binding);
    }
  }
  return index;
}

function subjectKey({ kind, name = '', namespace }: Subject, bindingNamespace: string): string {
  if (kind === 'Group') return `g:${name}`;
  if (kind === 'User') return `u:${name}`;
  return `u:${serviceAccountUsername(namespace || bindingNamespace, name)}`;
}

/** Bindings of the user or one of its groups, each once, with the subject that makes it one. */
function* bindingsOf<B extends Binding>(
  index: ReadonlyMap<string, ReadonlySet<B>>,
  user: UserInfo,
): Generator<[B, Subject]> {
  const seen = new Set<B>();
  for (const key of [`u:${user.name}`, ...user.groups.map((group) => `g:${group}`)]) {
    for (const binding of index.get(key) ?? []) {
      if (seen.has(binding)) continue;
      seen.add(binding);
      const subject = binding.subjects?.find(
        (candidate) => subjectKey(candidate, binding.metadata.namespace ?? '') === key,
      );
      if (subject !== undefined) yield [binding, subject];
    }
  }
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
