import t from 'tap';
import { connect } from '../../../../src/client/index.js';
import { startTestEnv } from '../../../../src/cmd/testenv/index.js';
import {
  type ApiResource,
  apiResource,
  type ControlClient,
  connectGrpc,
  connectRest,
  readKubeconfig,
  resources,
} from '../../../../src/control/client/index.js';
import { electionKey } from '../../../../src/control/election/index.js';
import { type Fence, isLeadershipLost } from '../../../../src/control/machinery/fence.js';
import type { KubeObject } from '../../../../src/control/machinery/object.js';
import { StatusError } from '../../../../src/control/machinery/status.js';
import { hostClock } from '../../../../src/host/clock.js';
import { until } from '../../../client/until.js';

const env = await startTestEnv();
t.teardown(() => env.close());
const access = await readKubeconfig(env.kubeconfig);
const store = connect({ endpoints: [env.storeUrl], timeouts: { requestMs: 60_000 } });
t.teardown(() => store.close());

const configMaps = resources.configMaps;
const place = { namespace: 'default', name: 'x' };

let elections = 0;
let tries = 0;

async function elected(): Promise<Fence> {
  const key = electionKey('test', `e${++elections}`);
  const { header } = await store.kv.put(key, 'leader');
  return { key, createRevision: header.revision };
}

/** Every write that the API has, on objects that `prepare` makes anew. */
const writes: readonly (readonly [
  name: string,
  write: (client: ControlClient) => Promise<unknown>,
])[] = [
  [
    'create',
    (client) => client.objects(configMaps).create({ metadata: { ...place, name: 'new' } }),
  ],
  [
    'create with a generated name',
    (client) =>
      client.objects(configMaps).create({
        metadata: { namespace: 'default', generateName: 'new-' },
      }),
  ],
  ['update', (client) => client.objects(configMaps).update({ metadata: place, data: { a: '2' } })],
  [
    'merge patch',
    (client) => client.objects(configMaps).patch(place, 'merge', { data: { a: '3' } }),
  ],
  [
    'strategic patch',
    (client) => client.objects(configMaps).patch(place, 'strategic', { data: { a: '4' } }),
  ],
  [
    'apply',
    (client) =>
      client
        .objects(configMaps)
        .apply({ metadata: place, data: { a: '5' } }, { manager: 'm', force: true }),
  ],
  ['delete', (client) => client.objects(configMaps).delete(place)],
  [
    'delete of a collection',
    (client) =>
      client.objects(configMaps).deleteCollection({ namespace: 'default', labelSelector: 'of=x' }),
  ],
  [
    'status',
    (client) => {
      // A write that changes nothing is none.
      const conditions = [{ type: 'Ready', status: 'True', reason: `Try${++tries}` }];
      return client
        .objects(resources.nodes)
        .patch({ name: 'n' }, 'merge', { status: { conditions } }, { subresource: 'status' });
    },
  ],
  [
    'binding',
    (client) =>
      client
        .objects(
          apiResource<KubeObject & { target: { kind: string; name: string } }>(
            'v1',
            'pods',
            'Binding',
          ),
        )
        .create(
          {
            apiVersion: 'v1',
            kind: 'Binding',
            metadata: { namespace: 'default', name: 'p' },
            target: { kind: 'Node', name: 'n' },
          },
          { subresource: 'binding' },
        ),
  ],
];

async function prepare(): Promise<void> {
  const { client } = env;
  const ignore = (error: unknown) => {
    if (!(error instanceof StatusError)) throw error;
  };
  await client
    .objects(configMaps)
    .create({ metadata: { ...place, labels: { of: 'x' } } })
    .catch(ignore);
  await client
    .objects(resources.nodes)
    .create({ metadata: { name: 'n' } })
    .catch(ignore);
  await client
    .objects(resources.pods)
    .delete({ namespace: 'default', name: 'p' }, { gracePeriodSeconds: 0 })
    .catch(ignore);
  await client
    .objects(configMaps)
    .delete({ ...place, name: 'new' })
    .catch(ignore);
  await client.objects(resources.pods).create({
    metadata: { namespace: 'default', name: 'p' },
    spec: { containers: [{ name: 'c', image: 'i' }] },
  });
}

/** What the controllers of the environment write by themselves is there: pods can be made, and no config map comes any more. */
async function untilControllersRest(): Promise<void> {
  const listed = async (resource: ApiResource<KubeObject>) =>
    (await env.client.objects(resource).list()).items.map(({ metadata }) => metadata);
  await until('each namespace has what it begins with', async () => {
    const namespaces = await listed(resources.namespaces);
    const roots = (await listed(configMaps)).filter(({ name }) => name === 'kube-root-ca.crt');
    const accounts = (await listed(resources.serviceAccounts)).filter(
      ({ name }) => name === 'default',
    );
    return [roots, accounts].every(({ length }) => length === namespaces.length);
  });
}

async function revisions(): Promise<readonly string[]> {
  const all: string[] = [];
  for (const resource of [configMaps, resources.nodes, resources.pods]) {
    const { items } = await env.client.objects<KubeObject>(resource).list();
    for (const { metadata } of items) all.push(`${metadata.name} ${metadata.resourceVersion}`);
  }
  return all;
}

t.before(untilControllersRest);

for (const [carrier, open] of [
  ['REST', connectRest],
  ['gRPC', connectGrpc],
] as const) {
  for (const [name, write] of writes) {
    t.test(
      `${carrier}: ${name}: is refused after the leadership, and applied while it lasts`,
      async (t) => {
        const fence = await elected();
        let fenced = 0;
        const client = open(access, {
          ...{ clock: hostClock, userAgent: 'leader', fence },
          onFenced: () => fenced++,
        });
        t.teardown(() => client.close());
        await prepare();
        await store.kv.delete(fence.key);
        const before = await revisions();
        const error = await write(client).catch((error: unknown) => error);
        t.ok(isLeadershipLost(error), String(error));
        t.equal((error as StatusError).code, 409);
        t.equal(fenced, 1, 'the client is told');
        t.same(await revisions(), before, 'nothing has changed');
        await client.objects(configMaps).get(place);

        const next = await elected();
        const leader = open(access, { clock: hostClock, userAgent: 'leader', fence: next });
        t.teardown(() => leader.close());
        await write(leader);
        t.not((await revisions()).join(), before.join(), 'the write of the leader');
      },
    );
  }
}

t.test('a fence that is none is refused, whatever else the request is', async (t) => {
  for (const key of ['/registry/pods/x', 'flotilla/elections/a/b']) {
    const fence = { key, createRevision: 1 };
    const client = connectRest(access, { clock: hostClock, userAgent: 'leader', fence });
    t.teardown(() => client.close());
    const error = await client
      .objects(configMaps)
      .create({ metadata: { namespace: 'default', name: 'never' } })
      .catch((error: unknown) => error);
    t.match(error, { code: 400, reason: 'BadRequest', message: /the header flotilla-fence is/ });
  }
});
