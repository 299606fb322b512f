import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Clock } from '../../base/clock.js';
import {
  type AuthSettings,
  BcryptPasswords,
  simpleTokenScheme,
  type TokenScheme,
} from '../../store/index.js';
import { type AuthFlags, invalid, type JwtFlags, type TokenFlags } from './auth-flags.js';

/** How users are told apart, with the keys read from their files. Rejects with UsageError when they cannot be used. */
export async function authSettingsOf(flags: AuthFlags, clock: Clock): Promise<AuthSettings> {
  return {
    passwords: new BcryptPasswords(flags.bcryptCost),
    tokens: await tokenScheme(flags.tokens, clock),
    trustsCertificates: flags.trustsCertificates,
  };
}

async function tokenScheme(flags: TokenFlags, clock: Clock): Promise<TokenScheme> {
  switch (flags.kind) {
    case 'none':
      return { kind: 'none' };
    case 'simple':
      return simpleTokenScheme;
    case 'jwt': {
      // Few members sign tokens: the others need not load what it takes.
      const { JwtTokens } = await import('../../store/auth/jwt-tokens.js');
      const { method: algorithm, ttlSeconds } = flags;
      const signer = new JwtTokens({ ...(await keysOf(flags)), algorithm, ttlSeconds, clock });
      await tryOut(signer, flags);
      return { kind: 'signed', signer };
    }
  }
}

interface Keys {
  readonly signKey: KeyObject | Uint8Array | null;
  readonly verifyKey: KeyObject | Uint8Array;
}

async function keysOf({ method, publicKeyFile, privateKeyFile }: JwtFlags): Promise<Keys> {
  const privatePem = await read('priv-key', privateKeyFile);
  const publicPem = await read('pub-key', publicKeyFile);
  if (method.startsWith('HS')) {
    if (privatePem === null) throw invalid(`${method} needs priv-key`);
    return { signKey: privatePem, verifyKey: privatePem };
  }
  const signKey = privatePem && parse('priv-key', () => createPrivateKey(privatePem));
  const ownKey = signKey && createPublicKey(signKey);
  const verifyKey = publicPem && parse('pub-key', () => createPublicKey(publicPem));
  if (ownKey !== null && verifyKey !== null && !ownKey.equals(verifyKey)) {
    throw invalid('priv-key and pub-key are not of one pair');
  }
  const known = verifyKey ?? ownKey;
  if (known === null) throw invalid(`${method} needs priv-key, or pub-key to verify tokens alone`);
  return { signKey, verifyKey: known };
}

async function read(name: string, file: string): Promise<Buffer | null> {
  if (file === '') return null;
  try {
    return await readFile(file);
  } catch (cause) {
    throw invalid(`${name}=${file} cannot be read (${(cause as Error).message})`, { cause });
  }
}

function parse<T>(name: string, parseKey: () => T): T {
  try {
    return parseKey();
  } catch (cause) {
    throw invalid(`${name} is not a key in PEM (${(cause as Error).message})`, { cause });
  }
}

/** A key that does not fit the method is found out now and not when somebody logs in. */
async function tryOut(
  signer: { sign(info: { userName: string; revision: number }): Promise<string> },
  { method, privateKeyFile }: JwtFlags,
): Promise<void> {
  if (privateKeyFile === '') return;
  try {
    await signer.sign({ userName: '', revision: 0 });
  } catch (cause) {
    throw invalid(`priv-key is not for ${method} (${(cause as Error).message})`, { cause });
  }
}
