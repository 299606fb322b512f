import https from 'node:https';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { makeSelfSigned } from '../../../../src/cmd/apiserver/self-signed.js';
import { startApi } from '../server/api-rig.js';
import { define, widget, widgets, widgetsPath } from './definitions.js';

/** A server that converts: `v2` calls `size` `width`. */
async function startConverter(t: Test, isBroken: () => boolean) {
  const { cert, key } = await makeSelfSigned(['localhost', '127.0.0.1'], Date.now());
  const server = https.createServer({ cert, key }, async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { uid, desiredAPIVersion, objects } = JSON.parse(
      Buffer.concat(chunks).toString(),
    ).request;
    const convertedObjects = objects.map((object: { spec: { size?: number; width?: number } }) => {
      const { size, width } = object.spec;
      const spec = desiredAPIVersion.endsWith('v2') ? { width: size } : { size: width };
      return { ...object, apiVersion: desiredAPIVersion, spec };
    });
    const result = isBroken() ? { status: 'Failed', message: 'no idea' } : { status: 'Success' };
    response.setHeader('content-type', 'application/json');
    const answer = { kind: 'ConversionReview', apiVersion: 'apiextensions.k8s.io/v1' };
    response.end(JSON.stringify({ ...answer, response: { uid, convertedObjects, result } }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.closeAllConnections());
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  return { url: `https://127.0.0.1:${port}/`, caBundle: Buffer.from(cert).toString('base64') };
}

const schemaOf = (name: string) => ({
  openAPIV3Schema: {
    type: 'object',
    properties: {
      spec: { type: 'object', properties: { [name]: { type: 'integer', minimum: 1 } } },
    },
  },
});

t.test('a webhook converts between versions, each validated by its own schema', async (t) => {
  let isBroken = false;
  const clientConfig = await startConverter(t, () => isBroken);
  const rig = await startApi(t);
  const versions = [
    { name: 'v1', served: true, storage: true, schema: schemaOf('size') },
    { name: 'v2', served: true, storage: false, schema: schemaOf('width') },
  ];
  const conversion = {
    strategy: 'Webhook',
    webhook: { clientConfig, conversionReviewVersions: ['v1'] },
  };
  await define(t, rig, widgets({ type: 'object' }, {}, { versions, conversion }));
  const path = widgetsPath.replace('v1', 'v2');
  const of2 = (width: number) => ({ ...widget('a', { width }), apiVersion: 'example.com/v2' });
  const bad = await rig.ask('POST', path, { body: of2(0) });
  t.match(bad.json.message, 'spec.width: Invalid value: 0');
  const made = await rig.ask('POST', path, { body: of2(4) });
  t.equal(made.status, 201, made.text);
  t.same(made.json.spec, { width: 4 });
  t.same((await rig.ask('GET', `${widgetsPath}/a`)).json.spec, { size: 4 });
  t.same((await rig.ask('GET', path)).json.items[0].spec, { width: 4 });
  const watch = await rig.watch(`${path}?watch=true`);
  t.same((await watch.next()).object.spec, { width: 4 });
  watch.close();
  const patch = {
    headers: { 'content-type': 'application/merge-patch+json' },
    body: { spec: { width: 5 } },
  };
  t.same((await rig.ask('PATCH', `${path}/a`, patch)).json.spec, { width: 5 });
  isBroken = true;
  const failed = await rig.ask('PATCH', `${path}/a`, { ...patch, body: { spec: { width: 6 } } });
  t.equal(failed.status, 500);
  t.match(
    failed.json.message,
    'conversion webhook for example.com/v1, Kind=Widget failed: no idea',
  );
});
