import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { SignJWT } from 'jose';
import t from 'tap';
import { type JwtOptions, JwtTokens } from '../../../src/store/auth/jwt-tokens.js';
import { StoreError } from '../../../src/store/errors.js';
import { ManualClock } from '../manual-clock.js';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const secret = new Uint8Array(randomBytes(32));

const schemes: readonly (readonly [string, Pick<JwtOptions, 'signKey' | 'verifyKey'>])[] = [
  ['HS256', { signKey: secret, verifyKey: secret }],
  ['RS256', { signKey: rsa.privateKey, verifyKey: rsa.publicKey }],
  ['PS512', { signKey: rsa.privateKey, verifyKey: rsa.publicKey }],
  ['ES256', { signKey: ec.privateKey, verifyKey: ec.publicKey }],
];
const alice = { userName: 'alice', revision: 7 };

for (const [algorithm, keys] of schemes) {
  t.test(`JwtTokens verifies what it has signed with ${algorithm}`, async (t) => {
    const clock = new ManualClock();
    const tokens = new JwtTokens({ algorithm, ...keys, ttlSeconds: 60, clock });
    const token = await tokens.sign(alice);
    t.equal(tokens.recall(token), undefined, 'it has not been verified yet');
    t.same(await tokens.verify(token), alice);
    t.same(tokens.recall(token), alice);
    clock.jump(61_000);
    t.equal(tokens.recall(token), undefined, 'it has run out');
    t.equal(await verdict(tokens, token), 'invalid-auth-token');
  });
}

t.test('JwtTokens refuses what others have signed, and signs nothing without a key', async (t) => {
  const clock = new ManualClock();
  const options = { algorithm: 'RS256', verifyKey: rsa.publicKey, ttlSeconds: 60, clock };
  const verifier = new JwtTokens({ ...options, signKey: null });
  const signer = new JwtTokens({ ...options, signKey: rsa.privateKey });
  t.same(await verifier.verify(await signer.sign(alice)), alice, 'the same key');
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const forger = new JwtTokens({ ...options, signKey: other.privateKey });
  t.equal(await verdict(verifier, await forger.sign(alice)), 'invalid-auth-token', 'another key');
  await t.rejects(verifier.sign(alice), new StoreError('token-verify-only'));
  // With the public key, which everybody may know, as a secret.
  const pem = new TextEncoder().encode(
    rsa.publicKey.export({ type: 'spki', format: 'pem' }) as string,
  );
  const confused = new JwtTokens({ ...options, algorithm: 'HS256', signKey: pem, verifyKey: pem });
  t.equal(await verdict(verifier, await confused.sign(alice)), 'invalid-auth-token', 'HS256');
  const claims = Buffer.from(JSON.stringify({ username: 'root', revision: 9 })).toString(
    'base64url',
  );
  const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${claims}.`;
  t.equal(await verdict(verifier, none), 'invalid-auth-token', 'unsigned');
  t.equal(await verdict(verifier, 'abc'), 'invalid-auth-token', 'no token');
});

t.test('JwtTokens refuses tokens that do not say who and when', async (t) => {
  const clock = new ManualClock();
  const keys = { signKey: secret, verifyKey: secret };
  const tokens = new JwtTokens({ algorithm: 'HS256', ...keys, ttlSeconds: 60, clock });
  const now = clock.wallTime() / 1000;
  const table: readonly (readonly [claims: Record<string, unknown>, verdict: string])[] = [
    [{ username: 'alice', revision: 3 }, 'ok'],
    [{ username: 'alice', revision: 3, exp: now + 1 }, 'ok'],
    [{ username: 'alice', revision: 3, exp: now - 1 }, 'invalid-auth-token'],
    [{ username: 'alice', revision: 3, nbf: now - 1 }, 'ok'],
    [{ username: 'alice', revision: 3, nbf: now + 1 }, 'invalid-auth-token'],
    [{ username: 'alice', revision: '3' }, 'invalid-auth-token'],
    [{ username: 'alice' }, 'invalid-auth-token'],
    [{ revision: 3 }, 'invalid-auth-token'],
    [{ username: ['alice'], revision: 3 }, 'invalid-auth-token'],
  ];
  for (const [claims, expected] of table) {
    const token = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(secret);
    t.equal(await verdict(tokens, token), expected, JSON.stringify(claims));
  }
});

async function verdict(tokens: JwtTokens, token: string): Promise<string> {
  try {
    await tokens.verify(token);
    return 'ok';
  } catch (error) {
    if (error instanceof StoreError) return error.code;
    throw error;
  }
}
