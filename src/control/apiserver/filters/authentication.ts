import type { Clock } from '../../../base/clock.js';
import { StatusError } from '../../machinery/status.js';
import type { Credentials, UserInfo } from '../contracts.js';
import type { Filter } from './filter.js';

/** Tells who asks for a path; rejects with StatusError 401. */
export interface RequestAuthenticator {
  authenticateRequest(credentials: Credentials, path: string): Promise<UserInfo>;
}

/** How an authentication ended, for the metrics. */
export type AuthenticationResult = 'success' | 'failure' | 'error';

/** Finds out who asks; 401 when nobody recognises the credentials, whatever was wrong with them. `onResult` is told how it ended. */
export function authenticate(
  authenticator: RequestAuthenticator,
  clock: Clock,
  onResult: (result: AuthenticationResult, username: string, seconds: number) => void,
): Filter {
  return async (exchange, next) => {
    const { headers, peerCertificates } = exchange.request;
    const startMs = clock.now();
    const seconds = () => (clock.now() - startMs) / 1000;
    try {
      exchange.user = await authenticator.authenticateRequest(
        { headers, peerCertificates },
        exchange.info.path,
      );
    } catch (error) {
      const isFailure = error instanceof StatusError && error.code === 401;
      onResult(isFailure ? 'failure' : 'error', '', seconds());
      throw error;
    }
    onResult('success', exchange.user.name, seconds());
    await next();
  };
}
