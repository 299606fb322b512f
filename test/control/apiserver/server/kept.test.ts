import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { connect } from '../../../../src/client/index.js';
import { startKms } from '../encryption/kms-rig.js';
import { joinApi, startApi } from './api-rig.js';

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

t.test('Secrets are kept under the keys of a key management service', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'flotilla-kept-'));
  t.teardown(() => rm(dir, { recursive: true }));
  const kms = await startKms(t);
  const config = join(dir, 'encryption.yaml');
  await writeFile(
    config,
    `kind: EncryptionConfiguration
apiVersion: apiserver.config.k8s.io/v1
resources:
- resources: [secrets]
  providers:
  - kms: {apiVersion: v2, name: vault, endpoint: "${kms.endpoint}", timeout: 60s}
`,
  );
  const flags = [`--encryption-provider-config=${config}`];
  const api = await startApi(t, flags);
  for (const name of ['a', 'b']) {
    const body = { metadata: { name }, stringData: { password: 'correct horse' } };
    t.equal((await api.ask('POST', secrets, { body })).status, 201);
  }
  const store = connect({ endpoints: [api.storeUrl] });
  t.teardown(() => store.close());
  const kept = await store.kv.get('/registry/secrets/default/a');
  const bytes = Buffer.from(kept.kv?.value ?? []);
  t.match(bytes.toString('latin1'), /^k8s:enc:kms:v2:vault:/);
  t.notOk(bytes.includes('correct horse'));
  t.match((await api.ask('GET', '/readyz/kms-providers')).text, 'ok');
  // Another replica did not make the seed: it has to ask for it, for the list, the watch and single objects.
  kms.rotate('key-2');
  const other = await joinApi(t, api.storeUrl, flags);
  const { json } = await other.ask('GET', secrets);
  t.same(
    json.items.map(({ data }: { data: { password: string } }) =>
      Buffer.from(data.password, 'base64').toString(),
    ),
    ['correct horse', 'correct horse'],
  );
  t.equal(kms.asked.filter((what) => what === 'decrypt with key-1').length, 1);
  const watch = await api.watch(
    `${secrets}?watch=1&resourceVersion=${json.metadata.resourceVersion}`,
  );
  const body = { metadata: { name: 'c' }, stringData: { from: 'the other' } };
  t.equal((await other.ask('POST', secrets, { body })).status, 201);
  t.match((await watch.next()).object, { metadata: { name: 'c' } });
  watch.close();
  t.equal(
    (await api.ask('GET', `${secrets}/c`)).json.data.from,
    Buffer.from('the other').toString('base64'),
  );
});
