import { StatusError } from '../../machinery/status.js';
import type { Credentials, UserInfo } from '../contracts.js';
import type { Filter } from './filter.js';

/** Tells who asks for a path; rejects with StatusError 401. */
export interface RequestAuthenticator {
  authenticateRequest(credentials: Credentials, path: string): Promise<UserInfo>;
}

/** How an authentication ended, for the metrics. */
export type AuthenticationResult = 'success' | 'failure' | 'error';

/** Finds out who asks; 401 when nobody recognises the credentials, whatever was wrong with them. */
export function authenticate(
  authenticator: RequestAuthenticator,
  onResult: (result: AuthenticationResult, username: string) => void,
): Filter {
  return async (exchange, next) => {
    const { headers, peerCertificates } = exchange.request;
    try {
      exchange.user = await authenticator.authenticateRequest(
        { headers, peerCertificates },
        exchange.info.path,
      );
    } catch (error) {
      onResult(error instanceof StatusError && error.code === 401 ? 'failure' : 'error', '');
      throw error;
    }
    onResult('success', exchange.user.name);
    await next();
  };
}
