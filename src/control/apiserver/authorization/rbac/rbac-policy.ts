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
import type { UserInfo } from '../../contracts.js';
import { aggregatedRules } from './aggregation.js';
import { CompiledRules, type GrantedRules } from './compiled-rules.js';

/** The resources of the group rbac.authorization.k8s.io. */
export type RbacResource = 'clusterroles' | 'clusterrolebindings' | 'roles' | 'rolebindings';

/** The rules that a user has somewhere, and which of the roles that are bound to it are missing. */
export interface ResolvedRules {
  readonly granted: readonly GrantedRules[];
  readonly problems: readonly string[];
}

interface UserRules {
  readonly problems: readonly string[];
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
  /** By scope, then user. Emptied on every change. */
  #cache = new Map<string, UserRules>();
  #listeners: (() => void)[] = [];

  /** An object was added or changed. */
  upsert(resource: RbacResource, object: KubeObject): void {
    this.#mapOf(resource).set(keyOf(object), object);
    this.#changed();
  }

  /** An object is gone. */
  remove(resource: RbacResource, object: KubeObject): void {
    this.#mapOf(resource).delete(keyOf(object));
    this.#changed();
  }

  /** Calls `listener` after every change. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** All cluster roles, in no order. */
  clusterRoles(): Iterable<ClusterRole> {
    return this.#clusterRoles.values();
  }

  /** The compiled rules of a user in a namespace; '' for the cluster's scope alone. */
  compiledRules(user: UserInfo, namespace: string): UserRules {
    const key = `${namespace}\n${user.name}\n${user.groups.join('\n')}`;
    const known = this.#cache.get(key);
    if (known !== undefined) return known;
    const { granted, problems } = this.rulesFor(user, namespace);
    const rules: UserRules = { problems, compiled: new CompiledRules(granted) };
    if (this.#cache.size >= usersMax) this.#cache = new Map();
    this.#cache.set(key, rules);
    return rules;
  }

  /** The rules of a user, cluster-wide ones first, then those of the namespace. */
  rulesFor(user: UserInfo, namespace: string): ResolvedRules {
    const granted: GrantedRules[] = [];
    const problems: string[] = [];
    this.#clusterBySubject ??= indexBySubject(this.#clusterBindings.values());
    for (const [binding, subject] of bindingsOf(this.#clusterBySubject, user)) {
      const source = `ClusterRoleBinding ${quote(binding.metadata.name ?? '')} of ${describe(binding, subject, '')}`;
      this.#grant(binding.roleRef, '', source, granted, problems);
    }
    const ofNamespace = namespace === '' ? undefined : this.#namespaceIndex().get(namespace);
    for (const [binding, subject] of bindingsOf(ofNamespace ?? new Map(), user)) {
      const source = `RoleBinding ${quote(`${binding.metadata.name}/${namespace}`)} of ${describe(binding, subject, namespace)}`;
      this.#grant(binding.roleRef, namespace, source, granted, problems);
    }
    return { granted, problems };
  }

  /** The rules of the role that a binding names; undefined when it is not there. */
  rulesOfRole(ref: RoleRef | undefined, namespace: string): readonly PolicyRule[] | undefined {
    const name = ref?.name ?? '';
    if (ref?.kind === 'Role') {
      const role = this.#roles.get(`${namespace}/${name}`);
      return role === undefined ? undefined : (role.rules ?? []);
    }
    const role = this.#clusterRoles.get(`/${name}`);
    if (role === undefined) return undefined;
    return role.aggregationRule === undefined
      ? (role.rules ?? [])
      : aggregatedRules(role, this.#clusterRoles.values());
  }

  #grant(
    ref: RoleRef | undefined,
    namespace: string,
    source: string,
    granted: GrantedRules[],
    problems: string[],
  ): void {
    const rules = this.rulesOfRole(ref, namespace);
    if (rules !== undefined) {
      granted.push({ rules, source });
      return;
    }
    const kind = ref?.kind === 'Role' ? 'role' : 'clusterrole';
    problems.push(`${kind}.rbac.authorization.k8s.io ${quote(ref?.name ?? '')} not found`);
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

  #changed(): void {
    this.#clusterBySubject = null;
    this.#bySubject = null;
    if (this.#cache.size > 0) this.#cache = new Map();
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

function describe({ roleRef }: Binding, subject: Subject, bindingNamespace: string): string {
  const name =
    subject.kind === 'ServiceAccount'
      ? `${subject.name}/${subject.namespace || bindingNamespace}`
      : (subject.name ?? '');
  return `${roleRef?.kind} ${quote(roleRef?.name ?? '')} to ${subject.kind} ${quote(name)}`;
}
