import { unreachable } from '../../base/assert.js';
import { AuthTokenGrant } from '../../wire/gen/store.js';
import { AuthOp, encodeAuthOp } from '../auth/auth-op.js';
import { CommandKind } from '../contracts.js';
import { StoreError } from '../errors.js';
import type { ApiContext } from './context.js';
import { propose } from './propose.js';

/**
 * Resolves with a token for a user that knows its password. Whatever changes users or roles while the password is compared
 * may have changed that password: it is compared again then.
 */
export async function logIn(
  context: ApiContext,
  user: { readonly name: string; readonly password: string },
  signal: AbortSignal,
): Promise<string> {
  await context.readBarrier(signal);
  for (;;) {
    const authRevision = await context.auth.checkPassword(user.name, user.password);
    const token = await tokenOf(context, { name: user.name, authRevision }, signal);
    if (token !== null) return token;
  }
}

/** Null when users or roles are not as they were at the revision. */
async function tokenOf(
  context: ApiContext,
  user: { readonly name: string; readonly authRevision: number },
  signal: AbortSignal,
): Promise<string | null> {
  const { scheme } = context.auth;
  const { name, authRevision } = user;
  switch (scheme.kind) {
    case 'simple':
      return grantToken(context, { name, authRevision, prefix: scheme.newPrefix() }, signal);
    case 'signed':
      if (context.auth.users.revision !== authRevision) return null;
      return scheme.signer.sign({ userName: name, revision: authRevision });
    case 'none':
      throw new StoreError('auth-failed');
    default:
      return unreachable(scheme);
  }
}

/** Has all members take note of a new token. */
async function grantToken(
  context: ApiContext,
  grant: { readonly name: string; readonly authRevision: number; readonly prefix: string },
  signal: AbortSignal,
): Promise<string | null> {
  const payload = encodeAuthOp(AuthOp.grantToken, AuthTokenGrant.encode(grant));
  const command = { kind: CommandKind.auth, payload, response: 'authToken' } as const;
  try {
    return (await propose(context, command, signal)).value;
  } catch (error) {
    if (error instanceof StoreError && error.code === 'auth-old-revision') return null;
    throw error;
  }
}
