import t from 'tap';
import type { Clock } from '../../../../src/base/clock.js';
import { silentLogger } from '../../../../src/base/logger.js';
import { Prng } from '../../../../src/base/prng.js';
import {
  ControlClient,
  RestTransport,
  readKubeconfig,
  resources,
} from '../../../../src/control/client/index.js';
import type { ApiCall, CallControl } from '../../../../src/control/client/transport.js';
import { garbageCollectorDefinition } from '../../../../src/control/controllers/garbage-collector/definition.js';
import { runControllers } from '../../../../src/control/controllers/runtime/run-controllers.js';
import { internalError } from '../../../../src/control/machinery/status-errors.js';
import { hostClock } from '../../../../src/host/clock.js';
import { eventually, testEnv } from '../cluster-env.js';

/** The host's clock, but long pauses are over a hundred times as soon. */
const hurriedClock: Clock = {
  now: () => hostClock.now(),
  wallTime: () => hostClock.wallTime(),
  setTimer: (delayMs, callback) =>
    hostClock.setTimer(delayMs >= 10_000 ? delayMs / 100 : delayMs, callback),
  clearTimer: (timer) => hostClock.clearTimer(timer),
  defer: (callback) => hostClock.defer(callback),
  deferBriefly: (callback) => hostClock.deferBriefly(callback),
};

/** Cannot list roles, and shows an owner that is not there the first time somebody asks for it: it has gone since, and no watch has told of it. */
class HauntedTransport extends RestTransport {
  readonly ghost = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'ghost', namespace: 'default', uid: '00000000-0000-4000-8000-00000000dead' },
  };
  sightings = 0;

  override async call(call: ApiCall, control?: CallControl): Promise<Uint8Array> {
    if (call.verb === 'list' && call.resource.resource === 'roles') {
      throw internalError(new Error('the converter of roles is down'));
    }
    const isGhost = call.verb === 'get' && call.place.name === this.ghost.metadata.name;
    if (!isGhost || this.sightings > 0) return super.call(call, control);
    this.sightings++;
    return new TextEncoder().encode(JSON.stringify(this.ghost));
  }
}

t.test('GarbageCollector and owners that are not what a reference says', async (t) => {
  const env = await testEnv(t);
  const { client } = env;
  const access = await readKubeconfig(env.kubeconfig);
  const way = new HauntedTransport({ access, clock: hostClock, userAgent: 'test' });
  const haunted = new ControlClient(way, { clock: hostClock });
  const configMaps = client.objects(resources.configMaps);
  const clusterRoles = client.objects(resources.clusterRoles);
  await client.objects(resources.namespaces).create({ metadata: { name: 'elsewhere' } });
  const ownerIn = async (namespace: string, name: string) => {
    const { metadata } = await configMaps.create({ metadata: { name, namespace } });
    return { apiVersion: 'v1', kind: 'ConfigMap', name, uid: metadata.uid ?? '' };
  };
  const namesIn = async (namespace: string) =>
    (await configMaps.list({ namespace })).items.map(({ metadata }) => metadata.name ?? '');
  const warnings = async () =>
    (await client.objects(resources.events).list()).items
      .filter(({ reason }) => reason === 'OwnerRefInvalidNamespace')
      .map(({ type, regarding, note }) => `${type} ${regarding?.kind}/${regarding?.name}: ${note}`);

  const stop = new AbortController();
  const run = runControllers(
    {
      definitions: [garbageCollectorDefinition],
      ...{ flags: new Map(), client: haunted, clock: hurriedClock },
      ...{ prng: new Prng(1), logger: silentLogger },
    },
    stop.signal,
  );
  t.teardown(async () => {
    stop.abort();
    await run;
    await haunted.close();
  });
  // It has seen what is there once it collects, though roles cannot be seen.
  await configMaps.create({
    metadata: {
      ...{ name: 'first', namespace: 'default' },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Secret', name: 'none', uid: 'none' }],
    },
  });
  const untilGone = (name: string) =>
    eventually(
      `${name} is gone`,
      () => namesIn('default'),
      (names) => !names.includes(name),
    );
  await untilGone('first');

  await t.test('an owner in another namespace is none, and that is told', async (t) => {
    const owner = await ownerIn('elsewhere', 'owner');
    // The monitor has it: what is created after it in the same resource is collected.
    const reference = { apiVersion: 'v1', kind: 'ConfigMap', name: 'none', uid: 'none-either' };
    await configMaps.create({
      metadata: { name: 'second', namespace: 'default', ownerReferences: [reference] },
    });
    await untilGone('second');
    await configMaps.create({
      metadata: { name: 'stray', namespace: 'default', ownerReferences: [owner] },
    });
    await untilGone('stray');
    const told = `ownerRef [v1/ConfigMap, namespace: default, name: owner, uid: ${owner.uid}] does not exist in namespace "default"`;
    await eventually('the warning', warnings, (all) =>
      all.includes(`Warning ConfigMap/stray: ${told}`),
    );
    t.ok((await namesIn('elsewhere')).includes('owner'), 'the owner stays');
  });

  await t.test('what is in no namespace stays, and is told of, with such an owner', async (t) => {
    const owner = await ownerIn('elsewhere', 'lord');
    await clusterRoles.create({ metadata: { name: 'vassal', ownerReferences: [owner] } });
    const told = `ownerRef [v1/ConfigMap, namespace: , name: lord, uid: ${owner.uid}] does not exist in namespace ""`;
    await eventually('the warning', warnings, (all) =>
      all.includes(`Warning ClusterRole/vassal: ${told}`),
    );
    await configMaps.delete({ namespace: 'elsewhere', name: 'lord' });
    await configMaps.create({
      metadata: { name: 'third', namespace: 'default', ownerReferences: [owner] },
    });
    await untilGone('third');
    const { metadata } = await clusterRoles.get({ name: 'vassal' });
    t.equal(metadata.deletionTimestamp, undefined);
  });

  await t.test('an owner is who the reference names, not who has its UID', async () => {
    const owner = await ownerIn('default', 'real');
    await configMaps.create({
      metadata: {
        ...{ name: 'misled', namespace: 'default' },
        ownerReferences: [{ ...owner, name: 'unreal' }],
      },
    });
    await untilGone('misled');
  });

  await t.test('an owner that goes before it was seen is found out', async (t) => {
    const { metadata, ...kind } = way.ghost;
    const ownerReferences = [{ ...kind, name: metadata.name, uid: metadata.uid }];
    await configMaps.create({
      metadata: { name: 'haunted', namespace: 'default', ownerReferences },
    });
    await eventually(
      'the owner is seen',
      () => way.sightings,
      (count) => count > 0,
    );
    await untilGone('haunted');
    t.equal(way.sightings, 1);
  });
});
