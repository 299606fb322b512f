import type { ImageAuth } from '../../container-runtime.js';
import { recordOf } from '../stored-image.js';
import { isLoopback } from './registry-endpoint.js';
import { RegistryError } from './registry-error.js';

/** What a registry asks for (RFC 9110 section 11.6.1). */
export interface AuthChallenge {
  /** Lower case. */
  readonly scheme: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/** Reads `www-authenticate`; the first challenge that can be met, or null. */
export function parseChallenge(header: string): AuthChallenge | null {
  // A scheme begins where a word is not followed by '='.
  const parts = header.split(/(?:^|,)\s*(?=[\w-]+(?:\s+[\w-]+\s*=|\s*$|\s*,))/).filter(Boolean);
  for (const part of parts) {
    const match = /^\s*([\w-]+)\s*(.*)$/s.exec(part);
    const scheme = match?.[1]?.toLowerCase() ?? '';
    if (scheme !== 'bearer' && scheme !== 'basic') continue;
    return { scheme, parameters: parametersIn(match?.[2] ?? '') };
  }
  return null;
}

function parametersIn(text: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (const match of text.matchAll(/([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/g)) {
    const [, name = '', quoted, plain = ''] = match;
    parameters.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? plain);
  }
  return parameters;
}

/** The value of `authorization` for a name and a password. */
export function basicAuthorization({ username, password }: ImageAuth): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/**
 * Where a token for reading a repository is asked for (distribution's token authentication specification). Throws RegistryError for a place
 * that a password must not be sent to.
 */
export function tokenUrl({ parameters }: AuthChallenge, repository: string): string {
  const realm = parameters.get('realm') ?? '';
  if (!URL.canParse(realm)) throw new RegistryError(`the registry names no place for tokens`);
  const url = new URL(realm);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.host))) {
    throw new RegistryError(`tokens are not asked for at ${url.origin}: it is not HTTPS`);
  }
  const service = parameters.get('service');
  if (service !== undefined) url.searchParams.set('service', service);
  url.searchParams.set('scope', parameters.get('scope') ?? `repository:${repository}:pull`);
  return url.href;
}

/** The token in an answer. Throws RegistryError. */
export function tokenIn(body: string): string {
  let document: unknown;
  try {
    document = JSON.parse(body);
  } catch (cause) {
    throw new RegistryError('the answer to the request for a token is not JSON', { cause });
  }
  const { token, access_token } = recordOf(document);
  const found = typeof token === 'string' && token !== '' ? token : access_token;
  if (typeof found === 'string' && found !== '') return found;
  throw new RegistryError('the answer to the request for a token has none');
}
