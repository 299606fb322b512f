import { AccessCheck } from '../auth/access.js';
import type { AuthSettings } from '../auth/auth-settings.js';
import { Authenticator } from '../auth/authenticator.js';
import { defaultAuthSettings } from '../auth/default-settings.js';
import type { Store } from '../store.js';

/** Who calls the member that has this store, and what he may. */
export function authenticatorOf(
  store: Store,
  options: {
    readonly settings: AuthSettings | undefined;
    readonly readBarrier: () => Promise<void>;
  },
): Authenticator {
  const { settings = defaultAuthSettings(), readBarrier } = options;
  return new Authenticator({
    users: store.auth,
    tokens: store.tokens,
    access: new AccessCheck(store.auth, store.leases),
    settings,
    appliedIndex: () => store.appliedIndex,
    readBarrier,
  });
}
