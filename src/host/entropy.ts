import { randomBytes } from 'node:crypto';
import { Prng } from '../base/prng.js';

/** A generator seeded from the machine's entropy: no two processes share its sequence. */
export function entropyPrng(): Prng {
  const bytes = randomBytes(6);
  return new Prng(bytes.readUIntBE(0, 6));
}
