import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import t from 'tap';
import { startApi } from './api-rig.js';
import { serveJson, tempDir } from './json-server.js';

const whoAmI = '/apis/authentication.k8s.io/v1/selfsubjectreviews';

t.test('--oidc-* let the users of an issuer in', async (t) => {
  const dir = await tempDir(t);
  const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k', alg: 'RS256', use: 'sig' };
  let url = '';
  const issuer = await serveJson(t, (path) =>
    path === '/keys' ? { keys: [jwk] } : { issuer: url, jwks_uri: `${url}/keys` },
  );
  url = issuer.url;
  await writeFile(join(dir, 'ca.pem'), issuer.cert);
  const api = await startApi(t, [
    `--oidc-issuer-url=${url}`,
    '--oidc-client-id=kube',
    `--oidc-ca-file=${dir}/ca.pem`,
    '--oidc-username-claim=name',
    '--oidc-username-prefix=oidc:',
    '--oidc-groups-claim=groups',
    '--oidc-required-claim=tenant=one',
  ]);
  const token = (claims: Record<string, unknown>) =>
    new SignJWT({ name: 'jane', groups: ['dev'], tenant: 'one', ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'k' })
      .setIssuer(url)
      .setAudience('kube')
      .setExpirationTime('5m')
      .sign(privateKey);
  const ask = (user: string) => api.ask('POST', whoAmI, { body: {}, user });
  const known = await ask(await token({}));
  t.equal(known.status, 201);
  t.match(known.json.status.userInfo, {
    username: 'oidc:jane',
    groups: ['dev', 'system:authenticated'],
  });
  t.equal((await ask(await token({ tenant: 'two' }))).status, 401);
});

t.test('a token webhook and an authorization webhook are asked', async (t) => {
  const dir = await tempDir(t);
  const asked: string[] = [];
  const hook = await serveJson(t, (path, body) => {
    const review = JSON.parse(body);
    asked.push(`${path} ${review.apiVersion} ${review.kind}`);
    if (review.kind === 'TokenReview') {
      const authenticated = review.spec.token === 'good';
      const user = { username: 'hooked', groups: ['g'] };
      return { ...review, status: { authenticated, user: authenticated ? user : undefined } };
    }
    const isGet = review.spec.resourceAttributes?.verb === 'get';
    const allowed = isGet && (review.spec.group ?? review.spec.groups).includes('g');
    return { ...review, status: { allowed, reason: 'the hook says so' } };
  });
  const kubeconfig = (path: string) =>
    JSON.stringify({
      'current-context': 'x',
      contexts: [{ name: 'x', context: { cluster: 'c' } }],
      clusters: [
        {
          name: 'c',
          cluster: {
            server: hook.url + path,
            'certificate-authority-data': Buffer.from(hook.cert).toString('base64'),
          },
        },
      ],
    });
  await writeFile(join(dir, 'authn'), kubeconfig('/authn'));
  await writeFile(join(dir, 'authz'), kubeconfig('/authz'));
  const api = await startApi(t, [
    '--authorization-mode=Webhook',
    `--authentication-token-webhook-config-file=${dir}/authn`,
    '--authentication-token-webhook-version=v1',
    `--authorization-webhook-config-file=${dir}/authz`,
  ]);
  t.equal((await api.ask('GET', '/api/v1/namespaces/default', { user: 'good' })).status, 200);
  const refused = await api.ask('GET', '/api/v1/namespaces', { user: 'good' });
  t.equal(refused.status, 403);
  t.match(refused.json.message, /User "hooked" cannot list resource .*: the hook says so/);
  t.equal((await api.ask('GET', '/api/v1/namespaces', { user: 'bad' })).status, 401);
  t.equal((await api.ask('GET', '/api/v1/namespaces')).status, 200, 'masters are not asked about');
  t.ok(asked.includes('/authn authentication.k8s.io/v1 TokenReview'));
  t.ok(asked.includes('/authz authorization.k8s.io/v1beta1 SubjectAccessReview'));
});

t.test('mode ABAC obeys its file, admission its configuration', async (t) => {
  const dir = await tempDir(t);
  const policy = (spec: object) =>
    JSON.stringify({
      apiVersion: 'abac.authorization.kubernetes.io/v1beta1',
      kind: 'Policy',
      spec,
    });
  await writeFile(
    join(dir, 'abac'),
    policy({ user: 'alice', namespace: 'default', resource: 'pods', apiGroup: '*' }),
  );
  await writeFile(
    join(dir, 'admission.yaml'),
    'kind: AdmissionConfiguration\napiVersion: apiserver.config.k8s.io/v1\nplugins: [{name: PodSecurity, path: pod-security.yaml}]\n',
  );
  await writeFile(join(dir, 'pod-security.yaml'), 'defaults: {enforce: baseline}\n');
  const api = await startApi(t, [
    '--authorization-mode=ABAC',
    `--authorization-policy-file=${dir}/abac`,
    `--admission-control-config-file=${dir}/admission.yaml`,
    '--disable-admission-plugins=ServiceAccount',
  ]);
  const pods = '/api/v1/namespaces/default/pods';
  t.equal((await api.ask('GET', pods, { user: 'alice' })).status, 200);
  t.equal((await api.ask('GET', pods, { user: 'bob' })).status, 403);
  t.equal((await api.ask('GET', '/api/v1/pods', { user: 'alice' })).status, 403);
  const spec = { hostNetwork: true, containers: [{ name: 'c', image: 'i:1' }] };
  const refused = await api.ask('POST', pods, {
    user: 'alice',
    body: { metadata: { name: 'p' }, spec },
  });
  t.equal(refused.status, 403);
  t.match(refused.json.message, /violates PodSecurity "baseline:latest"/);
});

t.test(
  'ImagePolicyWebhook asks the backend of its kubeconfig, whose files are beside it',
  async (t) => {
    const dir = await tempDir(t);
    const hook = await serveJson(t, (_path, body) => {
      const review = JSON.parse(body);
      const images = review.spec.containers.map((each: { image: string }) => each.image);
      return { ...review, status: { allowed: !images.includes('bad:1'), reason: 'no bad images' } };
    });
    await writeFile(join(dir, 'ca.pem'), hook.cert);
    await writeFile(
      join(dir, 'kubeconfig'),
      JSON.stringify({
        'current-context': 'x',
        contexts: [{ name: 'x', context: { cluster: 'c' } }],
        clusters: [{ name: 'c', cluster: { server: hook.url, 'certificate-authority': 'ca.pem' } }],
      }),
    );
    const imagePolicy = { kubeConfigFile: join(dir, 'kubeconfig') };
    await writeFile(
      join(dir, 'admission.yaml'),
      JSON.stringify({
        kind: 'AdmissionConfiguration',
        plugins: [{ name: 'ImagePolicyWebhook', configuration: { imagePolicy } }],
      }),
    );
    const flags = [
      '--enable-admission-plugins=ImagePolicyWebhook',
      '--disable-admission-plugins=ServiceAccount',
    ];
    const api = await startApi(t, [
      ...flags,
      `--admission-control-config-file=${dir}/admission.yaml`,
    ]);
    const create = (image: string) =>
      api.ask('POST', '/api/v1/namespaces/default/pods', {
        body: { metadata: { generateName: 'p-' }, spec: { containers: [{ name: 'c', image }] } },
      });
    t.equal((await create('good:1')).status, 201);
    const refused = await create('bad:1');
    t.equal(refused.status, 403);
    t.match(
      refused.json.message,
      /forbidden: image policy webhook backend denied one or more images: no bad images$/,
    );
    await t.rejects(startApi(t, flags), /ImagePolicyWebhook needs its configuration/);
  },
);

t.test('the issuer publishes its keys', async (t) => {
  const api = await startApi(t, ['--external-hostname=api.example.org']);
  const { json, headers } = await api.ask('GET', '/.well-known/openid-configuration');
  t.match(json, {
    issuer: 'https://kubernetes.default.svc',
    jwks_uri: /^https:\/\/api\.example\.org:\d+\/openid\/v1\/jwks$/,
    id_token_signing_alg_values_supported: ['ES256'],
  });
  t.equal(headers['cache-control'], 'public, max-age=3600');
  const keys = await api.ask('GET', '/openid/v1/jwks');
  t.equal(keys.headers['content-type'], 'application/jwk-set+json');
  t.match(keys.json.keys, [{ use: 'sig', kty: 'EC', alg: 'ES256', kid: /./ }]);
});

t.test('wrong combinations of security flags are refused', async (t) => {
  const wrong: readonly [string[], RegExp][] = [
    [['--oidc-issuer-url=https://a'], /go together/],
    [['--oidc-issuer-url=http://a', '--oidc-client-id=b'], /no https URL/],
    [['--authorization-mode=ABAC'], /policy file not passed/],
    [['--authorization-mode=Webhook'], /config file not passed/],
    [['--tls-sni-cert-key=x'], /not of the form/],
  ];
  for (const [flags, expected] of wrong) await t.rejects(startApi(t, flags), expected);
});

t.test('--allow-privileged=false and --profiling=false refuse', async (t) => {
  const strict = await startApi(t, [
    '--allow-privileged=false',
    '--profiling=false',
    '--disable-admission-plugins=ServiceAccount',
  ]);
  const pods = '/api/v1/namespaces/default/pods';
  const pod = (name: string, privileged: boolean) => ({
    metadata: { name },
    spec: { containers: [{ name: 'c', image: 'i:1', securityContext: { privileged } }] },
  });
  const refused = await strict.ask('POST', pods, { body: pod('p', true) });
  t.equal(refused.status, 422);
  t.equal(
    refused.json.message,
    'Pod "p" is invalid: spec.containers[0].securityContext.privileged: Forbidden: disallowed by cluster policy',
  );
  t.equal((await strict.ask('POST', pods, { body: pod('q', false) })).status, 201);
  t.equal((await strict.ask('GET', '/debug/pprof/profile?seconds=1')).status, 404);
});

t.test('a CPU profile is recorded for administrators', async (t) => {
  const api = await startApi(t, ['--authorization-mode=RBAC']);
  const path = '/debug/pprof/profile';
  t.equal((await api.ask('GET', path, { user: 'alice' })).status, 403);
  t.equal((await api.ask('GET', `${path}?seconds=0`)).status, 400);
  const { status, json } = await api.ask('GET', `${path}?seconds=1`);
  t.equal(status, 200);
  t.ok(json.nodes.length > 0 && json.endTime > json.startTime);
});
