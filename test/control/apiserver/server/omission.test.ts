import t from 'tap';
import { startTestEnv } from '../../../../src/cmd/testenv/index.js';
import {
  type ControlClient,
  connectGrpc,
  connectRest,
  readKubeconfig,
  resources,
} from '../../../../src/control/client/index.js';
import type { KubeObject } from '../../../../src/control/machinery/object.js';
import { hostClock } from '../../../../src/host/clock.js';

const env = await startTestEnv();
t.teardown(() => env.close());
const access = await readKubeconfig(env.kubeconfig);
const { configMaps } = resources;
const namespace = 'default';

const connects = { grpc: connectGrpc, rest: connectRest } as const;

function open(protocol: keyof typeof connects, omitsManagedFields: boolean): ControlClient {
  const client = connects[protocol](access, {
    ...{ clock: hostClock, userAgent: 'test', omitsManagedFields },
  });
  t.teardown(() => client.close());
  return client;
}

/** What the API answers of one object in all its ways, in order. */
async function answersOf(client: ControlClient, name: string): Promise<Map<string, KubeObject>> {
  const maps = client.objects(configMaps);
  const answers = new Map<string, KubeObject>();
  const fieldSelector = `metadata.name=${name}`;
  const created = await maps.create({ metadata: { namespace, name }, data: { a: '1' } });
  answers.set('create', created);
  answers.set('get', await maps.get({ namespace, name }));
  const { items } = await maps.list({ namespace, fieldSelector });
  answers.set('list', items[0] as KubeObject);
  const patch = { data: { b: '2' } };
  answers.set('patch', await maps.patch({ namespace, name }, 'merge', patch));
  const { resourceVersion = '' } = created.metadata;
  for await (const { object } of maps.watch({ namespace, fieldSelector, resourceVersion })) {
    answers.set('watch', object);
    break;
  }
  const last = answers.get('watch') as KubeObject;
  answers.set('update', await maps.update({ ...last, data: { a: '1', c: '3' } } as KubeObject));
  return answers;
}

for (const protocol of ['grpc', 'rest'] as const) {
  t.test(`a client of ${protocol} that omits managed fields is answered without`, async (t) => {
    const name = `bare-${protocol}`;
    const bare = await answersOf(open(protocol, true), name);
    for (const [how, { metadata, kind }] of bare) {
      t.equal(metadata.managedFields, undefined, how);
      t.equal(metadata.name, name, how);
      t.match(metadata.resourceVersion, /^\d+$/, how);
      t.equal(kind, 'ConfigMap', how);
    }
    const whole = await open(protocol, false).objects(configMaps).get({ namespace, name });
    const [entry] = whole.metadata.managedFields ?? [];
    t.same(entry?.fieldsV1, { 'f:data': { '.': {}, 'f:a': {}, 'f:c': {} } }, 'they are kept');
    t.same(
      { ...whole, metadata: { ...whole.metadata, managedFields: undefined } },
      {
        ...bare.get('update'),
        metadata: { ...bare.get('update')?.metadata, managedFields: undefined },
      },
      'and nothing else is left out',
    );
  });

  t.test(`a client of ${protocol} that does not is answered with them`, async (t) => {
    for (const [how, { metadata }] of await answersOf(open(protocol, false), `whole-${protocol}`))
      t.equal(metadata.managedFields?.[0]?.manager, 'test', how);
  });
}
