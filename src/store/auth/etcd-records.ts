import { Role, User } from '../../wire/gen/authpb.js';
import { putUint64 } from '../schema/keys.js';
import type { AuthReads } from './auth-state.js';

type Entry = readonly [key: Uint8Array, value: Uint8Array];

/** Users and roles as the buckets of etcd's database that hold them: what etcd restores from has them all, passwords included. */
export function authBuckets(auth: AuthReads): readonly (readonly [string, readonly Entry[]])[] {
  const revision = new Uint8Array(8);
  putUint64(revision, 0, auth.revision);
  const enabled = Uint8Array.of(auth.isEnabled ? 1 : 0);
  return [
    [
      'auth',
      [
        [Buffer.from('authEnabled'), enabled],
        [Buffer.from('authRevision'), revision],
      ],
    ],
    ['authUsers', auth.users().map((user): Entry => [user.name, User.encode(user)])],
    ['authRoles', auth.roles().map((role): Entry => [role.name, Role.encode(role)])],
  ];
}
