import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { silentLogger } from '../../../src/base/logger.js';
import { Prng } from '../../../src/base/prng.js';
import { startTestEnv, type TestEnv } from '../../../src/cmd/testenv/index.js';
import type { ConfigMap } from '../../../src/control/api/gen/core-v1.js';
import {
  apiResource,
  type ControlClient,
  connectGrpc,
  connectRest,
  Informer,
  readKubeconfig,
  resources,
} from '../../../src/control/client/index.js';
import type { OwnerReference } from '../../../src/control/machinery/object.js';
import { StatusError } from '../../../src/control/machinery/status.js';
import { hostClock } from '../../../src/host/clock.js';
import { createHttp2Channel } from '../../../src/rpc/http2/index.js';
import { Control } from '../../../src/wire/gen/control.js';
import { until } from '../../client/until.js';

const env: TestEnv = await startTestEnv();
t.teardown(() => env.close());
const access = await readKubeconfig(env.kubeconfig);
const options = { clock: hostClock, userAgent: 'test' };
const transports: readonly (readonly [string, ControlClient])[] = [
  ['REST', connectRest(access, options)],
  ['gRPC', connectGrpc(access, options)],
];
for (const [, client] of transports) t.teardown(() => client.close());

let names = 0;

async function newNamespace(client: ControlClient): Promise<string> {
  const name = `test-${++names}`;
  await client.objects(resources.namespaces).create({ metadata: { name } });
  return name;
}

/** What a promise is rejected with. */
async function refusal(promise: Promise<unknown>): Promise<StatusError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

for (const [transport, client] of transports) {
  t.test(`${transport}: objects are written, read, patched, applied and deleted`, async (t) => {
    const namespace = await newNamespace(client);
    const configMaps = client.objects(resources.configMaps);
    const made = await configMaps.create({
      metadata: { name: 'a', namespace, labels: { app: 'x' } },
      data: { key: 'välue' },
    });
    t.match(made, { kind: 'ConfigMap', metadata: { name: 'a' }, data: { key: 'välue' } });
    t.same(await configMaps.get({ namespace, name: 'a' }), made);
    const updated = await configMaps.update({ ...made, data: { key: 'other' } });
    t.same(updated.data, { key: 'other' });
    const stale = await refusal(configMaps.update({ ...made, data: {} }));
    t.match([stale.code, stale.reason], [409, 'Conflict']);
    const name = { namespace, name: 'a' };
    const merged = await configMaps.patch(name, 'merge', { data: { more: '1' } });
    t.same(merged.data, { key: 'other', more: '1' });
    const changes = [{ op: 'remove', path: '/data/key' }];
    t.same((await configMaps.patch(name, 'json', changes)).data, { more: '1' });
    const applied = await configMaps.apply(
      { metadata: name, data: { applied: 'yes' } },
      { manager: 'tester' },
    );
    t.same(applied.data, { applied: 'yes', more: '1' });
    t.ok(applied.metadata.managedFields?.some(({ manager }) => manager === 'tester'));
    t.equal(
      (await configMaps.patch(name, 'merge', { data: {} }, { dryRun: true })).kind,
      'ConfigMap',
    );
    await configMaps.delete(name, { preconditions: { uid: made.metadata.uid ?? '' } });
    const gone = await refusal(configMaps.get(name));
    t.match([gone.code, gone.message], [404, 'configmaps "a" not found']);
  });

  t.test(`${transport}: lists come page by page, selected`, async (t) => {
    const namespace = await newNamespace(client);
    const configMaps = client.objects(resources.configMaps);
    for (let index = 0; index < 5; index++) {
      const labels = { odd: String(index % 2 === 1) };
      await configMaps.create({ metadata: { name: `c${index}`, namespace, labels } });
    }
    const page = await configMaps.listPage({ namespace, limit: 2, labelSelector: 'odd' });
    t.equal(page.items.length, 2);
    t.ok(page.continueToken);
    const all = await configMaps.list({ namespace, limit: 2, labelSelector: 'odd=false' });
    t.same(
      all.items.map(({ kind, metadata }) => [kind, metadata.name]),
      [
        ['ConfigMap', 'c0'],
        ['ConfigMap', 'c2'],
        ['ConfigMap', 'c4'],
      ],
    );
    await configMaps.deleteCollection({ namespace, labelSelector: 'odd=true' });
    const left = await configMaps.list({ namespace, labelSelector: 'odd' });
    t.equal(left.items.length, 3);
  });

  t.test(
    `${transport}: a watch tells of changes in order, and is refused when too old`,
    async (t) => {
      const namespace = await newNamespace(client);
      const configMaps = client.objects(resources.configMaps);
      const { resourceVersion } = await configMaps.list({ namespace });
      const metadata = { name: 'w', namespace };
      await configMaps.create({ metadata });
      await configMaps.patch(metadata, 'merge', { data: { a: 'b' } });
      await configMaps.delete(metadata);
      const seen: string[] = [];
      const selection = { namespace, fieldSelector: 'metadata.name=w' };
      for await (const { type, object } of configMaps.watch({ ...selection, resourceVersion })) {
        seen.push(`${type} ${object.metadata.name}`);
        if (type === 'DELETED') break;
      }
      t.same(seen, ['ADDED w', 'MODIFIED w', 'DELETED w']);
      const wrong = configMaps.watch({ ...selection, resourceVersion: 'yesterday' });
      const error = await refusal(
        (async () => {
          for await (const _ of wrong) t.fail('an event');
        })(),
      );
      t.equal(error.code, 400);
    },
  );

  t.test(
    `${transport}: a watch ends when its signal aborts, also when nothing comes`,
    async (t) => {
      const stop = new AbortController();
      const watch = client.objects(resources.configMaps).watch({
        namespace: 'nobody',
        signal: stop.signal,
      });
      const ended = (async () => {
        for await (const _ of watch) t.fail('an event');
      })();
      await client.document('/version');
      stop.abort();
      await t.rejects(ended, { name: 'UnreachableError' });
    },
  );

  t.test(
    `${transport}: documents are found where the index of OpenAPI says that they are`,
    async (t) => {
      const { paths } = await client.document('/openapi/v3');
      const { serverRelativeURL } = (paths as Record<string, { serverRelativeURL: string }>)[
        'apis/apps/v1'
      ]!;
      t.match(serverRelativeURL, /\?hash=/);
      t.match(await client.document(serverRelativeURL), { openapi: '3.0.0' });
      const unknown = await refusal(client.document('/openapi/v3/apis/none/v1?hash=A'));
      t.equal(unknown.code, 404);
    },
  );

  t.test(`${transport}: a watch of what is not served is refused, in plain text too`, async (t) => {
    const things = apiResource('example.com/v1', 'things', 'Thing');
    const watch = client.objects(things).watch({ namespace: 'default', resourceVersion: '' });
    const refused = await refusal(watch[Symbol.asyncIterator]().next());
    t.match([refused.code, refused.reason], [404, 'NotFound']);
  });

  t.test(`${transport}: refusals carry the server's Status`, async (t) => {
    const configMaps = client.objects(resources.configMaps);
    const invalid = await refusal(
      configMaps.create({ metadata: { name: 'Not A Name', namespace: 'default' } }),
    );
    t.match(invalid.status, { code: 422, reason: 'Invalid', details: { kind: 'ConfigMap' } });
    t.match(invalid.status.details?.causes, [{ field: 'metadata.name' }]);
    const nowhere = apiResource('example.com/v1', 'widgets', 'Widget');
    t.equal((await refusal(client.objects(nowhere).list())).code, 404);
    t.equal((await refusal(configMaps.get({ namespace: '..', name: 'a' }))).code, 400);
    t.equal((await refusal(configMaps.get({ namespace: 'a', name: 'a/../b' }))).code, 404);
    const stranger = { ...access, authorization: async () => 'Bearer nobody' };
    const connect = transport === 'REST' ? connectRest : connectGrpc;
    const other = connect(stranger, options);
    t.teardown(() => other.close());
    t.equal((await refusal(other.objects(resources.pods).list())).code, 401);
    const anonymous = connect({ ...access, authorization: async () => null }, options);
    t.teardown(() => anonymous.close());
    t.equal((await refusal(anonymous.objects(resources.pods).list())).code, 401);
  });

  t.test(`${transport}: an informer mirrors what is there`, async (t) => {
    const namespace = await newNamespace(client);
    const configMaps = client.objects(resources.configMaps);
    const informer = new Informer<ConfigMap>({
      objects: configMaps,
      ...{ clock: hostClock, prng: new Prng(1), logger: silentLogger },
      selection: { namespace },
      begins: transport === 'REST' ? 'list' : 'watch-list',
    });
    await configMaps.create({ metadata: { name: 'before', namespace } });
    const stop = new AbortController();
    const running = informer.run(stop.signal);
    await informer.untilSynced(stop.signal);
    t.ok(informer.lister.get(namespace, 'before'));
    await configMaps.create({ metadata: { name: 'after', namespace } });
    await until('the new object', () => informer.lister.get(namespace, 'after') !== undefined);
    await configMaps.delete({ namespace, name: 'before' });
    await until('the deletion', () => informer.lister.get(namespace, 'before') === undefined);
    stop.abort();
    await running;
  });
}

t.test('gRPC: Bind gives a pod to a node, and UpdateStatus leaves the rest alone', async (t) => {
  const { client } = env;
  const namespace = await newNamespace(client);
  const pods = client.objects(resources.pods);
  const metadata = { name: 'p', namespace };
  await until('the account', () =>
    client
      .objects(resources.serviceAccounts)
      .get({ namespace, name: 'default' })
      .catch(() => null),
  );
  await pods.create({ metadata, spec: { containers: [{ name: 'c', image: 'i' }] } });
  const channel = createHttp2Channel(env.url, { clock: hostClock, tls: access.tls });
  t.teardown(() => channel.close());
  const authorization = (await access.authorization()) ?? '';
  const call = { metadata: { authorization } };
  const request = { namespace, pod: 'p', node: 'n1' };
  const bound = await channel.unary(Control.methods.Bind, request, call);
  t.equal(bound.code, 201, Buffer.from(bound.body).toString());
  t.equal((await pods.get(metadata)).spec?.nodeName, 'n1');
  const again = await channel.unary(Control.methods.Bind, request, call);
  t.equal(again.code, 409, 'a pod is given away once');
  const nobody = await channel.unary(Control.methods.Bind, request);
  t.equal(nobody.code, 401, 'who asks matters as with REST');
  const grpc = connectGrpc(access, options);
  t.teardown(() => grpc.close());
  const pod = await pods.get(metadata);
  const changed = { ...pod, spec: { containers: [{ name: 'c', image: 'other' }] } };
  const updated = await grpc
    .objects(resources.pods)
    .updateStatus({ ...changed, status: { phase: 'Running' } });
  t.match(updated, { status: { phase: 'Running' }, spec: { containers: [{ image: 'i' }] } });
  for (const target of [undefined, { version: 'v1' }, { version: '..', resource: 'pods' }]) {
    await t.rejects(channel.unary(Control.methods.Get, { target }, call), { code: 3 });
  }
});

t.test('namespaces have what pods need, and go with all they hold', async (t) => {
  const { client } = env;
  const namespace = await newNamespace(client);
  const configMaps = client.objects(resources.configMaps);
  const account = await until('the account', () =>
    client
      .objects(resources.serviceAccounts)
      .get({ namespace, name: 'default' })
      .catch(() => null),
  );
  t.equal(account.metadata.name, 'default');
  const ca = await until('the authority', () =>
    configMaps.get({ namespace, name: 'kube-root-ca.crt' }).catch(() => null),
  );
  t.equal(ca.data?.['ca.crt'], access.tls.ca);
  await client.objects(resources.secrets).create({ metadata: { name: 's', namespace } });
  const held = { name: 'held', namespace, finalizers: ['example.com/wait'] };
  await configMaps.create({ metadata: held });
  const namespaces = client.objects(resources.namespaces);
  await namespaces.delete({ name: namespace });
  const waiting = await until('the conditions', async () => {
    const { status } = await namespaces.get({ name: namespace });
    return status?.conditions?.find(({ type }) => type === 'NamespaceFinalizersRemaining');
  });
  t.match(waiting.message, /example.com\/wait in 1 resource instances/);
  t.equal((await client.objects(resources.secrets).list({ namespace })).items.length, 0);
  await configMaps.patch(held, 'merge', { metadata: { finalizers: null } });
  await until('the end', () =>
    namespaces.get({ name: namespace }).then(
      () => false,
      () => true,
    ),
  );
  await newNamespaceAgain(namespace);
});

/** Its name is free. */
async function newNamespaceAgain(name: string): Promise<void> {
  await env.client.objects(resources.namespaces).create({ metadata: { name } });
}

async function chain(namespace: string): Promise<readonly ConfigMap[]> {
  const configMaps = env.client.objects(resources.configMaps);
  const made: ConfigMap[] = [];
  for (const name of ['a', 'b', 'c']) {
    const above = made.at(-1)?.metadata;
    const ownerReferences: OwnerReference[] =
      above === undefined
        ? []
        : [
            {
              ...{ apiVersion: 'v1', kind: 'ConfigMap', blockOwnerDeletion: true },
              ...{ name: above.name ?? '', uid: above.uid ?? '' },
            },
          ];
    made.push(await configMaps.create({ metadata: { name, namespace, ownerReferences } }));
  }
  return made;
}

async function left(t: Test, namespace: string, wanted: readonly string[]): Promise<void> {
  const configMaps = env.client.objects(resources.configMaps);
  const found = await until(`${wanted} in ${namespace}`, async () => {
    const { items } = await configMaps.list({ namespace });
    const own = items.filter(({ metadata }) => metadata.name !== 'kube-root-ca.crt');
    const texts = own.map(
      ({ metadata }) => `${metadata.name}:${metadata.ownerReferences?.length ?? 0}`,
    );
    return texts.join() === wanted.join() ? texts : undefined;
  });
  t.same(found, wanted);
}

for (const [propagationPolicy, wanted] of [
  ['Background', []],
  ['Foreground', []],
  ['Orphan', ['b:0', 'c:1']],
] as const) {
  t.test(`a deletion with propagation ${propagationPolicy} leaves ${wanted.length}`, async (t) => {
    const namespace = await newNamespace(env.client);
    await chain(namespace);
    const configMaps = env.client.objects(resources.configMaps);
    await configMaps.delete({ namespace, name: 'a' }, { propagationPolicy });
    await left(t, namespace, wanted);
  });
}

t.test('a foreground deletion waits for what is in its way, dependents first', async (t) => {
  const namespace = await newNamespace(env.client);
  await chain(namespace);
  const configMaps = env.client.objects(resources.configMaps);
  const last = { namespace, name: 'c' };
  await configMaps.patch(last, 'merge', { metadata: { finalizers: ['example.com/wait'] } });
  await configMaps.delete({ namespace, name: 'a' }, { propagationPolicy: 'Foreground' });
  await until('the deletion of the last', async () => {
    const { metadata } = await configMaps.get(last);
    return metadata.deletionTimestamp !== undefined;
  });
  await left(t, namespace, ['a:0', 'b:1', 'c:1']);
  await configMaps.patch(last, 'merge', { metadata: { finalizers: null } });
  await left(t, namespace, []);
});

t.test('an object goes that names an owner which never was, or has gone', async (t) => {
  const namespace = await newNamespace(env.client);
  const configMaps = env.client.objects(resources.configMaps);
  const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'nobody', uid: 'never' };
  await configMaps.create({ metadata: { name: 'lost', namespace, ownerReferences: [owner] } });
  const unknown = { ...owner, apiVersion: 'example.com/v1', kind: 'Unknown' };
  await configMaps.create({ metadata: { name: 'kept', namespace, ownerReferences: [unknown] } });
  await left(t, namespace, ['kept:1']);
});

t.test('a test environment goes on with its folder, and its kubeconfig is private', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'flotilla-testenv-test-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  const first = await startTestEnv({ dir, namespaceDeletion: false, garbageCollection: false });
  t.equal((await stat(first.kubeconfig)).mode & 0o777, 0o600);
  await first.client.objects(resources.namespaces).create({ metadata: { name: 'kept' } });
  await first.client.objects(resources.namespaces).delete({ name: 'kept' });
  await first.close();
  const second = await startTestEnv({ dir });
  t.teardown(() => second.close());
  const namespaces = second.client.objects(resources.namespaces);
  await until('the end of the namespace', () =>
    namespaces.get({ name: 'kept' }).then(
      () => false,
      () => true,
    ),
  );
});
