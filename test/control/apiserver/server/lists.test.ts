import t from 'tap';
import { parse } from 'yaml';
import { KubernetesProtobuf } from '../../../../src/control/api/protobuf/protobuf-codec.js';
import { startApi } from './api-rig.js';
import { takeFrames, unversioned } from './frames.js';

const path = '/api/v1/namespaces/default/configmaps';

// biome-ignore lint/suspicious/noExplicitAny: documents of several shapes.
const namesIn = (json: any): string[] => json.items.map((item: any) => item.metadata.name);

t.test('lists and watches', async (t) => {
  const api = await startApi(t);
  const create = (name: string, labels: Record<string, string> = {}) =>
    api.ask('POST', path, { body: { metadata: { name, labels } } });
  for (let i = 0; i < 5; i++) await create(`l${i}`, { parity: i % 2 === 0 ? 'even' : 'odd' });

  t.test('a list has its kind, its version and its items in order', async (t) => {
    const { status, json } = await api.ask('GET', path);
    t.equal(status, 200);
    t.match(json, {
      kind: 'ConfigMapList',
      apiVersion: 'v1',
      metadata: { resourceVersion: /^\d+$/ },
    });
    t.same(namesIn(json), ['l0', 'l1', 'l2', 'l3', 'l4']);
  });

  t.test('limit and continue walk through one state of the list', async (t) => {
    const first = (await api.ask('GET', `${path}?limit=2`)).json;
    t.same(namesIn(first), ['l0', 'l1']);
    t.equal(first.metadata.remainingItemCount, 3);
    await create('l9');
    const second = (await api.ask('GET', `${path}?limit=2&continue=${first.metadata.continue}`))
      .json;
    t.same(namesIn(second), ['l2', 'l3']);
    t.equal(second.metadata.resourceVersion, first.metadata.resourceVersion);
    const last = (await api.ask('GET', `${path}?limit=9&continue=${second.metadata.continue}`))
      .json;
    t.same(namesIn(last), ['l4'], 'what came later is not in it');
    t.equal(last.metadata.continue, undefined);
    await api.ask('DELETE', `${path}/l9`);
    const both = `${path}?continue=${first.metadata.continue}&resourceVersion=5`;
    t.equal(
      (await api.ask('GET', both)).json.message,
      'specifying resource version is not allowed when using continue',
    );
    t.equal((await api.ask('GET', `${path}?continue=nonsense!`)).status, 400);
  });

  for (const [query, names] of [
    ['labelSelector=parity%3Deven', ['l0', 'l2', 'l4']],
    ['labelSelector=parity+in+(odd)', ['l1', 'l3']],
    ['labelSelector=%21parity', []],
    ['fieldSelector=metadata.name%3Dl3', ['l3']],
    ['fieldSelector=metadata.name%21%3Dl3', ['l0', 'l1', 'l2', 'l4']],
    ['fieldSelector=metadata.namespace%3Dother', []],
    ['resourceVersion=0', ['l0', 'l1', 'l2', 'l3', 'l4']],
  ] as const) {
    t.test(`a list with ${query} has ${names.length} items`, async (t) => {
      t.same(namesIn((await api.ask('GET', `${path}?${query}`)).json), names);
    });
  }

  for (const [query, status, message] of [
    [
      'fieldSelector=spec.color%3Dred',
      400,
      /"spec.color" is not a known field selector: only "metadata.name", "metadata.namespace"/,
    ],
    ['labelSelector=%3D%3D', 400, /unable to parse requirement|found/],
    ['resourceVersion=abc', 400, /invalid resource version/],
    ['limit=x', 400, /strconv.ParseInt/],
    ['resourceVersion=99999999', 504, /Too large resource version/],
  ] as const) {
    t.test(`a list with ${query} is ${status}`, async (t) => {
      const answer = await api.ask('GET', `${path}?${query}`);
      t.equal(answer.status, status, answer.text);
      t.match(answer.json.message, message);
    });
  }

  t.test('a Table has columns and rows with metadata', async (t) => {
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
    const { json } = await api.ask('GET', `${path}?limit=1`, { headers: { accept } });
    t.match(json, { kind: 'Table', apiVersion: 'meta.k8s.io/v1', metadata: { continue: /./ } });
    t.match(json.columnDefinitions[0], {
      name: 'Name',
      type: 'string',
      format: 'name',
      priority: 0,
    });
    t.match(json.rows, [{ object: { kind: 'PartialObjectMetadata', metadata: { name: 'l0' } } }]);
    t.equal(json.rows[0].cells[0], 'l0');
    const none = await api.ask('GET', `${path}/l0?includeObject=None`, { headers: { accept } });
    t.equal(none.json.rows[0].object, null);
    const bad = await api.ask('GET', `${path}/l0?includeObject=Some`, { headers: { accept } });
    t.equal(bad.status, 422);
  });

  t.test('a list of metadata leaves the rest out', async (t) => {
    const accept = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io';
    const { json } = await api.ask('GET', path, { headers: { accept } });
    t.equal(json.kind, 'PartialObjectMetadataList');
    t.match(json.items[0], {
      kind: 'PartialObjectMetadata',
      apiVersion: 'meta.k8s.io/v1',
      data: undefined,
    });
  });

  t.test('nobody is answered in a format that they do not take', async (t) => {
    const { status, json } = await api.ask('GET', path, { headers: { accept: 'image/png' } });
    t.equal(status, 406);
    t.equal(json.reason, 'NotAcceptable');
    const yaml = await api.ask('GET', `${path}/l0`, { headers: { accept: 'application/yaml' } });
    t.match(yaml.text, /^apiVersion: v1$/m);
    const pretty = await api.ask('GET', `${path}/l0?pretty=true`);
    t.match(pretty.text, /^\{\n {2}"/);
  });

  t.test('large answers are packed for those who take that', async (t) => {
    const body = { metadata: { name: 'large' }, data: { k: 'x'.repeat(300_000) } };
    await api.ask('POST', path, { body });
    const headers = { 'accept-encoding': 'gzip' };
    const packed = await api.ask('GET', `${path}/large`, { headers });
    t.equal(packed.headers['content-encoding'], 'gzip');
    const small = await api.ask('GET', `${path}/l0`, { headers });
    t.equal(small.headers['content-encoding'], undefined);
    const plain = await api.ask('GET', `${path}/large`);
    t.equal(plain.json.data.k.length, 300_000);
    await api.ask('DELETE', `${path}/large`);
  });

  t.test('a watch tells what happens after its version', async (t) => {
    const { json } = await api.ask('GET', path);
    const version = json.metadata.resourceVersion;
    const watch = await api.watch(`${path}?watch=true&resourceVersion=${version}&labelSelector=w`);
    await create('w1', { w: '' });
    await create('silent');
    const patch = { metadata: { labels: { w: 'x' } } };
    const headers = { 'content-type': 'application/merge-patch+json' };
    await api.ask('PATCH', `${path}/w1`, { body: patch, headers });
    await api.ask('PATCH', `${path}/w1`, { body: { metadata: { labels: { w: null } } }, headers });
    const seen = [];
    for (let i = 0; i < 3; i++) seen.push(await watch.next());
    t.same(
      seen.map(({ type }) => type),
      ['ADDED', 'MODIFIED', 'DELETED'],
      'leaving the selector is a deletion',
    );
    watch.close();
  });

  t.test('a watch without a version begins with what is there', async (t) => {
    const watch = await api.watch(`${path}?watch=true&fieldSelector=metadata.name%3Dl1`);
    t.match(await watch.next(), { type: 'ADDED', object: { metadata: { name: 'l1' } } });
    watch.close();
  });

  t.test('a watch whose end is known says before it how far it came', async (t) => {
    const events = await api.watch(
      '/api/v1/namespaces/default/secrets?watch=1&allowWatchBookmarks=true&timeoutSeconds=3&resourceVersion=0',
    );
    const { type, object } = await events.next();
    t.equal(type, 'BOOKMARK');
    t.match(object.metadata, { resourceVersion: /^\d+$/ });
    await t.rejects(events.next(), { message: 'the watch ended' });
  });

  t.test('sendInitialEvents ends the beginning with a bookmark', async (t) => {
    const query =
      'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
    const watch = await api.watch(`${path}?watch=true&${query}&labelSelector=parity`);
    const seen = [];
    for (let i = 0; i < 6; i++) seen.push(await watch.next());
    t.same(
      seen.map(({ type }) => type),
      [...Array(5).fill('ADDED'), 'BOOKMARK'],
    );
    t.match(seen[5]?.object, {
      kind: 'ConfigMap',
      metadata: { annotations: { 'k8s.io/initial-events-end': 'true' }, resourceVersion: /^\d+$/ },
    });
    watch.close();
  });

  t.test('a watch of a Table sends the columns once', async (t) => {
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
    const watch = await api.watch(`${path}?watch=true&labelSelector=parity`, {
      headers: { accept },
    });
    const [first, second] = [await watch.next(), await watch.next()];
    t.not((first.object.columnDefinitions as unknown[]).length, 0);
    t.equal((second.object.columnDefinitions as unknown[]).length, 0);
    watch.close();
  });

  t.test('a watch ends when its time is up', async (t) => {
    const watch = await api.watch(
      `${path}?watch=true&timeoutSeconds=1&resourceVersion=0&labelSelector=none`,
    );
    await t.rejects(watch.next(), { message: 'the watch ended' });
  });

  t.test('a watch from a version that was never there says so', async (t) => {
    const answer = await api.ask('GET', `${path}?watch=true&resourceVersion=abc`);
    t.equal(answer.status, 400);
  });
});

t.test('protobuf is read and written, alone and in streams', async (t) => {
  const api = await startApi(t);
  const protobuf = 'application/vnd.kubernetes.protobuf';
  const codec = new KubernetesProtobuf();
  const sent = codec.encode({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'pb' },
    data: { a: 'b' },
  });
  const made = await api.ask('POST', path, {
    body: sent,
    headers: { 'content-type': protobuf, accept: protobuf },
  });
  t.equal(made.status, 201);
  t.equal(made.headers['content-type'], protobuf);
  t.match(codec.decode(made.bytes, null), {
    kind: 'ConfigMap',
    metadata: { name: 'pb' },
    data: { a: 'b' },
  });
  const list = await api.ask('GET', path, { headers: { accept: protobuf } });
  t.match(codec.decode(list.bytes, null), { kind: 'ConfigMapList' });
  const garbage = await api.ask('POST', path, {
    body: 'k8s',
    headers: { 'content-type': protobuf },
  });
  t.equal(garbage.status, 400);
  const { contentType, frames } = await takeFrames(
    api,
    `${path}?watch=true&fieldSelector=metadata.name%3Dpb`,
    { headers: { accept: protobuf }, count: 1 },
  );
  t.equal(contentType, `${protobuf};stream=watch`);
  const event = codec.decodeEvent(frames[0] as Buffer);
  t.match(event, { type: 'ADDED', object: { kind: 'ConfigMap', metadata: { name: 'pb' } } });
});

t.test('a long list is the same in every form', async (t) => {
  const api = await startApi(t);
  const make = (_: unknown, i: number) =>
    api.ask('POST', path, { body: { metadata: { name: `n${i}` }, data: { at: `line ${i}\n` } } });
  await Promise.all(Array.from({ length: 230 }, make));
  const plain = (await api.ask('GET', path)).json;
  t.equal(plain.items.length, 230);
  const pretty = await api.ask('GET', `${path}?pretty=true`);
  t.same(unversioned(pretty.json), unversioned(plain));
  t.equal(pretty.text, JSON.stringify(pretty.json, null, 2));
  const yaml = await api.ask('GET', path, { headers: { accept: 'application/yaml' } });
  t.equal(yaml.headers['content-type'], 'application/yaml');
  t.same(unversioned(parse(yaml.text)), unversioned(plain));
  t.notMatch(yaml.text, /: &a\d/, 'nothing is said by reference');
  const tables = 'application/json;as=Table;g=meta.k8s.io;v=v1';
  const table = (await api.ask('GET', path, { headers: { accept: tables } })).json;
  t.same(
    table.rows.map(({ cells }: { cells: unknown[] }) => cells[0]),
    plain.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name),
  );
  t.equal(table.columnDefinitions.length, 3);
});
