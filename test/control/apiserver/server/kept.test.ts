import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { connect } from '../../../../src/client/index.js';
import { startApi } from './api-rig.js';

const secrets = '/api/v1/namespaces/default/secrets';

t.test('Secrets are kept encrypted when that is configured', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'flotilla-kept-'));
  t.teardown(() => rm(dir, { recursive: true }));
  const config = join(dir, 'encryption.yaml');
  const key = Buffer.alloc(32, 7).toString('base64');
  await writeFile(
    config,
    `kind: EncryptionConfiguration
apiVersion: apiserver.config.k8s.io/v1
resources:
- resources: [secrets]
  providers:
  - aesgcm: {keys: [{name: k1, secret: ${key}}]}
  - identity: {}
`,
  );
  const api = await startApi(t, [`--encryption-provider-config=${config}`]);
  const body = { metadata: { name: 's' }, stringData: { password: 'correct horse' } };
  t.equal((await api.ask('POST', secrets, { body })).status, 201);
  const { json } = await api.ask('GET', `${secrets}/s`);
  t.equal(Buffer.from(json.data.password, 'base64').toString(), 'correct horse');
  const store = connect({ endpoints: [api.storeUrl] });
  t.teardown(() => store.close());
  const kept = await store.kv.get('/registry/secrets/default/s');
  const bytes = Buffer.from(kept.kv?.value ?? []);
  const prefix = 'k8s:enc:aesgcm:v1:k1:';
  t.equal(bytes.subarray(0, prefix.length).toString(), prefix);
  t.notOk(bytes.includes('password'));
  const plain = await store.kv.get('/registry/namespaces/default');
  t.match(Buffer.from(plain.kv?.value ?? []).toString(), /^\{/, 'others are kept as they are');
});

t.test('requests are in the audit log as the policy says', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'flotilla-kept-'));
  t.teardown(() => rm(dir, { recursive: true }));
  const [policy, log] = [join(dir, 'policy.yaml'), join(dir, 'audit.log')];
  await writeFile(
    policy,
    `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: RequestResponse
  users: [alice]
- level: None
`,
  );
  const api = await startApi(t, [`--audit-policy-file=${policy}`, `--audit-log-path=${log}`]);
  const path = '/api/v1/namespaces/default/configmaps';
  const body = { metadata: { name: 'noted' }, data: { k: 'v' } };
  await api.ask('POST', path, { body, user: 'alice', headers: { 'audit-id': 'note-1' } });
  await api.ask('GET', `${path}/noted`);
  await api.running.close();
  const lines = (await readFile(log, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  t.equal(lines.length, 1, 'nothing of others');
  t.match(lines[0], {
    kind: 'Event',
    auditID: 'note-1',
    stage: 'ResponseComplete',
    verb: 'create',
    user: { username: 'alice' },
    objectRef: { resource: 'configmaps', namespace: 'default' },
    responseStatus: { code: 201 },
    requestObject: { data: { k: 'v' } },
    responseObject: { metadata: { uid: /./ } },
  });
});
