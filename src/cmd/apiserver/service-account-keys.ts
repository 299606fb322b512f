import { generateKeyPairSync } from 'node:crypto';
import type { Logger } from '../../base/logger.js';
import {
  parseSigningKey,
  parseVerificationKeys,
  type VerificationKey,
  verificationKeyOf,
} from '../../control/api/service-account/signing-key.js';
import { TokenIssuer } from '../../control/api/service-account/token-issuer.js';
import { readTextFile } from '../../host/text-file.js';
import type { ParsedFlags } from './parse.js';

/** Who signs the tokens of service accounts, and by which keys they are believed. */
export interface ServiceAccountKeys {
  readonly issuer: TokenIssuer;
  /** The first signs; tokens of all are accepted. */
  readonly issuers: readonly string[];
  readonly verification: readonly VerificationKey[];
}

/** Reads the keys that the flags name. Without a signing key one is made, which only this process knows. */
export async function openServiceAccountKeys(
  flags: ParsedFlags,
  logger: Logger,
): Promise<ServiceAccountKeys> {
  const path = flags.text('service-account-signing-key-file');
  if (path === '') {
    logger.warn(
      'no --service-account-signing-key-file is given: tokens are signed with a key that ends with this process',
    );
  }
  const signing = parseSigningKey(path === '' ? makeKey() : await readTextFile(path));
  const verification = [verificationKeyOf(signing)];
  for (const file of flags.list('service-account-key-file')) {
    for (const key of parseVerificationKeys(await readTextFile(file))) {
      if (verification.every(({ id }) => id !== key.id)) verification.push(key);
    }
  }
  const issuers = flags.list('service-account-issuer');
  return { issuer: new TokenIssuer(signing, issuers[0] ?? ''), issuers, verification };
}

function makeKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}
