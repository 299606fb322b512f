import type { Authenticator, Credentials, UserInfo } from '../contracts.js';
import { type TokenAuthenticator, TokenError } from './token-authenticator.js';

const websocketProtocolPrefix = 'base64url.bearer.authorization.k8s.io.';

/**
 * Reads the token of an `Authorization: Bearer` header, or of the WebSocket subprotocol that browsers use since they cannot set
 * headers. Rejects with TokenError when there is a token that nobody knows.
 */
export class BearerTokenAuthenticator implements Authenticator {
  readonly #tokens: TokenAuthenticator;
  readonly #apiAudiences: readonly string[];

  constructor(tokens: TokenAuthenticator, apiAudiences: readonly string[]) {
    this.#tokens = tokens;
    this.#apiAudiences = apiAudiences;
  }

  async authenticate(credentials: Credentials): Promise<UserInfo | null> {
    const token = bearerToken(credentials.headers) ?? websocketToken(credentials.headers);
    if (token === null) return null;
    const identity = await this.#tokens.authenticateToken(token, this.#apiAudiences);
    if (identity === null) throw new TokenError('invalid bearer token');
    return identity.user;
  }
}

/** The token of the Authorization header; null when it holds none. */
export function bearerToken(headers: Credentials['headers']): string | null {
  const header = headers.get('authorization')?.trim() ?? '';
  const [scheme = '', token = ''] = header.split(' ', 2);
  return scheme.toLowerCase() === 'bearer' && token !== '' ? token : null;
}

/** The WebSocket subprotocols that a client asks for, without the one that carries its token. */
export function askedProtocols(headers: Credentials['headers']): readonly string[] {
  return protocolsOf(headers).filter((protocol) => !protocol.startsWith(websocketProtocolPrefix));
}

function protocolsOf(headers: Credentials['headers']): string[] {
  return (headers.get('sec-websocket-protocol') ?? '').split(',').map((one) => one.trim());
}

function websocketToken(headers: Credentials['headers']): string | null {
  if (headers.get('upgrade')?.toLowerCase() !== 'websocket') return null;
  const protocols = protocolsOf(headers);
  const found = protocols.find((protocol) => protocol.startsWith(websocketProtocolPrefix));
  // The server answers with one of the protocols: it must not be the one that carries the secret.
  if (found === undefined || protocols.length < 2) return null;
  const encoded = found.slice(websocketProtocolPrefix.length);
  if (!/^[\w-]+$/.test(encoded)) return null;
  return Buffer.from(encoded, 'base64url').toString('utf8');
}
