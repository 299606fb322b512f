import t, { type Test } from 'tap';
import type { TestEnv } from '../../../../src/cmd/testenv/start-test-env.js';
import type {
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
} from '../../../../src/control/api/gen/core-v1.js';
import { resources } from '../../../../src/control/client/index.js';
import { ephemeralVolumeDefinition } from '../../../../src/control/controllers/ephemeral-volume/definition.js';
import { volumeBinderDefinition } from '../../../../src/control/controllers/persistent-volume-binder/definition.js';
import { volumeExpanderDefinition } from '../../../../src/control/controllers/persistent-volume-expander/definition.js';
import { isNotFound } from '../../../../src/control/controllers/runtime/write-failures.js';
import {
  attributesClassProtectionDefinition,
  claimProtectionDefinition,
  volumeProtectionDefinition,
} from '../../../../src/control/controllers/storage-protection/definition.js';
import { eventually, startControllers, testEnv } from '../cluster-env.js';

const namespace = 'default';

t.test('storage controllers: against an API server', async (t) => {
  const env = await testEnv(t);
  startControllers(
    t,
    env,
    [
      volumeBinderDefinition,
      volumeExpanderDefinition,
      claimProtectionDefinition,
      volumeProtectionDefinition,
      attributesClassProtectionDefinition,
      ephemeralVolumeDefinition,
    ],
    new Map([['enable-hostpath-provisioner', true]]),
  );
  await accounts(env);
  await t.test('the smallest volume that fits is bound, and released', (t) => binds(t, env));
  await t.test('links that users made are obeyed', (t) => obeysUsers(t, env));
  await t.test('a claim waits for its first pod, then a volume is made', (t) => makes(t, env));
  await t.test('a claim that is used stays until it is not', (t) => protects(t, env));
  await t.test('an ephemeral volume gets a claim of its own', (t) => ephemeral(t, env));
  await t.test('a class of attributes stays while a claim has it', (t) => classes(t, env));
});

async function accounts({ client }: TestEnv): Promise<void> {
  const objects = client.objects(resources.serviceAccounts);
  const look = async () => (await objects.list({ namespace })).items.length;
  await eventually('pods can be made', look, (count) => count > 0);
}

function claimOf(name: string, spec: PersistentVolumeClaim['spec'] = {}): PersistentVolumeClaim {
  const wanted = {
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage: '2Gi' } },
    storageClassName: 'slow',
  };
  return { metadata: { name, namespace }, spec: { ...wanted, ...spec } };
}

function volumeOf(name: string, storage: string, spec: PersistentVolume['spec'] = {}) {
  const wanted = {
    accessModes: ['ReadWriteOnce'],
    capacity: { storage },
    hostPath: { path: `/data/${name}` },
    storageClassName: 'slow',
    persistentVolumeReclaimPolicy: 'Retain',
  };
  return { metadata: { name }, spec: { ...wanted, ...spec } };
}

function podOf(
  name: string,
  volume: NonNullable<NonNullable<Pod['spec']>['volumes']>[number],
): Pod {
  return {
    metadata: { name, namespace },
    spec: {
      nodeName: 'node-0',
      containers: [{ name: 'main', image: 'web' }],
      volumes: [{ name: 'data', ...volume }],
    },
  };
}

/** Resolves with the claim when it is in the phase. */
function claimIn(env: TestEnv, name: string, phase: string): Promise<PersistentVolumeClaim> {
  const claims = env.client.objects(resources.persistentVolumeClaims);
  const look = () => claims.get({ namespace, name });
  return eventually(`${name} is ${phase}`, look, ({ status }) => status?.phase === phase);
}

/** Resolves with the volume when it is in the phase. */
function volumeIn(env: TestEnv, name: string, phase: string): Promise<PersistentVolume> {
  const volumes = env.client.objects(resources.persistentVolumes);
  const look = () => volumes.get({ name });
  return eventually(`${name} is ${phase}`, look, ({ status }) => status?.phase === phase);
}

async function untilGone(what: string, get: () => Promise<unknown>): Promise<void> {
  const look = async () => {
    try {
      return await get();
    } catch (error) {
      if (isNotFound(error)) return null;
      throw error;
    }
  };
  await eventually(`${what} is gone`, look, (found) => found === null);
}

async function untilTold({ client }: TestEnv, about: string, reason: string): Promise<void> {
  const events = client.objects(resources.events);
  const look = async () => {
    const { items } = await events.list();
    return items.filter(({ regarding }) => regarding?.name === about).map((each) => each.reason);
  };
  await eventually(`${about} has the event ${reason}`, look, (seen) => seen.includes(reason));
}

async function binds(t: Test, env: TestEnv): Promise<void> {
  const { client } = env;
  const volumes = client.objects(resources.persistentVolumes);
  const claims = client.objects(resources.persistentVolumeClaims);
  await claims.create(claimOf('first'));
  for (const [name, storage] of [
    ['large', '9Gi'],
    ['small', '1Gi'],
    ['right', '3Gi'],
  ] as const) {
    await volumes.create(volumeOf(name, storage));
    if (name === 'large') await claimIn(env, 'first', 'Bound');
    else await volumeIn(env, name, 'Available');
  }
  const first = await claimIn(env, 'first', 'Bound');
  t.equal(first.spec?.volumeName, 'large', 'the only one that was there');
  t.same(first.status?.capacity, { storage: '9Gi' });
  await claims.create(claimOf('second'));
  const second = await claimIn(env, 'second', 'Bound');
  t.equal(second.spec?.volumeName, 'right', 'the smallest that is large enough');
  t.match(second.metadata.annotations, {
    'pv.kubernetes.io/bind-completed': 'yes',
    'pv.kubernetes.io/bound-by-controller': 'yes',
  });
  const right = await volumeIn(env, 'right', 'Bound');
  t.match(right.spec?.claimRef, { name: 'second', namespace, uid: second.metadata.uid });
  await claims.delete({ namespace, name: 'second' });
  await volumeIn(env, 'right', 'Released');
  await volumes.delete({ name: 'right' });
  await untilGone('right', () => volumes.get({ name: 'right' }));
  await volumes.delete({ name: 'large' });
  const large = await volumes.get({ name: 'large' });
  t.same(large.metadata.finalizers, ['kubernetes.io/pv-protection'], 'a bound one stays');
}

async function obeysUsers(t: Test, env: TestEnv): Promise<void> {
  const { client } = env;
  const volumes = client.objects(resources.persistentVolumes);
  const claims = client.objects(resources.persistentVolumeClaims);
  const claimRef = { namespace, name: 'reserved' };
  await volumes.create(volumeOf('kept', '5Gi', { claimRef, storageClassName: 'other' }));
  await volumeIn(env, 'kept', 'Available');
  await claims.create(claimOf('reserved'));
  const reserved = await claimIn(env, 'reserved', 'Bound');
  t.equal(reserved.spec?.volumeName, 'kept');
  const kept = await volumeIn(env, 'kept', 'Bound');
  t.equal(kept.metadata.annotations?.['pv.kubernetes.io/bound-by-controller'], undefined);
  await volumes.create(volumeOf('tiny', '1Gi', { persistentVolumeReclaimPolicy: 'Delete' }));
  await claims.create(claimOf('picky', { volumeName: 'tiny' }));
  await untilTold(env, 'picky', 'VolumeMismatch');
  await claims.create(claimOf('modest', { ...fitting('1Gi'), volumeName: 'tiny' }));
  await claimIn(env, 'modest', 'Bound');
  await untilTold(env, 'picky', 'FailedBinding');
  await claims.delete({ namespace, name: 'modest' });
  await volumeIn(env, 'tiny', 'Failed');
  await untilTold(env, 'tiny', 'VolumeFailedDelete');
}

function fitting(storage: string): PersistentVolumeClaim['spec'] {
  return { resources: { requests: { storage } } };
}

async function makes(t: Test, env: TestEnv): Promise<void> {
  const { client } = env;
  const claims = client.objects(resources.persistentVolumeClaims);
  const volumes = client.objects(resources.persistentVolumes);
  await claims.create(claimOf('unclear', { storageClassName: 'local' }));
  await untilTold(env, 'unclear', 'ProvisioningFailed');
  await client.objects(resources.storageClasses).create({
    metadata: {
      name: 'local',
      annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
    },
    provisioner: 'flotilla.dev/host-path',
    volumeBindingMode: 'WaitForFirstConsumer',
    allowVolumeExpansion: true,
  });
  await untilTold(env, 'unclear', 'WaitForFirstConsumer');
  const annotations = { 'volume.kubernetes.io/selected-node': 'node-7' };
  await claims.patch({ namespace, name: 'unclear' }, 'merge', { metadata: { annotations } });
  const claim = await claimIn(env, 'unclear', 'Bound');
  const name = `pvc-${claim.metadata.uid}`;
  t.equal(claim.spec?.volumeName, name);
  await untilTold(env, 'unclear', 'ProvisioningSucceeded');
  const made = await volumeIn(env, name, 'Bound');
  t.match(made.spec, {
    persistentVolumeReclaimPolicy: 'Delete',
    hostPath: { path: `/var/lib/flotilla/host-path/${name}`, type: 'DirectoryOrCreate' },
  });
  const [term] = made.spec?.nodeAffinity?.required?.nodeSelectorTerms ?? [];
  t.same(term?.matchExpressions?.[0]?.values, ['node-7']);
  const grown = { spec: { resources: { requests: { storage: '4Gi' } } } };
  await claims.patch({ namespace, name: 'unclear' }, 'merge', grown);
  const look = () => claims.get({ namespace, name: 'unclear' });
  await eventually('it has grown', look, ({ status }) => status?.capacity?.storage === '4Gi');
  t.same((await volumes.get({ name })).spec?.capacity, { storage: '4Gi' });
  await claims.delete({ namespace, name: 'unclear' });
  await untilGone(name, () => volumes.get({ name }));
}

async function protects(t: Test, env: TestEnv): Promise<void> {
  const { client } = env;
  const claims = client.objects(resources.persistentVolumeClaims);
  const pods = client.objects(resources.pods);
  await claims.create(claimOf('used'));
  await pods.create(podOf('user', { persistentVolumeClaim: { claimName: 'used' } }));
  const bare = await claims.get({ namespace, name: 'used' });
  t.same(bare.metadata.finalizers, ['kubernetes.io/pvc-protection']);
  await claims.patch({ namespace, name: 'used' }, 'merge', { metadata: { finalizers: null } });
  const look = () => claims.get({ namespace, name: 'used' });
  await eventually('it has its finalizer again', look, ({ metadata }) => {
    return metadata.finalizers?.includes('kubernetes.io/pvc-protection') ?? false;
  });
  await claims.delete({ namespace, name: 'used' });
  await claims.create(claimOf('unused'));
  await claims.delete({ namespace, name: 'unused' });
  await untilGone('the one that nobody uses', () => claims.get({ namespace, name: 'unused' }));
  t.ok((await look()).metadata.deletionTimestamp, 'the other one is there still');
  await pods.delete({ namespace, name: 'user' }, { gracePeriodSeconds: 0 });
  await untilGone('the other one', look);
}

async function ephemeral(t: Test, env: TestEnv): Promise<void> {
  const { client } = env;
  const claims = client.objects(resources.persistentVolumeClaims);
  const { spec = {} } = claimOf('');
  const volumeClaimTemplate = { metadata: { labels: { app: 'web' } }, spec };
  await claims.create(claimOf('taken-data'));
  const pods = client.objects(resources.pods);
  const made = await pods.create(podOf('scratch', { ephemeral: { volumeClaimTemplate } }));
  await pods.create(podOf('taken', { ephemeral: { volumeClaimTemplate } }));
  const look = () => claims.get({ namespace, name: 'scratch-data' }).catch(() => null);
  const claim = await eventually('there is a claim', look, (found) => found !== null);
  t.match(claim?.metadata, {
    labels: { app: 'web' },
    ownerReferences: [{ kind: 'Pod', uid: made.metadata.uid, controller: true }],
  });
  await untilTold(env, 'taken', 'FailedBinding');
}

async function classes(t: Test, env: TestEnv): Promise<void> {
  const { client } = env;
  const objects = client.objects(resources.volumeAttributesClasses);
  const claims = client.objects(resources.persistentVolumeClaims);
  await objects.create({
    metadata: { name: 'gold' },
    driverName: 'csi.test',
    parameters: { a: 'b' },
  });
  await claims.create(claimOf('golden', { volumeAttributesClassName: 'gold' }));
  const look = () => objects.get({ name: 'gold' });
  await eventually('it has its finalizer', look, ({ metadata }) => {
    return metadata.finalizers?.includes('kubernetes.io/vac-protection') ?? false;
  });
  await objects.delete({ name: 'gold' });
  t.ok((await look()).metadata.deletionTimestamp, 'it is there still');
  await claims.delete({ namespace, name: 'golden' });
  await untilGone('gold', look);
}
