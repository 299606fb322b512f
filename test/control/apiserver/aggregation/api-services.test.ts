import https from 'node:https';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { makeSelfSigned } from '../../../../src/cmd/apiserver/self-signed.js';
import { until } from '../../../client/until.js';
import { startApi } from '../server/api-rig.js';

const path = '/apis/apiregistration.k8s.io/v1/apiservices';
const things = '/apis/metrics.example.com/v1/things';

/** What comes on a connection for another protocol after `hello` was sent, until it has come back. */
function echoed(server: { readonly port: number }, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = https.request({
      ...{ host: '127.0.0.1', port: server.port, path, rejectUnauthorized: false },
      headers: { connection: 'Upgrade', upgrade: 'echo', authorization: 'Bearer admin' },
    });
    request.on('upgrade', (_, socket, head) => {
      let text = head.toString();
      const look = () => {
        if (!text.endsWith('hello')) return;
        socket.destroy();
        resolve(text);
      };
      socket.on('data', (chunk) => {
        text += chunk;
        look();
      });
      socket.on('error', reject);
      socket.write('hello');
      look();
    });
    request.on('response', ({ statusCode }) => reject(new Error(`answered ${statusCode}`)));
    request.on('error', reject);
    request.end();
  });
}

t.test('APIServices of what is served here are made here', async (t) => {
  const rig = await startApi(t);
  await until(
    'our own group is listed',
    async () => (await rig.ask('GET', `${path}/v1.apps`)).status === 200,
  );
  const { spec, status } = (await rig.ask('GET', `${path}/v1.apps`)).json;
  t.match(spec, { group: 'apps', version: 'v1', groupPriorityMinimum: 17800, versionPriority: 15 });
  t.match(status.conditions[0], { type: 'Available', status: 'True', reason: 'Local' });
});

const thing = {
  type: 'object',
  properties: { size: { type: 'integer' } },
  'x-kubernetes-group-version-kind': [
    { group: 'metrics.example.com', version: 'v1', kind: 'Thing' },
  ],
};
const thingDocument = {
  swagger: '2.0',
  info: { title: 'things', version: '1' },
  parameters: { pretty: { name: 'pretty', in: 'query', type: 'string' } },
  paths: {
    '/apis/metrics.example.com/v1/things': {
      parameters: [{ $ref: '#/parameters/pretty' }],
      get: { responses: { 200: { description: 'OK', schema: { $ref: '#/definitions/Thing' } } } },
    },
    '/apis/apps/v1/deployments': { get: { description: 'not its own', responses: {} } },
  },
  definitions: { Thing: thing, Unused: { type: 'string' } },
};

t.test('an APIService with a service passes requests on, as long as it answers', async (t) => {
  const tags: string[] = [];
  const { cert, key } = await makeSelfSigned(['agg.default.svc'], Date.now());
  const server = https.createServer({ cert, key }, (request, response) => {
    response.setHeader('content-type', 'application/json');
    const list = {
      kind: 'APIResourceList',
      groupVersion: 'metrics.example.com/v1',
      resources: [
        {
          name: 'things',
          singularName: 'thing',
          namespaced: false,
          kind: 'Thing',
          verbs: ['list'],
        },
      ],
    };
    const document = '/openapi/v3/apis/metrics.example.com/v1';
    if (request.url === '/openapi/v3') {
      const own = { serverRelativeURL: `${document}?hash=1` };
      const paths = { 'apis/metrics.example.com/v1': own, 'apis/apps/v1': own };
      response.end(JSON.stringify({ paths }));
      return;
    }
    if (request.url === '/openapi/v2') {
      tags.push(request.headers['if-none-match'] ?? '');
      response.setHeader('etag', '"one"');
      if (request.headers['if-none-match'] === '"one"') response.statusCode = 304;
      response.end(response.statusCode === 304 ? '' : JSON.stringify(thingDocument));
      return;
    }
    if (request.url?.startsWith(document)) {
      response.end(JSON.stringify({ openapi: '3.0.0', url: request.url }));
      return;
    }
    const isList = (request.url ?? '').endsWith('/v1');
    const { headers, url, method } = request;
    response.statusCode = isList ? 200 : 202;
    response.end(JSON.stringify(isList ? list : { headers, url, method }));
  });
  server.on('upgrade', (request, socket) => {
    socket.on('error', () => {});
    const { upgrade, 'x-remote-user': user } = request.headers;
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${upgrade}\r\n\r\n`,
    );
    socket.write(`${user} ${request.url}:`);
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  t.teardown(() => server.closeAllConnections());
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const rig = await startApi(t);
  await rig.ask('POST', '/api/v1/namespaces/default/services', {
    body: { metadata: { name: 'agg' }, spec: { type: 'ExternalName', externalName: 'localhost' } },
  });
  const spec = {
    group: 'metrics.example.com',
    version: 'v1',
    groupPriorityMinimum: 100,
    versionPriority: 10,
    caBundle: Buffer.from(cert).toString('base64'),
    service: { name: 'agg', namespace: 'default', port },
  };
  const name = 'v1.metrics.example.com';
  const made = await rig.ask('POST', path, { body: { metadata: { name }, spec } });
  t.equal(made.status, 201, made.text);
  const condition = async () =>
    (await rig.ask('GET', `${path}/${name}`)).json.status?.conditions?.[0];
  await until('it is available', async () => (await condition())?.status === 'True');
  t.match(await condition(), { reason: 'Passed', message: 'all checks passed' });
  const passed = await rig.ask('GET', `${things}?a=b`, { headers: { 'x-remote-user': 'forged' } });
  t.equal(passed.status, 202);
  t.equal(passed.json.url, `${things}?a=b`);
  t.equal(passed.json.headers['x-remote-user'], 'admin');
  t.match(passed.json.headers['x-remote-group'], 'system:masters');
  t.equal(passed.json.headers.authorization, undefined);
  t.equal(
    await echoed(rig.running, `${things}/x/console`),
    `admin ${things}/x/console:hello`,
    'a connection for another protocol is joined',
  );
  const indexed = async () => (await rig.ask('GET', '/openapi/v3')).json.paths;
  await until(
    'OpenAPI 3 names its group',
    async () => (await indexed())['apis/metrics.example.com/v1'] !== undefined,
  );
  const paths = await indexed();
  const url = '/openapi/v3/apis/metrics.example.com/v1?hash=1';
  t.same(paths['apis/metrics.example.com/v1'], { serverRelativeURL: url });
  t.match(paths['apis/apps/v1'].serverRelativeURL, /apis\/apps\/v1\?hash=(?!1$)/, 'ours is ours');
  t.same((await rig.ask('GET', url)).json, { openapi: '3.0.0', url });
  const second = async () => (await rig.ask('GET', '/openapi/v2')).json;
  await until('OpenAPI 2 has its path', async () => (await second()).paths[things] !== undefined);
  const { definitions, paths: all } = await second();
  t.same(definitions.Thing, thing);
  t.notOk(definitions.Unused, 'what its version does not need is left out');
  t.match(all[things].parameters, [{ name: 'pretty', in: 'query' }]);
  t.not(all['/apis/apps/v1/namespaces/{namespace}/deployments'].get.description, 'not its own');
  t.notOk(all['/apis/apps/v1/deployments'].get.description === 'not its own');
  const protobuf = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';
  const packed = await rig.ask('GET', '/openapi/v2', { headers: { accept: protobuf } });
  t.ok(packed.bytes.includes('/apis/metrics.example.com/v1/things'));
  t.equal(tags.indexOf('', 1), -1, 'what is known is not asked for whole again');
  t.match(
    (await rig.ask('GET', '/metrics')).text,
    /aggregator_unavailable_apiservice\{name="v1.metrics.example.com"\} 0/,
  );
  const groups = (await rig.ask('GET', '/apis')).json.groups.map(
    (group: { name: string }) => group.name,
  );
  t.ok(groups.includes('metrics.example.com'));
  server.closeAllConnections();
  server.close();
  const touched = {
    headers: { 'content-type': 'application/merge-patch+json' },
    body: { spec: { versionPriority: 11 } },
  };
  await rig.ask('PATCH', `${path}/${name}`, touched);
  await until('it is not available', async () => (await condition())?.status === 'False');
  t.match(await condition(), { reason: 'FailedDiscoveryCheck' });
  const { text } = await rig.ask('GET', '/metrics');
  t.match(text, /aggregator_unavailable_apiservice\{name="v1.metrics.example.com"\} 1/);
  t.match(
    text,
    /apiservice_total\{name="v1.metrics.example.com",reason="FailedDiscoveryCheck"\} 1/,
  );
  t.equal((await rig.ask('GET', things)).status, 503);
  t.equal((await rig.ask('DELETE', `${path}/${name}`)).status, 200);
  await until('it is gone', async () => (await rig.ask('GET', things)).status === 404);
  t.notOk((await second()).paths[things], 'and the document is without it');
});
