import type { PasswordHasher } from '../../../src/store/auth/auth-settings.js';

/** Hashes that cost nothing and hide nothing. */
export const fakePasswords: PasswordHasher = {
  async hash(password) {
    return new TextEncoder().encode(`hash of ${password}`);
  },
  async matches(password, hash) {
    return new TextDecoder().decode(hash) === `hash of ${password}`;
  },
};
