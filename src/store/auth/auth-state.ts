import { compareBytes } from '../../base/bytes.js';
import { type Defect, noDefects } from '../../base/defect.js';
import { Role, User } from '../../wire/gen/authpb.js';
import type { ApplyBatch } from '../apply/apply-batch.js';
import { authRoleKey, authUserKey, metaKey } from '../schema/keys.js';
import { type AuthRecord, encodeAuth } from '../schema/meta.js';
import { rootName } from './auth-info.js';
import { type Grants, grantsOf } from './grants.js';

/** Users and roles as they lie in the database. */
export interface AuthData extends AuthRecord {
  readonly users: readonly User[];
  readonly roles: readonly Role[];
}

/** Users and roles as applied by this member. */
export interface AuthReads {
  /** Whether users, roles and permissions count. */
  readonly isEnabled: boolean;
  /** Grows with every change of them. */
  readonly revision: number;
  user(name: string): User | undefined;
  role(name: string): Role | undefined;
  /** Sorted by the bytes of their names. */
  users(): readonly User[];
  roles(): readonly Role[];
  /** What a user may do; undefined when there is no such user. */
  grantsOf(userName: string): Grants | undefined;
}

/**
 * The replicated users, roles, and whether they count. What applies log entries changes it, through a batch, and by nothing but
 * what the entries say.
 */
export class AuthState implements AuthReads {
  #isEnabled = false;
  #revision = 1;
  readonly #users = new Map<string, User>();
  readonly #roles = new Map<string, Role>();
  /** Of users that have been asked about. Invariant: as of the present users and roles. */
  readonly #grants = new Map<string, Grants>();
  readonly #keepsGrants: boolean;

  constructor(defects: ReadonlySet<Defect> = noDefects) {
    this.#keepsGrants = defects.has('stale-permissions');
  }

  /** Replaces everything by what the database holds. */
  load({ isEnabled, revision, users, roles }: AuthData): void {
    this.#isEnabled = isEnabled;
    this.#revision = revision;
    this.#users.clear();
    this.#roles.clear();
    this.#forgetGrants();
    for (const user of users) this.#users.set(nameOf(user), user);
    for (const role of roles) this.#roles.set(nameOf(role), role);
  }

  get isEnabled(): boolean {
    return this.#isEnabled;
  }

  get revision(): number {
    return this.#revision;
  }

  user(name: string): User | undefined {
    return this.#users.get(name);
  }

  role(name: string): Role | undefined {
    return this.#roles.get(name);
  }

  users(): readonly User[] {
    return [...this.#users.values()].sort((a, b) => compareBytes(a.name, b.name));
  }

  roles(): readonly Role[] {
    return [...this.#roles.values()].sort((a, b) => compareBytes(a.name, b.name));
  }

  grantsOf(userName: string): Grants | undefined {
    const known = this.#grants.get(userName);
    if (known !== undefined) return known;
    const user = this.#users.get(userName);
    if (user === undefined) return undefined;
    const permissions = user.roles.flatMap((name) => this.#roles.get(name)?.keyPermission ?? []);
    const grants = grantsOf({ isRoot: user.roles.includes(rootName), permissions });
    this.#grants.set(userName, grants);
    return grants;
  }

  putUser(user: User, batch: ApplyBatch): void {
    this.#users.set(nameOf(user), user);
    this.#forgetGrants();
    batch.put(authUserKey(user.name), User.encode(user));
  }

  deleteUser(user: User, batch: ApplyBatch): void {
    this.#users.delete(nameOf(user));
    this.#forgetGrants();
    batch.delete(authUserKey(user.name));
  }

  putRole(role: Role, batch: ApplyBatch): void {
    this.#roles.set(nameOf(role), role);
    this.#forgetGrants();
    batch.put(authRoleKey(role.name), Role.encode(role));
  }

  deleteRole(role: Role, batch: ApplyBatch): void {
    this.#roles.delete(nameOf(role));
    this.#forgetGrants();
    batch.delete(authRoleKey(role.name));
  }

  /** Users, roles and permissions count from now on. As in etcd that is no new revision. */
  enable(batch: ApplyBatch): void {
    this.#isEnabled = true;
    this.#store(batch);
  }

  disable(batch: ApplyBatch): void {
    this.#isEnabled = false;
    this.bump(batch);
  }

  /** Users or roles have changed: who was identified before has to be again. */
  bump(batch: ApplyBatch): void {
    this.#revision++;
    this.#store(batch);
  }

  #forgetGrants(): void {
    if (!this.#keepsGrants) this.#grants.clear();
  }

  #store(batch: ApplyBatch): void {
    const { isEnabled, revision } = this;
    batch.put(metaKey.auth, encodeAuth({ isEnabled, revision }));
  }
}

const decoder = new TextDecoder();

/** The name of a user or a role. */
export function nameOf({ name }: { readonly name: Uint8Array }): string {
  return decoder.decode(name);
}
