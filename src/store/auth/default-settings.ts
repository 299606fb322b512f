import { randomLetters } from '../../host/random-letters.js';
import type { AuthSettings, TokenScheme } from './auth-settings.js';
import { BcryptPasswords } from './bcrypt-passwords.js';

const prefixLetters = 16;

/** Tokens that members remember, as etcd makes them. */
export const simpleTokenScheme: TokenScheme = {
  kind: 'simple',
  newPrefix: () => randomLetters(prefixLetters),
};

/** etcd's defaults. */
export function defaultAuthSettings(): AuthSettings {
  return {
    passwords: new BcryptPasswords(),
    tokens: simpleTokenScheme,
    trustsCertificates: false,
  };
}
