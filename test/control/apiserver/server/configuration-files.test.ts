import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import t from 'tap';
import { until } from '../../../client/until.js';
import { type ApiRig, startApi } from './api-rig.js';
import { serveJson, tempDir } from './json-server.js';

const whoAmI = '/apis/authentication.k8s.io/v1/selfsubjectreviews';

/** A kubeconfig that leads to a server. */
function kubeconfigTo(server: string, cert: string): string {
  const authority = Buffer.from(cert).toString('base64');
  return JSON.stringify({
    'current-context': 'x',
    contexts: [{ name: 'x', context: { cluster: 'c' } }],
    clusters: [{ name: 'c', cluster: { server, 'certificate-authority-data': authority } }],
  });
}

/** Puts a file in place of another at once. */
async function replaceFile(path: string, text: string): Promise<void> {
  await writeFile(`${path}.next`, text);
  await rename(`${path}.next`, path);
}

/** The value of the first series of a metric that has these labels. */
async function metric(api: ApiRig, name: string, labels = ''): Promise<number> {
  const { text } = await api.ask('GET', '/metrics');
  const line = text
    .split('\n')
    .find((each) => each.startsWith(`${name}{`) && each.includes(labels));
  return Number(line?.split(' ').at(-1) ?? 0);
}

t.test('--authentication-config lets users of its issuers in, and is reloaded', async (t) => {
  const dir = await tempDir(t);
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256', use: 'sig' };
  let url = '';
  const issuer = await serveJson(t, (path) =>
    path === '/keys' ? { keys: [jwk] } : { issuer: url, jwks_uri: `${url}/keys` },
  );
  url = issuer.url;
  const configOf = (username: string) =>
    JSON.stringify({
      apiVersion: 'apiserver.config.k8s.io/v1',
      kind: 'AuthenticationConfiguration',
      jwt: [
        {
          issuer: { url, audiences: ['kube'], certificateAuthority: issuer.cert },
          claimMappings: {
            username: { expression: username },
            groups: { expression: 'claims.roles' },
            extra: [{ key: 'example.com/tenant', valueExpression: 'claims.tenant' }],
          },
          userValidationRules: [{ expression: "user.username != 'corp:mallory'", message: 'no' }],
        },
      ],
      anonymous: { enabled: true, conditions: [{ path: '/version' }] },
    });
  const path = join(dir, 'authn.yaml');
  await writeFile(path, configOf("'corp:' + claims.sub"));
  const api = await startApi(t, [`--authentication-config=${path}`]);
  // No two tokens are the same: none is answered from memory.
  let asked = 0;
  const ask = async (sub: string) => {
    asked++;
    const token = await new SignJWT({ roles: ['dev'], tenant: 'one' })
      .setProtectedHeader({ alg: 'ES256', kid: 'k' })
      .setIssuer(url)
      .setAudience('kube')
      .setSubject(sub)
      .setExpirationTime('5m')
      .setJti(String(asked))
      .sign(privateKey);
    return api.ask('POST', whoAmI, { body: {}, user: token });
  };
  const known = await ask('jane');
  t.equal(known.status, 201, known.text);
  t.match(known.json.status.userInfo, {
    username: 'corp:jane',
    groups: ['dev', 'system:authenticated'],
    extra: { 'example.com/tenant': ['one'] },
  });
  t.equal((await ask('mallory')).status, 401);
  t.equal((await api.ask('GET', '/version', { user: '' })).status, 200);
  t.equal((await api.ask('GET', '/livez', { user: '' })).status, 401, 'only where it is allowed');
  const reloads = 'apiserver_authentication_config_controller_automatic_reloads_total';
  await replaceFile(path, configOf('claims.'));
  await until('the failure', async () => (await metric(api, reloads, 'status="failure"')) >= 1);
  t.equal((await ask('joe')).json.status.userInfo.username, 'corp:joe', 'what was goes on');
  await replaceFile(path, configOf("'new:' + claims.sub"));
  await until('the reload', async () => (await metric(api, reloads, 'status="success"')) === 1);
  t.equal((await ask('joe')).json.status.userInfo.username, 'new:joe');
  t.ok(
    (await metric(
      api,
      'apiserver_authentication_jwt_authenticator_latency_seconds_count',
      'success',
    )) >= 3,
  );
});

t.test('--authorization-config asks its authorizers in order, and is reloaded', async (t) => {
  const dir = await tempDir(t);
  const asked: string[] = [];
  const hook = await serveJson(t, (_, body) => {
    const review = JSON.parse(body);
    const { resource = '', verb, fieldSelector } = review.spec.resourceAttributes ?? {};
    const [field] = fieldSelector?.requirements ?? [];
    const selector = field === undefined ? '' : ` ${field.key} ${field.operator} ${field.values}`;
    asked.push(`${review.apiVersion} ${review.spec.user} ${verb} ${resource}${selector}`);
    const denied = resource === 'secrets';
    return { ...review, status: { allowed: false, denied, reason: 'hooked' } };
  });
  const kubeconfig = join(dir, 'hook');
  await writeFile(kubeconfig, kubeconfigTo(hook.url, hook.cert));
  const configOf = (condition: string, ...last: object[]) =>
    JSON.stringify({
      apiVersion: 'apiserver.config.k8s.io/v1',
      kind: 'AuthorizationConfiguration',
      authorizers: [
        {
          ...{ type: 'Webhook', name: 'hook.example' },
          webhook: {
            ...{ timeout: '30s', subjectAccessReviewVersion: 'v1', failurePolicy: 'Deny' },
            connectionInfo: { type: 'KubeConfigFile', kubeConfigFile: kubeconfig },
            matchConditionSubjectAccessReviewVersion: 'v1',
            matchConditions: [{ expression: condition }],
          },
        },
        ...last,
      ],
    });
  const isRead = "has(request.resourceAttributes) && request.resourceAttributes.verb == 'list'";
  const allow = { type: 'AlwaysAllow', name: 'rest' };
  const path = join(dir, 'authz.yaml');
  await writeFile(path, configOf(isRead, allow));
  const api = await startApi(t, [`--authorization-config=${path}`]);
  const listed = async (resource: string) =>
    (await api.ask('GET', `/api/v1/namespaces/default/${resource}`, { user: 'alice' })).status;
  t.equal(await listed('secrets'), 403, 'denied, whoever comes after');
  t.equal(
    await listed('configmaps?fieldSelector=metadata.name%3Dx'),
    200,
    'no opinion: the next is asked',
  );
  t.equal(
    (await api.ask('GET', '/api/v1/namespaces/default/secrets/x', { user: 'alice' })).status,
    404,
    'the condition does not hold',
  );
  t.same(asked, [
    'authorization.k8s.io/v1 alice list secrets',
    'authorization.k8s.io/v1 alice list configmaps metadata.name In x',
  ]);
  const decisions = 'apiserver_authorization_decisions_total';
  t.equal(await metric(api, decisions, 'type="Webhook",name="hook.example",decision="denied"'), 1);
  t.ok((await metric(api, decisions, 'type="AlwaysAllow",name="rest",decision="allowed"')) >= 1);
  t.equal(
    await metric(api, 'apiserver_authorization_webhook_evaluations_total', 'result="success"'),
    2,
  );
  const reloads = 'apiserver_authorization_config_controller_automatic_reloads_total';
  await replaceFile(path, configOf(isRead, { type: 'RBAC', name: 'rbac' }));
  await until('the refusal', async () => (await metric(api, reloads, 'status="failure"')) >= 1);
  t.equal(await listed('pods'), 200, 'what was goes on');
  await replaceFile(path, configOf("request.user == 'nobody'", allow));
  await until('the reload', async () => (await metric(api, reloads, 'status="success"')) === 1);
  t.equal(await listed('secrets'), 200, 'the webhook is not asked any more');
});

t.test('the files refuse flags that say the same', async (t) => {
  const dir = await tempDir(t);
  const path = join(dir, 'config.yaml');
  const cases: readonly [string, readonly string[], RegExp][] = [
    [
      'kind: AuthenticationConfiguration\napiVersion: apiserver.config.k8s.io/v1',
      [`--authentication-config=${path}`, '--oidc-client-id=x'],
      /authentication-config file and oidc-\* flags are mutually exclusive/,
    ],
    [
      'kind: AuthenticationConfiguration\napiVersion: apiserver.config.k8s.io/v1\nanonymous: {}',
      [`--authentication-config=${path}`, '--anonymous-auth=true'],
      /--anonymous-auth flag cannot be set when anonymous field is configured/,
    ],
    [
      'kind: AuthorizationConfiguration\napiVersion: apiserver.config.k8s.io/v1',
      [`--authorization-config=${path}`],
      /authorizers: Required value: at least one authorization mode must be defined/,
    ],
    [
      '',
      [`--authorization-config=${path}`, '--authorization-mode=RBAC'],
      /--authorization-config can not be specified when --authorization-mode/,
    ],
    ['', ['--audit-webhook-mode=never'], /invalid audit webhook mode never, allowed modes are/],
    ['', ['--audit-log-format=xml'], /invalid audit log format xml/],
    [
      '',
      ['--audit-webhook-batch-max-size=0'],
      /invalid audit batch webhook max batch size 0, must be a positive number/,
    ],
  ];
  for (const [text, flags, message] of cases) {
    await writeFile(path, text);
    await t.rejects(startApi(t, flags), message);
  }
});

t.test('--audit-webhook-config-file is sent what the log has', async (t) => {
  const dir = await tempDir(t);
  const events: { stage: string; requestURI: string; user: { username: string } }[] = [];
  const hook = await serveJson(t, (_, body) => {
    events.push(...JSON.parse(body).items);
    return {};
  });
  await writeFile(join(dir, 'hook'), kubeconfigTo(hook.url, hook.cert));
  await writeFile(
    join(dir, 'policy'),
    'apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules: [{ level: Metadata, users: [alice] }]',
  );
  const api = await startApi(t, [
    `--audit-policy-file=${dir}/policy`,
    `--audit-log-path=${dir}/audit.log`,
    '--audit-log-format=legacy',
    `--audit-webhook-config-file=${dir}/hook`,
    '--audit-webhook-batch-max-wait=10ms',
    '--audit-webhook-initial-backoff=10ms',
    '--audit-webhook-truncate-enabled',
  ]);
  t.equal((await api.ask('GET', '/api/v1/nodes', { user: 'alice' })).status, 200);
  await until('the event', () => events.length > 0);
  t.match(events[0], { stage: 'ResponseComplete', requestURI: '/api/v1/nodes' });
  t.equal(events[0]?.user.username, 'alice');
  await until('the line', async () => (await readFile(`${dir}/audit.log`, 'utf8')) !== '');
  t.match(
    await readFile(`${dir}/audit.log`, 'utf8'),
    / AUDIT: id="[^"]+" stage="ResponseComplete" ip="[^"]+" method="list" user="alice"/,
  );
});

t.test(
  '--audit-webhook-mode=blocking-strict lets no request in that cannot be noted',
  async (t) => {
    const dir = await tempDir(t);
    await writeFile(join(dir, 'hook'), kubeconfigTo('https://127.0.0.1:1', ''));
    await writeFile(
      join(dir, 'policy'),
      'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{ level: Metadata, users: [alice] }]',
    );
    const api = await startApi(t, [
      `--audit-policy-file=${dir}/policy`,
      `--audit-webhook-config-file=${dir}/hook`,
      '--audit-webhook-mode=blocking-strict',
      '--audit-webhook-initial-backoff=1ms',
    ]);
    const refused = await api.ask('GET', '/api/v1/nodes', { user: 'alice' });
    t.equal(refused.status, 500);
    t.match(refused.json.message, /failed to store audit event/);
    t.equal((await api.ask('GET', '/api/v1/nodes')).status, 200, 'what the policy leaves out');
    const { text } = await api.ask('GET', '/metrics');
    t.match(text, /^apiserver_audit_requests_rejected_total 1$/m);
    t.match(text, /^apiserver_audit_error_total\{plugin="webhook"\} [12]$/m);
  },
);
