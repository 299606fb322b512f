import { generateKeyPairSync } from 'node:crypto';
import { exportJWK, SignJWT } from 'jose';
import t from 'tap';
import { parseAuthenticationConfig } from '../../../../src/control/apiserver/authentication/authentication-config.js';
import { JwtAuthenticator } from '../../../../src/control/apiserver/authentication/jwt/jwt-authenticator.js';
import { ConfigError } from '../../../../src/control/apiserver/configuration/config-object.js';
import { ManualClock } from '../../../store/manual-clock.js';

const url = 'https://issuer.test';
const issuer = { url, audiences: ['kube'] };
const username = { claim: 'sub', prefix: '' };
const jwtOf = (more: object = {}) => ({ issuer, claimMappings: { username }, ...more });
const configOf = (jwt: unknown, more: object = {}, version = 'v1') =>
  JSON.stringify({
    apiVersion: `apiserver.config.k8s.io/${version}`,
    kind: 'AuthenticationConfiguration',
    jwt,
    ...more,
  });
const mapping = (claimMappings: object) => jwtOf({ claimMappings: { username, ...claimMappings } });
const rule = (...claimValidationRules: object[]) => jwtOf({ claimValidationRules });

t.test('parseAuthenticationConfig reads issuers, and who may be anonymous where', (t) => {
  const both = [jwtOf(), jwtOf({ issuer: { url: `${url}/b`, audiences: ['kube'] } })];
  for (const version of ['v1', 'v1beta1', 'v1alpha1'])
    t.same(
      parseAuthenticationConfig(configOf(both, {}, version), []).jwt.map(
        ({ issuerUrl }) => issuerUrl,
      ),
      [url, `${url}/b`],
    );
  const cases: readonly [object, object | null][] = [
    [{}, null],
    [{ anonymous: { enabled: false } }, { mode: 'off' }],
    [{ anonymous: {} }, { mode: 'off' }],
    [{ anonymous: { enabled: true } }, { mode: 'on' }],
    [
      { anonymous: { enabled: true, conditions: [{ path: '/livez' }, { path: '/x' }] } },
      { mode: 'paths', paths: ['/livez', '/x'] },
    ],
  ];
  for (const [more, anonymous] of cases)
    t.same(parseAuthenticationConfig(configOf([], more), []).anonymous, anonymous);
  t.end();
});

t.test('parseAuthenticationConfig refuses in the words of Kubernetes', (t) => {
  const issued = (more: object) => jwtOf({ issuer: { ...issuer, ...more } });
  const cases: readonly [unknown, string][] = [
    [[issued({ url: '' })], 'jwt[0].issuer.url: Required value'],
    [
      [issued({ url: 'http://x' })],
      'jwt[0].issuer.url: Invalid value: "http://x": URL scheme must be https',
    ],
    [
      [issued({ url: 'https://u:p@x' })],
      'jwt[0].issuer.url: Invalid value: "https://u:p@x": URL must not contain a username or password',
    ],
    [[issued({ url: 'https://x?a=b' })], 'URL must not contain a query'],
    [[issued({ url: 'https://x#f' })], 'URL must not contain a fragment'],
    [
      [issued({ url: 'https://own' })],
      'jwt[0].issuer.url: Invalid value: "https://own": URL must not overlap with disallowed issuers: [https://own]',
    ],
    [
      [issued({ discoveryURL: `${url}/` })],
      'jwt[0].issuer.discoveryURL: Invalid value: "https://issuer.test/": discoveryURL must be different from URL',
    ],
    [[jwtOf(), jwtOf()], 'jwt[1].issuer.url: Duplicate value: "https://issuer.test"'],
    [
      [issued({ audiences: [] })],
      'jwt[0].issuer.audiences: Required value: at least one jwt[0].issuer.audiences is required',
    ],
    [
      [issued({ audiences: ['a', 'b'] })],
      'jwt[0].issuer.audienceMatchPolicy: Invalid value: "": audienceMatchPolicy must be MatchAny for multiple audiences',
    ],
    [
      [issued({ audiences: ['a', 'a'], audienceMatchPolicy: 'MatchAny' })],
      'jwt[0].issuer.audiences[1]: Duplicate value: "a"',
    ],
    [
      [issued({ certificateAuthority: 'x' })],
      'jwt[0].issuer.certificateAuthority: Invalid value: "<omitted>": data does not contain any valid RSA or ECDSA certificates',
    ],
    [
      [jwtOf({ claimMappings: {} })],
      'jwt[0].claimMappings.username: Required value: claim or expression is required',
    ],
    [
      [jwtOf({ claimMappings: { username: { claim: 'sub' } } })],
      'jwt[0].claimMappings.username.prefix: Required value: prefix is required when claim is set. It can be set to an empty string to disable prefixing',
    ],
    [
      [mapping({ groups: { claim: 'g', prefix: '', expression: 'claims.g' } })],
      'jwt[0].claimMappings.groups: Invalid value: "": claim and expression can\'t both be set',
    ],
    [
      [mapping({ uid: { expression: 'claims.' } })],
      'jwt[0].claimMappings.uid.expression: Invalid value: "claims.": compilation failed: ERROR: <input>:1:',
    ],
    [
      [mapping({ extra: [{ key: 'foo', valueExpression: 'claims.x' }] })],
      'jwt[0].claimMappings.extra[0].key: Invalid value: "foo": must be a domain-prefixed path (such as "acme.io/foo")',
    ],
    [
      [mapping({ extra: [{ key: 'a.k8s.io/foo', valueExpression: 'claims.x' }] })],
      'jwt[0].claimMappings.extra[0].key: Invalid value: "a.k8s.io/foo": k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use',
    ],
    [
      [mapping({ extra: [{ key: 'a.io/Foo', valueExpression: 'claims.x' }] })],
      'jwt[0].claimMappings.extra[0].key: Invalid value: "a.io/Foo": must be lowercase',
    ],
    [
      [mapping({ extra: [{ key: 'a.io/foo' }] })],
      'jwt[0].claimMappings.extra[0].valueExpression: Required value',
    ],
    [
      [jwtOf({ claimMappings: { username: { expression: 'claims.email' } } })],
      'jwt[0].claimMappings.username.expression: Invalid value: "claims.email": claims.email_verified must be used in',
    ],
    [[rule({})], 'jwt[0].claimValidationRules[0]: Required value: claim or expression is required'],
    [
      [rule({ claim: 'a', expression: 'true' })],
      'jwt[0].claimValidationRules[0]: Invalid value: "a": claim and expression can\'t both be set',
    ],
    [
      [rule({ claim: 'a', message: 'm' })],
      'jwt[0].claimValidationRules[0].message: Invalid value: "m": may not be specified when claim is set',
    ],
    [
      [rule({ claim: 'a' }, { claim: 'a' })],
      'jwt[0].claimValidationRules[1].claim: Duplicate value: "a"',
    ],
    [
      [rule({ expression: '1' })],
      'jwt[0].claimValidationRules[0].expression: Invalid value: "1": must evaluate to bool',
    ],
    [
      [jwtOf({ userValidationRules: [{ expression: 'user.nope == 1' }] })],
      'jwt[0].userValidationRules[0].expression: Invalid value: "user.nope == 1": compilation failed: ERROR: <input>:1:5: undefined field \'nope\'',
    ],
    [
      [jwtOf({ userValidationRules: [{}] })],
      'jwt[0].userValidationRules[0].expression: Required value',
    ],
    [[jwtOf({ issuers: [] })], 'strict decoding error: unknown field "jwt[0].issuers"'],
    [Array.from({ length: 65 }, () => jwtOf()), 'jwt: Too many: 65: must have at most 64 items'],
  ];
  for (const [jwt, message] of cases) {
    try {
      parseAuthenticationConfig(configOf(jwt), ['https://own']);
      t.fail(`nothing is refused where ${message} was expected`);
    } catch (error) {
      t.ok(error instanceof ConfigError && error.message.includes(message), String(error));
    }
  }
  t.throws(
    () =>
      parseAuthenticationConfig(configOf([], { anonymous: { conditions: [{ path: '/' }] } }), []),
    /anonymous\.conditions: Invalid value: .*: enabled should be set to true when conditions are defined/,
  );
  t.end();
});

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** Asks the authenticator of a configuration about a token with these claims. */
async function ask(jwt: object, claims: Record<string, unknown>) {
  const clock = new ManualClock();
  clock.wallTime = () => Date.UTC(2026, 0, 1);
  const fetched: string[] = [];
  const { jwt: all } = parseAuthenticationConfig(configOf([jwt]), []);
  const [settings] = all;
  if (settings === undefined) throw new Error('the configuration has no issuer');
  const authenticator = new JwtAuthenticator(
    settings,
    {
      json: async (asked) => {
        fetched.push(asked);
        if (!asked.endsWith('/keys')) return { issuer: url, jwks_uri: `${url}/keys` };
        return { keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'k', alg: 'ES256' }] };
      },
      text: () => Promise.reject(new Error('nothing is elsewhere')),
    },
    clock,
  );
  const token = await new SignJWT({
    ...{ iss: url, aud: 'kube', sub: 'jane', exp: Date.UTC(2026, 0, 2) / 1000 },
    ...claims,
  })
    .setProtectedHeader({ alg: 'ES256', kid: 'k' })
    .sign(pair.privateKey);
  const identity = await authenticator.authenticateToken(token, []);
  return { user: identity?.user, fetched };
}

t.test('JwtAuthenticator makes users of claims by expressions', async (t) => {
  const nothing = { name: 'jane', uid: '', groups: [], extra: {} };
  const cases: readonly [object, Record<string, unknown>, object][] = [
    [
      jwtOf(),
      { groups: ['dev'], jti: 'x' },
      { ...nothing, extra: { 'authentication.kubernetes.io/credential-id': ['JTI=x'] } },
    ],
    [
      mapping({ groups: { claim: 'g', prefix: 'p:' }, uid: { claim: 'id' } }),
      { g: ['a', 'b'], id: '7' },
      { ...nothing, uid: '7', groups: ['p:a', 'p:b'] },
    ],
    [
      jwtOf({ claimMappings: { username: { expression: "claims.tenant + ':' + claims.sub" } } }),
      { tenant: 't' },
      { ...nothing, name: 't:jane' },
    ],
    [
      mapping({ groups: { expression: "claims.roles.split(',').map(r, 'role:' + r)" } }),
      { roles: 'a,b' },
      { ...nothing, groups: ['role:a', 'role:b'] },
    ],
    [
      mapping({ groups: { expression: 'claims.g' } }),
      { g: ['', 'a'] },
      { ...nothing, groups: ['a'] },
    ],
    [mapping({ groups: { expression: 'claims.?g.orValue([])' } }), {}, nothing],
    [
      mapping({
        uid: { expression: 'claims.meta.foo__dot__bar' },
        extra: [
          { key: 'a.io/one', valueExpression: 'claims.meta.list' },
          { key: 'a.io/none', valueExpression: "''" },
        ],
      }),
      { meta: { 'foo.bar': 'u', list: ['x', 'y'] } },
      { ...nothing, uid: 'u', extra: { 'a.io/one': ['x', 'y'] } },
    ],
    [
      jwtOf({
        claimValidationRules: [
          { claim: 'hd', requiredValue: 'x.io' },
          { expression: 'claims.exp - claims.iat <= 86400', message: 'too long' },
        ],
        userValidationRules: [{ expression: "!user.username.startsWith('system:')" }],
      }),
      { hd: 'x.io', iat: Date.UTC(2026, 0, 1) / 1000 },
      nothing,
    ],
    [
      jwtOf({ issuer: { url, audiences: ['a', 'b'], audienceMatchPolicy: 'MatchAny' } }),
      { aud: ['z', 'b'] },
      nothing,
    ],
  ];
  for (const [jwt, claims, user] of cases) t.same((await ask(jwt, claims)).user, user);
});

t.test('JwtAuthenticator says what of a token does not hold', async (t) => {
  const expression = (text: string) => jwtOf({ claimMappings: { username: { expression: text } } });
  const cases: readonly [object, Record<string, unknown>, string][] = [
    [
      expression('claims.nope'),
      {},
      "oidc: error evaluating username claim expression: expression 'claims.nope' resulted in error: no such key: nope",
    ],
    [
      expression('claims.n'),
      { n: 1 },
      'oidc: error evaluating username claim expression: username claim expression must return a string',
    ],
    [expression('claims.n'), { n: '' }, 'oidc: empty username via CEL expression is not allowed'],
    [
      mapping({ groups: { expression: 'claims.n' } }),
      { n: [1] },
      'oidc: error evaluating group claim expression: expression must return a string or a list of strings',
    ],
    [mapping({ uid: { claim: 'id' } }), {}, 'oidc: parse uid claim "id": claim not present'],
    [
      rule({ expression: "claims.hd == 'x'", message: 'wrong domain' }),
      { hd: 'y' },
      "oidc: error evaluating claim validation expression: validation expression 'claims.hd == 'x'' failed: wrong domain",
    ],
    [
      rule({ expression: 'claims.ok' }),
      { ok: 'yes' },
      'validation expression must return a boolean',
    ],
    [
      jwtOf({
        userValidationRules: [
          { expression: "!user.username.startsWith('system:')", message: 'reserved' },
        ],
      }),
      { sub: 'system:x' },
      "oidc: error evaluating user info validation rule: validation expression '!user.username.startsWith('system:')' failed: reserved",
    ],
    [
      jwtOf({ issuer: { url, audiences: ['b', 'a'], audienceMatchPolicy: 'MatchAny' } }),
      { aud: 'z' },
      'oidc: verify token: oidc: expected audience in ["a" "b"] got ["z"]',
    ],
  ];
  for (const [jwt, claims, message] of cases)
    await ask(jwt, claims).then(
      () => t.fail(`taken, where ${message} was expected`),
      (error: Error) => t.ok(error.message.includes(message), error.message),
    );
});

t.test('JwtAuthenticator looks for keys where the configuration says', async (t) => {
  t.same((await ask(jwtOf(), {})).fetched, [
    `${url}/.well-known/openid-configuration`,
    `${url}/keys`,
  ]);
  const elsewhere = 'https://inside.test/doc';
  const { fetched } = await ask(jwtOf({ issuer: { ...issuer, discoveryURL: elsewhere } }), {});
  t.same(fetched, [elsewhere, `${url}/keys`]);
});
