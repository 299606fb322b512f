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
  const state = {
    keys: [{ kid: 'one', pair: first }],
    isDown: false,
    /** Texts by URL. */
    elsewhere: new Map<string, string>(),
  };
  const authenticator = new JwtAuthenticator(
    jwtSettingsOfOidc({ ...base, ...options }),
    {
      json: async (url) => {
        fetched.push(url);
        if (state.isDown) throw new Error('connection refused');
        const issuer = new URL(url).origin;
        if (url.endsWith('/.well-known/openid-configuration'))
          return { issuer, jwks_uri: `${issuer}/keys` };
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
      text: async (url, bearerToken) => {
        fetched.push(`${url} ${bearerToken}`);
        const text = state.elsewhere.get(url);
        if (text === undefined) throw new Error(`${url} answers with status 404`);
        return text;
      },
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

const elsewhere = 'https://claims.test/groups';
const distributed = (source: object = { endpoint: elsewhere, access_token: 'secret' }) => ({
  groups: undefined,
  _claim_names: { groups: 'src1' },
  _claim_sources: { src1: source },
});

t.test('JwtAuthenticator fetches groups that are elsewhere', async (t) => {
  for (const iss of [issuerUrl, 'https://claims.test']) {
    const { authenticator, sign, fetched, state } = world();
    state.elsewhere.set(elsewhere, `${await sign({ iss, groups: ['far', 'away'] })}\n`);
    const identity = await authenticator.authenticateToken(await sign(distributed()), []);
    t.same(identity?.user.groups, ['oidc:far', 'oidc:away'], iss);
    t.ok(fetched.includes(`${elsewhere} secret`), iss);
    t.ok(fetched.includes(`${iss}/keys`), iss);
  }
  for (const claims of [
    { ...distributed(), groups: ['dev'] },
    { groups: ['dev'], _claim_names: { other: 'src1' }, _claim_sources: {} },
    { groups: ['dev'], _claim_names: 1 },
  ]) {
    const { authenticator, sign, fetched } = world();
    const identity = await authenticator.authenticateToken(await sign(claims), []);
    t.same(identity?.user.groups, ['oidc:dev'], JSON.stringify(claims));
    t.notOk(fetched.some((url) => url.startsWith(elsewhere)));
  }
  const { authenticator, sign } = world();
  const aggregated = await sign(distributed({ JWT: 'x' }));
  t.same((await authenticator.authenticateToken(aggregated, []))?.user.groups, []);
});

t.test('JwtAuthenticator refuses tokens whose groups cannot be had from elsewhere', async (t) => {
  const failed = 'oidc: could not expand distributed claims: ';
  const { sign } = world();
  const signed = (claims: object, pair = first) => sign({ ...claims }, 'one', pair);
  const cases: readonly [object, string, RegExp][] = [
    [distributed(), '', /while getting distributed claim "groups": .* status 404$/],
    [distributed({ endpoint: 'http://claims.test' }), '', /"http:.*" is no https URL$/],
    [distributed(), 'opaque', /answers with no token$/],
    [distributed(), await signed({ groups: undefined }), /did not contain claim: groups$/],
    [distributed(), await signed({ aud: 'other' }), /verify distributed .* got \["other"\]$/],
    [distributed(), await signed({ exp: 1 }), /verify distributed .* token is expired$/],
    [distributed(), await signed({ iss: 'http://x' }), /"http:\/\/x" is no https URL$/],
    [{ ...distributed(), _claim_names: 'x' }, '', /error parsing distributed claim names$/],
    [{ ...distributed(), _claim_sources: undefined }, '', /oidc: no claim sources$/],
    [{ ...distributed(), _claim_sources: [] }, '', /could not parse claim sources$/],
    [
      { ...distributed(), _claim_sources: {} },
      '',
      /_claim_names contained a source src1 missing in _claims_sources$/,
    ],
  ];
  for (const [claims, text, error] of cases) {
    const { authenticator, sign: signHere, state } = world();
    if (text !== '') state.elsewhere.set(elsewhere, text);
    const token = await signHere({ ...claims });
    await authenticator.authenticateToken(token, []).then(
      () => t.fail(`${error} is not refused`),
      ({ message }: Error) => {
        t.ok(message.startsWith(failed), message);
        t.match(message, error);
      },
    );
  }
  const forged = world();
  forged.state.elsewhere.set(elsewhere, await signed({ groups: ['root'] }, second));
  const token = await forged.sign(distributed());
  await t.rejects(forged.authenticator.authenticateToken(token, []), /failed to verify signature/);
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
