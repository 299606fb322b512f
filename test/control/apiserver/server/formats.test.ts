import t from 'tap';
import { KubernetesProtobuf } from '../../../../src/control/api/protobuf/protobuf-codec.js';
import type { JsonObject } from '../../../../src/control/machinery/json.js';
import { type Answer, type ApiRig, startApi } from './api-rig.js';
import { takeFrames, unversioned } from './frames.js';

const protobuf = 'application/vnd.kubernetes.protobuf';
const codec = new KubernetesProtobuf();
const path = '/api/v1/namespaces/default/configmaps';

const accepts = (accept: string) => ({ headers: { accept } });
const sends = (object: JsonObject) => sendsBytes(Buffer.from(codec.encode(object) ?? []));
const sendsBytes = (body: Buffer) => ({
  body,
  headers: { 'content-type': protobuf, accept: protobuf },
});
const read = ({ bytes }: Answer) => codec.decode(bytes, null);
const configMap = (name: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data: { a: 'b' },
});

/** Items in protobuf do not say what they are. */
function withoutKinds(list: { items: JsonObject[] }): JsonObject {
  return { ...list, items: list.items.map(({ apiVersion: _v, kind: _k, ...rest }) => rest) };
}

/** The first events of a watch. */
async function eventsOf(api: ApiRig, query: string, count: number) {
  const asked = { ...accepts(protobuf), count };
  const { contentType, frames } = await takeFrames(api, `${path}?watch=1&${query}`, asked);
  return { type: contentType, events: frames.map((frame) => codec.decodeEvent(frame)) };
}

t.test('objects in protobuf', async (t) => {
  const api = await startApi(t);

  t.test('are created, read, listed and deleted as in JSON', async (t) => {
    const created = await api.ask('POST', path, sends(configMap('a')));
    t.equal(created.status, 201);
    t.equal(created.headers['content-type'], protobuf);
    t.match(read(created), {
      kind: 'ConfigMap',
      metadata: { name: 'a', uid: /./ },
      data: { a: 'b' },
    });
    const { json } = await api.ask('GET', `${path}/a`);
    t.strictSame(read(await api.ask('GET', `${path}/a`, accepts(protobuf))), json);
    const list = read(await api.ask('GET', path, accepts(`${protobuf},application/json`)));
    t.match(list, { kind: 'ConfigMapList', items: [{ metadata: { name: 'a' } }] });
    const options = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid: 'another' } };
    t.equal((await api.ask('DELETE', `${path}/a`, sends(options))).status, 409);
    const deleted = await api.ask('DELETE', `${path}/a`, sends({ ...options, preconditions: {} }));
    t.match(read(deleted), { kind: 'Status', status: 'Success', details: { name: 'a' } });
  });

  t.test('get their defaults, and are refused with the words of validation', async (t) => {
    const deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'd' },
      spec: {
        selector: { matchLabels: { a: 'b' } },
        template: {
          metadata: { labels: { a: 'b' } },
          spec: { containers: [{ name: 'c', image: 'i' }] },
        },
      },
    };
    const at = '/apis/apps/v1/namespaces/default/deployments';
    const created = read(await api.ask('POST', at, sends(deployment)));
    t.match(created.spec, { replicas: 1, strategy: { type: 'RollingUpdate' } });
    const refused = await api.ask('POST', path, sends(configMap('Not A Name')));
    t.equal(refused.status, 422);
    t.match(refused.json, { reason: 'Invalid', details: { causes: [{ field: 'metadata.name' }] } });
  });

  t.test('are refused when they are none, or of another kind', async (t) => {
    for (const [body, text] of [
      [Buffer.from('{}'), /does not appear to be a protobuf message/],
      [Buffer.from('k8s\0\x0a\xff'), /unexpected EOF/],
      [
        Buffer.from(codec.encode({ apiVersion: 'v1', kind: 'Secret' }) ?? []),
        /cannot be handled as a ConfigMap/,
      ],
    ] as const) {
      const { status, json } = await api.ask('POST', path, sendsBytes(body));
      t.equal(status, 400);
      t.match(json, { reason: 'BadRequest', message: text });
    }
  });

  t.test('can be metadata alone, but no Tables', async (t) => {
    await api.ask('POST', path, sends(configMap('m')));
    const partial = `${protobuf};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1`;
    const list = read(await api.ask('GET', path, accepts(partial)));
    t.equal(list.kind, 'PartialObjectMetadataList');
    t.notMatch(list, { items: [{ data: {} }] });
    const table = 'as=Table;g=meta.k8s.io;v=v1';
    const both = `${protobuf};${table},application/json;${table}`;
    t.equal((await api.ask('GET', path, accepts(both))).json.kind, 'Table');
    t.equal((await api.ask('GET', path, accepts(`${protobuf};${table}`))).status, 406);
  });

  t.test('are listed whole when there are many', async (t) => {
    for (let at = 0; at < 250; at++) await api.ask('POST', path, { body: configMap(`many-${at}`) });
    const list = read(await api.ask('GET', path, accepts(protobuf)));
    const same = withoutKinds((await api.ask('GET', path)).json);
    t.strictSame(unversioned(list), unversioned(same));
    const page = read(await api.ask('GET', `${path}?limit=120`, accepts(protobuf)));
    t.match(page, { metadata: { continue: /./ }, items: { length: 120 } });
  });

  t.test('are watched in frames with their length', async (t) => {
    await api.ask('POST', path, sends(configMap('w')));
    await api.ask('DELETE', `${path}/w`);
    const only = 'fieldSelector=metadata.name%3Dw';
    const { metadata } = (await api.ask('GET', path)).json;
    await api.ask('POST', path, sends(configMap('w')));
    await api.ask('DELETE', `${path}/w`);
    await api.ask('POST', path, sends(configMap('w')));
    const object = { kind: 'ConfigMap', metadata: { name: 'w' } };
    const from = `${only}&resourceVersion=${metadata.resourceVersion}`;
    for (const round of ['first', 'second, of shared frames']) {
      const { type, events } = await eventsOf(api, from, 3);
      t.equal(type, `${protobuf};stream=watch`);
      const types = ['ADDED', 'DELETED', 'ADDED'];
      t.match(
        events,
        types.map((each) => ({ type: each, object })),
        round,
      );
      t.equal(events.length, types.length, 'each once');
    }
    const initial = await eventsOf(
      api,
      `${only}&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`,
      2,
    );
    t.match(initial.events, [
      { type: 'ADDED' },
      { type: 'BOOKMARK', object: { kind: 'ConfigMap' } },
    ]);
  });
});

t.test('OpenAPI documents', async (t) => {
  const api = await startApi(t);
  const { json: index } = await api.ask('GET', '/openapi/v3');
  const url: string = index.paths['apis/apps/v1'].serverRelativeURL;

  t.test('of version 3 can be kept for ever under their hash', async (t) => {
    const { status, headers, json } = await api.ask('GET', url);
    t.equal(status, 200);
    t.equal(headers['cache-control'], 'public, immutable');
    t.match(headers.expires, /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);
    t.equal(headers.etag, `"${new URL(url, 'https://a').searchParams.get('hash')}"`);
    t.ok(json.components.schemas['io.k8s.api.apps.v1.Deployment']);
    const again = await api.ask('GET', url, { headers: { 'if-none-match': String(headers.etag) } });
    t.equal(again.status, 304);
    t.equal(again.bytes.length, 0);
  });

  t.test('of version 3 are redirected, not found or not acceptable', async (t) => {
    const moved = await api.ask('GET', '/openapi/v3/apis/apps/v1?hash=00');
    t.equal(moved.status, 301);
    t.equal(moved.headers.location, url);
    t.equal((await api.ask('GET', '/openapi/v3/apis/apps/v7')).status, 404);
    t.equal((await api.ask('GET', url, accepts('text/html'))).status, 406);
    t.equal(
      (await api.ask('GET', '/openapi/v3/apis/apps/v1')).headers['cache-control'],
      'no-cache, private',
    );
  });

  t.test('of version 2 come in JSON and in protobuf', async (t) => {
    const json = await api.ask('GET', '/openapi/v2');
    t.equal(json.json.swagger, '2.0');
    for (const mark of ['@', '.']) {
      const type = `application/com.github.proto-openapi.spec.v2${mark}v1.0+protobuf`;
      const { status, headers, bytes } = await api.ask('GET', '/openapi/v2', accepts(type));
      t.equal(status, 200);
      t.equal(
        headers['content-type'],
        'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
      );
      t.equal(bytes.subarray(0, 5).toString('latin1'), '\n\x032.0');
    }
    t.equal((await api.ask('GET', '/openapi/v2', accepts('text/html'))).status, 406);
  });
});
