import { generateKeyPairSync } from 'node:crypto';
import t from 'tap';
import type { Pod, Secret } from '../../../../src/control/api/gen/core-v1.js';
import {
  parseSigningKey,
  parseVerificationKeys,
  verificationKeyOf,
} from '../../../../src/control/api/service-account/signing-key.js';
import { TokenIssuer } from '../../../../src/control/api/service-account/token-issuer.js';
import { issuerDocuments } from '../../../../src/control/apiserver/authentication/service-account/discovery.js';
import { ServiceAccountTokenAuthenticator } from '../../../../src/control/apiserver/authentication/service-account/token-authenticator.js';
import { issueToken } from '../../../../src/control/apiserver/authentication/service-account/token-request.js';
import { TokenError } from '../../../../src/control/apiserver/authentication/token-authenticator.js';
import { formatTime } from '../../../../src/control/machinery/time.js';
import { ManualClock } from '../../../store/manual-clock.js';
import { FakeObjects } from '../fake-objects.js';

function pemOf(type: 'rsa' | 'P-256' | 'P-384' | 'P-521'): {
  privatePem: string;
  publicPem: string;
} {
  const { publicKey, privateKey } =
    type === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: type });
  return {
    privatePem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}

const keys = pemOf('P-256');
const issuerUrl = 'https://kubernetes.default.svc';
const pod: Pod = {
  metadata: { namespace: 'ns', name: 'web-0', uid: 'pod-uid' },
  spec: { serviceAccountName: 'web', nodeName: 'node-1' },
};

function world() {
  const clock = new ManualClock();
  const objects = new FakeObjects()
    .put('/serviceaccounts', { metadata: { namespace: 'ns', name: 'web', uid: 'sa-uid' } })
    .put('/pods', pod)
    .put('/nodes', { metadata: { name: 'node-1', uid: 'node-uid' } })
    .put('/secrets', { metadata: { namespace: 'ns', name: 'bound', uid: 'secret-uid' } });
  const issuer = new TokenIssuer(parseSigningKey(keys.privatePem), issuerUrl);
  const options = {
    issuer,
    apiAudiences: [issuerUrl],
    maxSeconds: 0,
    extendsExpiration: true,
    objects,
    uuid: () => 'jti-1',
  };
  const uses: [string, Readonly<Record<string, string>>][] = [];
  const authenticator = new ServiceAccountTokenAuthenticator({
    issuers: [issuerUrl],
    keys: parseVerificationKeys(keys.publicPem),
    apiAudiences: [issuerUrl],
    objects,
    clock,
    looksUp: true,
    noteUse: (secret, labels) => {
      uses.push([secret.metadata.name ?? '', labels]);
    },
  });
  const warnings: string[] = [];
  const issue = (spec: NonNullable<Parameters<typeof issueToken>[0]['spec']>) =>
    issueToken(
      { metadata: {}, spec },
      {
        namespace: 'ns',
        name: 'web',
        nowMs: clock.wallTime(),
        isDryRun: false,
        warn: (text) => warnings.push(text),
      },
      options,
    );
  return { clock, objects, issuer, authenticator, issue, options, warnings, uses };
}

type World = ReturnType<typeof world>;

t.test('service account tokens are issued and known, with every type of key', async (t) => {
  for (const type of ['rsa', 'P-256', 'P-384', 'P-521'] as const) {
    const { publicPem, privatePem } = pemOf(type);
    const { objects, clock, options } = world();
    const issuer = new TokenIssuer(parseSigningKey(privatePem), issuerUrl);
    const request = { metadata: {}, spec: {} };
    const context = {
      namespace: 'ns',
      name: 'web',
      nowMs: clock.wallTime(),
      isDryRun: false,
      warn() {},
    };
    const { status } = await issueToken(request, context, { ...options, issuer });
    // Keys may be given as public or private ones, several in a file.
    for (const pem of [publicPem, privatePem, `${keys.publicPem}\n${publicPem}`]) {
      const authenticator = new ServiceAccountTokenAuthenticator({
        issuers: ['https://old', issuerUrl],
        keys: parseVerificationKeys(pem),
        apiAudiences: [issuerUrl],
        objects,
        clock,
        looksUp: true,
      });
      const identity = await authenticator.authenticateToken(status?.token ?? '', []);
      t.equal(identity?.user.name, 'system:serviceaccount:ns:web', type);
      t.same(identity?.user.groups, ['system:serviceaccounts', 'system:serviceaccounts:ns']);
      t.equal(identity?.user.uid, 'sa-uid');
      t.same(identity?.user.extra, { 'authentication.kubernetes.io/credential-id': ['JTI=jti-1'] });
    }
  }
});

t.test('a token of a pod tells pod and node', async (t) => {
  const { issue, authenticator } = world();
  const { status, spec } = await issue({
    boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'web-0', uid: 'pod-uid' },
    audiences: ['vault'],
    expirationSeconds: 900,
  });
  t.equal(spec?.expirationSeconds, 900);
  const identity = await authenticator.authenticateToken(status?.token ?? '', ['vault', 'other']);
  t.same(identity?.audiences, ['vault']);
  t.same(identity?.user.extra, {
    'authentication.kubernetes.io/credential-id': ['JTI=jti-1'],
    'authentication.kubernetes.io/pod-name': ['web-0'],
    'authentication.kubernetes.io/pod-uid': ['pod-uid'],
    'authentication.kubernetes.io/node-name': ['node-1'],
    'authentication.kubernetes.io/node-uid': ['node-uid'],
  });
  await t.rejects(authenticator.authenticateToken(status?.token ?? '', []), {
    message:
      'token audiences ["vault"] is invalid for the target audiences ["https://kubernetes.default.svc"]',
  });
});

t.test('a token ends with its time and with what it is bound to', async (t) => {
  const bind = (kind: string, name: string) => ({
    boundObjectRef: { apiVersion: 'v1', kind, name },
  });
  const deleted = (metadata: Pod['metadata'], ms: number) => ({
    metadata: { ...metadata, deletionTimestamp: formatTime(ms) },
  });
  const cases: readonly [
    string,
    Parameters<ReturnType<typeof world>['issue']>[0],
    (world: World) => void,
    string | null,
  ][] = [
    ['fresh', {}, () => {}, null],
    ['within the leeway', {}, ({ clock }) => clock.jump(3_650_000), null],
    ['expired', {}, ({ clock }) => clock.jump(3_661_000), 'service account token has expired'],
    [
      'not yet valid',
      {},
      ({ clock }) => {
        clock.wallTime = () => 0;
      },
      'service account token is not valid yet',
    ],
    [
      'account gone',
      {},
      ({ objects }) => objects.remove('/serviceaccounts', 'ns', 'web'),
      'serviceaccounts "web" not found',
    ],
    [
      'account made anew',
      {},
      ({ objects }) =>
        objects.put('/serviceaccounts', {
          metadata: { namespace: 'ns', name: 'web', uid: 'other' },
        }),
      'service account UID (other) does not match claim (sa-uid)',
    ],
    [
      'account long deleted',
      {},
      ({ objects, clock }) =>
        objects.put(
          '/serviceaccounts',
          deleted({ namespace: 'ns', name: 'web', uid: 'sa-uid' }, clock.wallTime() - 61_000),
        ),
      'service account ns/web has been deleted',
    ],
    [
      'account just deleted',
      {},
      ({ objects, clock }) =>
        objects.put(
          '/serviceaccounts',
          deleted({ namespace: 'ns', name: 'web', uid: 'sa-uid' }, clock.wallTime() - 5000),
        ),
      null,
    ],
    [
      'pod gone',
      bind('Pod', 'web-0'),
      ({ objects }) => objects.remove('/pods', 'ns', 'web-0'),
      'service account token has been invalidated',
    ],
    [
      'pod made anew',
      bind('Pod', 'web-0'),
      ({ objects }) =>
        objects.put('/pods', { metadata: { namespace: 'ns', name: 'web-0', uid: 'new' } }),
      'pod UID (new) does not match service account pod ref claim (pod-uid)',
    ],
    [
      'the pod is there, its node gone',
      bind('Pod', 'web-0'),
      ({ objects }) => objects.remove('/nodes', '', 'node-1'),
      null,
    ],
    [
      'secret gone',
      bind('Secret', 'bound'),
      ({ objects }) => objects.remove('/secrets', 'ns', 'bound'),
      'service account token has been invalidated',
    ],
    [
      'node gone',
      bind('Node', 'node-1'),
      ({ objects }) => objects.remove('/nodes', '', 'node-1'),
      'service account token has been invalidated',
    ],
  ];
  for (const [title, spec, change, error] of cases) {
    const it = world();
    const { status } = await it.issue(spec);
    change(it);
    const identity = it.authenticator.authenticateToken(status?.token ?? '', []);
    if (error === null) t.ok(await identity, title);
    else await t.rejects(identity, { name: 'TokenError', message: error }, title);
  }
});

t.test('tokens that are not signed by a known key are refused', async (t) => {
  const { issue, authenticator } = world();
  const token = (await issue({})).status?.token ?? '';
  const [header = '', payload = '', signature = ''] = token.split('.');
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<
    string,
    unknown
  >;
  const forged = encode({ ...claims, sub: 'system:serviceaccount:kube-system:admin' });
  for (const [title, bad] of [
    ['another payload', `${header}.${forged}.${signature}`],
    ['no signature', `${header}.${payload}.`],
    ['algorithm none', `${encode({ alg: 'none' })}.${payload}.`],
    ['algorithm HS256 with the public key', `${encode({ alg: 'HS256' })}.${payload}.${signature}`],
  ] as const)
    await t.rejects(authenticator.authenticateToken(bad, []), TokenError, title);
  for (const [title, foreign] of [
    ['no JWT', 'abc'],
    ['another issuer', `${header}.${encode({ iss: 'https://elsewhere' })}.${signature}`],
    ['no JSON', `${header}.###.${signature}`],
  ] as const)
    t.equal(await authenticator.authenticateToken(foreign, []), null, title);
});

t.test('tokens in secrets hold as long as the secret has them', async (t) => {
  const { issuer, authenticator, objects } = world();
  const token = await issuer.signLegacy({
    namespace: 'ns',
    name: 'web',
    uid: 'sa-uid',
    secretName: 'legacy',
  });
  const secret = (data: string, labels: Record<string, string> = {}): Secret => ({
    metadata: { namespace: 'ns', name: 'legacy', uid: 's', labels },
    data: { token: Buffer.from(data).toString('base64') },
  });
  const cases: readonly [string, Secret | null, RegExp | null][] = [
    ['the same', secret(token), null],
    ['gone', null, /has been invalidated/],
    ['another token', secret(`${token}x`), /does not match server's copy/],
    [
      'switched off',
      secret(token, { 'kubernetes.io/legacy-token-invalid-since': '2026-01-01' }),
      /has been marked invalid/,
    ],
  ];
  for (const [title, stored, error] of cases) {
    objects.remove('/secrets', 'ns', 'legacy');
    if (stored !== null) objects.put('/secrets', stored);
    const identity = authenticator.authenticateToken(token, []);
    if (error === null) t.equal((await identity)?.user.name, 'system:serviceaccount:ns:web', title);
    else await t.rejects(identity, error, title);
  }
});

t.test('the use of tokens in secrets is noted once a day', async (t) => {
  const { clock, issuer, authenticator, objects, uses } = world();
  const about = { namespace: 'ns', name: 'web', uid: 'sa-uid', secretName: 'legacy' };
  const token = await issuer.signLegacy(about);
  const day = (offset: number) =>
    new Date(clock.wallTime() + offset * 86_400_000).toISOString().slice(0, 10);
  const label = 'kubernetes.io/legacy-token-last-used';
  for (const [noted, wanted] of [
    [undefined, [['legacy', { [label]: day(0) }]]],
    [day(-1), [['legacy', { [label]: day(0) }]]],
    [day(0), []],
    [day(1), []],
  ] as const) {
    uses.length = 0;
    const labels = noted === undefined ? {} : { [label]: noted };
    objects.remove('/secrets', 'ns', 'legacy');
    objects.put('/secrets', {
      metadata: { namespace: 'ns', name: 'legacy', uid: 's', labels },
      data: { token: Buffer.from(token).toString('base64') },
    } as Secret);
    await authenticator.authenticateToken(token, []);
    t.same(uses, wanted, noted ?? 'never');
  }
  uses.length = 0;
  objects.remove('/secrets', 'ns', 'legacy');
  await t.rejects(authenticator.authenticateToken(token, []));
  t.same(uses, [], 'a token that is refused is not in use');
});

t.test('issueToken refuses what Kubernetes refuses', async (t) => {
  const { issue, objects, options, warnings } = world();
  objects.put('/pods', {
    metadata: { namespace: 'ns', name: 'other', uid: 'o' },
    spec: { serviceAccountName: 'x' },
  } as Pod);
  const bound = (kind: string, name: string, uid = '', apiVersion = 'v1') => ({
    boundObjectRef: { apiVersion, kind, name, uid },
  });
  const cases: readonly [Parameters<typeof issue>[0], number, RegExp][] = [
    [
      { expirationSeconds: 599 },
      422,
      /spec\.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes/,
    ],
    [{ expirationSeconds: 2 ** 33 }, 422, /may not specify a duration larger than 2\^32 seconds/],
    [bound('Pod', 'gone'), 404, /pods "gone" not found/],
    [
      bound('Pod', 'other'),
      400,
      /cannot bind token for serviceaccount "web" to pod running with different serviceaccount name\./,
    ],
    [
      bound('Pod', 'web-0', 'wrong'),
      409,
      /the UID in the bound object reference \(wrong\) does not match the UID in record/,
    ],
    [bound('ConfigMap', 'x'), 400, /cannot bind token to object of type \/v1, Kind=ConfigMap/],
    [
      bound('Pod', 'x', '', 'apps/v1'),
      400,
      /cannot bind token to object of type apps\/v1, Kind=Pod/,
    ],
  ];
  for (const [spec, code, message] of cases)
    await t.rejects(issue(spec), { code, message }, JSON.stringify(spec));
  const context = {
    namespace: 'ns',
    name: 'web',
    nowMs: 0,
    isDryRun: false,
    warn: (text: string) => warnings.push(text),
  };
  const short = await issueToken({ metadata: {}, spec: { expirationSeconds: 7200 } }, context, {
    ...options,
    maxSeconds: 3600,
  });
  t.equal(short.spec?.expirationSeconds, 3600);
  t.same(warnings, ['requested expiration of 7200 seconds shortened to 3600 seconds']);
  await t.rejects(issueToken({ metadata: { name: 'other' }, spec: {} }, context, options), {
    code: 422,
    message:
      /metadata\.name: Invalid value: "other": must match the service account name if specified/,
  });
});

t.test('a token for an old client lives for a year', async (t) => {
  const { issue, clock, authenticator } = world();
  const { status, spec } = await issue({
    boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'web-0' },
    expirationSeconds: 3607,
  });
  t.equal(spec?.expirationSeconds, 3607);
  clock.jump(300 * 86_400_000);
  t.ok(await authenticator.authenticateToken(status?.token ?? '', []));
});

t.test('issuerDocuments tells others how to verify', async (t) => {
  const key = verificationKeyOf(parseSigningKey(keys.privatePem));
  const documents = await issuerDocuments({
    issuer: issuerUrl,
    keySetUrl: '',
    externalAddress: '10.0.0.1:6443',
    keys: [key],
  });
  t.same(JSON.parse(documents?.configuration ?? ''), {
    issuer: issuerUrl,
    jwks_uri: 'https://10.0.0.1:6443/openid/v1/jwks',
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
  });
  t.match(JSON.parse(documents?.keySet ?? ''), {
    keys: [{ use: 'sig', kty: 'EC', kid: key.id, alg: 'ES256', crv: 'P-256' }],
  });
  t.notMatch(documents?.keySet, /"d":/, 'the private half stays here');
  t.equal(
    await issuerDocuments({
      issuer: 'kubernetes',
      keySetUrl: '',
      externalAddress: 'a',
      keys: [key],
    }),
    null,
  );
});
