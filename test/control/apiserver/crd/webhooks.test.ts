import https from 'node:https';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { makeCertificate } from '../../../../src/host/certificate-maker.js';
import { until } from '../../../client/until.js';
import { startApi } from '../server/api-rig.js';
import { define, widget, widgets, widgetsPath } from './definitions.js';

/** A webhook that adds the next stage to `spec.stages`-less objects: `spec.first`, and once that is there `spec.second`. */
async function startWebhook(t: Test) {
  const validity = { notBeforeMs: Date.now() - 60_000, notAfterMs: Date.now() + 600_000 };
  const ca = await makeCertificate({ commonName: 'ca', use: 'authority', ...validity });
  const serving = await makeCertificate(
    { commonName: 'webhook', names: ['127.0.0.1'], use: 'server', ...validity },
    ca,
  );
  const server = https.createServer(
    { cert: serving.cert, key: serving.key },
    async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { uid, object } = JSON.parse(Buffer.concat(chunks).toString()).request;
      const stage = object.spec.first === undefined ? 'first' : 'second';
      const patch = [{ op: 'add', path: `/spec/${stage}`, value: 'yes' }];
      response.end(
        JSON.stringify({
          apiVersion: 'admission.k8s.io/v1',
          kind: 'AdmissionReview',
          response: {
            ...{ uid, allowed: true, patchType: 'JSONPatch' },
            patch: Buffer.from(JSON.stringify(patch)).toString('base64'),
          },
        }),
      );
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  t.teardown(() => server.closeAllConnections());
  const { port } = server.address() as AddressInfo;
  return (name: string) => ({
    name,
    clientConfig: {
      url: `https://127.0.0.1:${port}/`,
      caBundle: Buffer.from(ca.cert).toString('base64'),
    },
    rules: [
      {
        ...{ operations: ['CREATE'], apiGroups: ['example.com'] },
        ...{ apiVersions: ['v1'], resources: ['widgets'] },
      },
    ],
    ...{ sideEffects: 'None', admissionReviewVersions: ['v1'] },
  });
}

t.test('two webhooks change a custom resource, which keeps what its schema knows', async (t) => {
  const webhook = await startWebhook(t);
  const rig = await startApi(t);
  const properties = { start: { type: 'string' }, first: { type: 'string' } };
  await define(t, rig, widgets({ type: 'object', properties }));
  const configurations = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations';
  const made = await rig.ask('POST', configurations, {
    body: {
      metadata: { name: 'stages' },
      webhooks: [webhook('one.example.com'), webhook('two.example.com')],
    },
  });
  t.equal(made.status, 201, made.text);
  let count = 0;
  await until('the webhooks are asked', async () => {
    const { status, json, text } = await rig.ask('POST', widgetsPath, {
      body: widget(`w${count++}`, { start: 'yes' }),
    });
    t.equal(status, 201, text);
    if (json.spec.first === undefined) return false;
    t.same(json.spec, { start: 'yes', first: 'yes' }, 'and nothing of the second');
    t.match(json.metadata, { name: `w${count - 1}`, namespace: 'default' });
    return true;
  });
});
