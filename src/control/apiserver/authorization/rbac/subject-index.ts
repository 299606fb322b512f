import type { ClusterRoleBinding, RoleBinding, Subject } from '../../../api/gen/rbac-v1.js';
import { serviceAccountUsername } from '../../authentication/user-info.js';
import type { UserInfo } from '../../contracts.js';

/** Either kind of binding. */
export type Binding = ClusterRoleBinding | RoleBinding;

/** Bindings of one scope by whom they bind. */
export class SubjectIndex {
  /** By user or group. Invariant: no set is empty. */
  readonly #bindings = new Map<string, Set<Binding>>();

  get isEmpty(): boolean {
    return this.#bindings.size === 0;
  }

  add(binding: Binding): void {
    for (const subject of binding.subjects ?? []) {
      const key = keyOf(subject, binding);
      const set = this.#bindings.get(key);
      if (set === undefined) this.#bindings.set(key, new Set([binding]));
      else set.add(binding);
    }
  }

  remove(binding: Binding): void {
    for (const subject of binding.subjects ?? []) {
      const key = keyOf(subject, binding);
      const set = this.#bindings.get(key);
      set?.delete(binding);
      if (set?.size === 0) this.#bindings.delete(key);
    }
  }

  /** Bindings of the user or of one of its groups, each once, with the subject by which it is one. */
  *of(user: UserInfo): Generator<[Binding, Subject]> {
    const seen = new Set<Binding>();
    for (const key of [`u:${user.name}`, ...user.groups.map((group) => `g:${group}`)]) {
      for (const binding of this.#bindings.get(key) ?? []) {
        if (seen.has(binding)) continue;
        seen.add(binding);
        const subject = binding.subjects?.find((each) => keyOf(each, binding) === key);
        if (subject !== undefined) yield [binding, subject];
      }
    }
  }
}

/** Service accounts are users; without a namespace they are in that of the binding. */
function keyOf({ kind, name = '', namespace }: Subject, { metadata }: Binding): string {
  if (kind === 'Group') return `g:${name}`;
  if (kind === 'User') return `u:${name}`;
  return `u:${serviceAccountUsername(namespace || (metadata.namespace ?? ''), name)}`;
}
