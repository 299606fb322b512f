import https from 'node:https';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { makeSelfSigned } from '../../../../src/cmd/apiserver/self-signed.js';
import { until } from '../../../client/until.js';
import { type ApiRig, startApi } from './api-rig.js';

const path = '/api/v1/namespaces/default/configmaps';

/** A server that answers admission reviews, until the test ends. */
async function startWebhook(t: Test, answer: (object: { data?: object }) => object) {
  const { cert, key } = await makeSelfSigned(['localhost', '127.0.0.1'], Date.now());
  const server = https.createServer({ cert, key }, async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const review = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    const { uid, object } = review.request;
    const { apiVersion, kind } = review;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ apiVersion, kind, response: { uid, ...answer(object) } }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.closeAllConnections());
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  return { url: `https://127.0.0.1:${port}/`, caBundle: Buffer.from(cert).toString('base64') };
}

function configure(
  api: ApiRig,
  kind: 'Mutating' | 'Validating',
  clientConfig: object,
  operations: readonly string[] = ['CREATE'],
) {
  const resource = `${kind.toLowerCase()}webhookconfigurations`;
  const webhook = {
    name: 'test.example.org',
    clientConfig,
    rules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations }],
    admissionReviewVersions: ['v1'],
    sideEffects: 'None',
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'default' } },
  };
  return api.ask('POST', `/apis/admissionregistration.k8s.io/v1/${resource}`, {
    body: { metadata: { name: 'test' }, webhooks: [webhook] },
  });
}

t.test('a mutating webhook changes what is created', async (t) => {
  const api = await startApi(t);
  const patch = [{ op: 'add', path: '/data', value: { by: 'webhook' } }];
  const config = await startWebhook(t, () => ({
    allowed: true,
    patchType: 'JSONPatch',
    patch: Buffer.from(JSON.stringify(patch)).toString('base64'),
  }));
  t.equal((await configure(api, 'Mutating', config)).status, 201);
  const isChanged = await until('the webhook changes what is made', async () => {
    const body = { metadata: { generateName: 'm-' } };
    return (await api.ask('POST', `${path}?dryRun=All`, { body })).json.data?.by === 'webhook';
  });
  t.ok(isChanged);
});

t.test('a validating webhook refuses in its own words', async (t) => {
  const api = await startApi(t);
  const config = await startWebhook(t, (object) =>
    object.data === undefined
      ? { allowed: false, status: { message: 'data is missed' } }
      : { allowed: true },
  );
  t.equal((await configure(api, 'Validating', config)).status, 201);
  let message = '';
  const isRefused = await until('the webhook refuses', async () => {
    const answer = await api.ask('POST', `${path}?dryRun=All`, {
      body: { metadata: { name: 'v' } },
    });
    message = answer.json.message ?? '';
    return answer.status === 400 || answer.status === 403;
  });
  t.ok(isRefused);
  t.equal(message, 'admission webhook "test.example.org" denied the request: data is missed');
  const good = { metadata: { name: 'v' }, data: { a: 'b' } };
  t.equal((await api.ask('POST', path, { body: good })).status, 201);
});

t.test('a mutating webhook may refuse a deletion', async (t) => {
  const api = await startApi(t);
  const config = await startWebhook(t, () => ({ allowed: false, status: { message: 'stays' } }));
  t.equal((await api.ask('POST', path, { body: { metadata: { name: 'd' } } })).status, 201);
  t.equal((await configure(api, 'Mutating', config, ['DELETE'])).status, 201);
  let message = '';
  const isRefused = await until('the webhook refuses a deletion', async () => {
    const answer = await api.ask('DELETE', `${path}/d?dryRun=All`);
    message = answer.json.message ?? '';
    return answer.status !== 200;
  });
  t.ok(isRefused);
  t.equal(message, 'admission webhook "test.example.org" denied the request: stays');
  t.equal((await api.ask('DELETE', `${path}/d`)).status, 400);
  t.equal((await api.ask('GET', `${path}/d`)).status, 200);
});

t.test('what a webhook makes of an object must still be one of its kind', async (t) => {
  const api = await startApi(t);
  const patches: readonly (readonly [object[], RegExp])[] = [
    [[{ op: 'add', path: '/data', value: 7 }], /that a webhook patched cannot be read/],
    [[{ op: 'replace', path: '/kind', value: 'Pod' }], /it is no ConfigMap of v1 any more/],
    [[{ op: 'remove', path: '/apiVersion' }], /it is no ConfigMap of v1 any more/],
  ];
  let patch: object[] = [];
  const config = await startWebhook(t, () => ({
    allowed: true,
    patchType: 'JSONPatch',
    patch: Buffer.from(JSON.stringify(patch)).toString('base64'),
  }));
  t.equal((await configure(api, 'Mutating', config)).status, 201);
  for (const [given, expected] of patches) {
    patch = given;
    let answer = { status: 0, text: '' };
    const isRefused = await until('the webhook is asked', async () => {
      const body = { metadata: { generateName: 'x-' } };
      answer = await api.ask('POST', `${path}?dryRun=All`, { body });
      return answer.status !== 201;
    });
    t.ok(isRefused);
    t.equal(answer.status, 500);
    t.match(answer.text, expected);
  }
});
