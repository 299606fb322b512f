import { generateKeyPairSync } from 'node:crypto';
import { exportJWK, SignJWT } from 'jose';
import t from 'tap';
import { JwtAuthenticator } from '../../../../src/control/apiserver/authentication/jwt/jwt-authenticator.js';
import {
  jwtSettingsOfOidc,
  type OidcOptions,
} from '../../../../src/control/apiserver/authentication/oidc.js';
import { ManualClock } from '../../../store/manual-clock.js';

const issuerUrl = 'https://issuer.test';
const base: OidcOptions = {
  issuerUrl,
  clientId: 'kubernetes',
  caPem: '',
  usernameClaim: 'sub',
  usernamePrefix: undefined,
  groupsClaim: 'groups',
  groupsPrefix: 'oidc:',
  signingAlgorithms: ['RS256'],
  requiredClaims: {},
};
const keyOf = () => generateKeyPairSync('rsa', { modulusLength: 2048 });
const [first, second] = [keyOf(), keyOf()];

function world(options: Partial<OidcOptions> = {}) {
  const clock = new ManualClock();
  clock.wallTime = () => Date.UTC(2026, 0, 1);
  const fetched: string[] = [];
  const state = { keys: [{ kid: 'one', pair: first }], isDown: false };
  const authenticator = new JwtAuthenticator(
    jwtSettingsOfOidc({ ...base, ...options }),
    async (url) => {
      fetched.push(url);
      if (state.isDown) throw new Error('connection refused');
      if (url.endsWith('/.well-known/openid-configuration'))
        return { issuer: issuerUrl, jwks_uri: `${issuerUrl}/keys` };
      return {
        keys: await Promise.all(
          state.keys.map(async ({ kid, pair }) => ({
            ...(await exportJWK(pair.publicKey)),
            kid,
            alg: 'RS256',
            use: 'sig',
          })),
        ),
      };
    },
    clock,
  );
  const sign = (claims: Record<string, unknown> = {}, kid = 'one', pair = first) =>
    new SignJWT({
      iss: issuerUrl,
      aud: 'kubernetes',
      sub: 'jane',
      exp: Date.UTC(2026, 0, 2) / 1000,
      groups: ['dev'],
      ...claims,
    })
      .setProtectedHeader({ alg: 'RS256', kid })
      .sign(pair.privateKey);
  return { authenticator, sign, fetched, state, clock };
}

t.test('JwtAuthenticator: the --oidc-* flags tell user and groups of ID tokens', async (t) => {
  const cases: readonly [Partial<OidcOptions>, Record<string, unknown>, string, string[]][] = [
    [{}, {}, `${issuerUrl}#jane`, ['oidc:dev']],
    [{ usernamePrefix: '-' }, {}, 'jane', ['oidc:dev']],
    [{ usernamePrefix: 'x:' }, { groups: 'one' }, 'x:jane', ['oidc:one']],
    [{ usernameClaim: 'email' }, { email: 'j@x', email_verified: true }, 'j@x', ['oidc:dev']],
    [{ groupsClaim: '' }, {}, `${issuerUrl}#jane`, []],
    [
      { requiredClaims: { team: 'a' } },
      { team: 'a', aud: ['other', 'kubernetes'] },
      `${issuerUrl}#jane`,
      ['oidc:dev'],
    ],
  ];
  for (const [options, claims, name, groups] of cases) {
    const { authenticator, sign } = world(options);
    const identity = await authenticator.authenticateToken(await sign(claims), []);
    t.equal(identity?.user.name, name);
    t.same(identity?.user.groups, groups);
  }
});

t.test('JwtAuthenticator refuses tokens that do not hold', async (t) => {
  const cases: readonly [Partial<OidcOptions>, Record<string, unknown>, RegExp][] = [
    [{}, { aud: 'other' }, /expected audience "kubernetes" got \["other"\]/],
    [{}, { exp: Date.UTC(2025, 11, 31) / 1000 }, /token is expired/],
    [{}, { exp: undefined }, /token is expired/],
    [{ usernameClaim: 'email' }, { email: 'j@x', email_verified: false }, /email not verified/],
    [{ usernameClaim: 'name' }, {}, /parse username claims "name": claim not present/],
    [{ requiredClaims: { team: 'a' } }, {}, /required claim team not present in ID token/],
    [
      { requiredClaims: { team: 'a' } },
      { team: 'b' },
      /required claim team value does not match\. Got = b, want = a/,
    ],
    [{}, { groups: [1] }, /parse groups claim "groups"/],
    [{ signingAlgorithms: ['ES256'] }, {}, /failed to verify signature/],
  ];
  for (const [options, claims, error] of cases) {
    const { authenticator, sign } = world(options);
    await t.rejects(authenticator.authenticateToken(await sign(claims), []), error);
  }
  const { authenticator, sign } = world();
  await t.rejects(
    authenticator.authenticateToken(await sign({}, 'one', second), []),
    /failed to verify signature/,
  );
  t.equal(await authenticator.authenticateToken(await sign({ iss: 'https://other' }), []), null);
  t.equal(await authenticator.authenticateToken('opaque', []), null);
});

t.test('JwtAuthenticator looks for new keys, but not for every bad token', async (t) => {
  const { authenticator, sign, fetched, state, clock } = world();
  state.isDown = true;
  await t.rejects(
    authenticator.authenticateToken(await sign(), []),
    /authenticator not initialized/,
  );
  state.isDown = false;
  t.ok(await authenticator.authenticateToken(await sign(), []), 'the issuer came back');
  const before = fetched.length;
  await t.rejects(authenticator.authenticateToken(await sign({}, 'two', second), []));
  t.equal(fetched.length, before, 'the keys are fresh');
  state.keys.push({ kid: 'two', pair: second });
  clock.jump(10_001);
  t.ok(await authenticator.authenticateToken(await sign({}, 'two', second), []), 'a new key');
  t.equal(fetched.length, before + 2);
  clock.jump(10_001);
  state.isDown = true;
  await t.rejects(authenticator.authenticateToken(await sign({}, 'three', second), []));
  t.ok(
    await authenticator.authenticateToken(await sign(), []),
    'known keys hold while the issuer is down',
  );
});
